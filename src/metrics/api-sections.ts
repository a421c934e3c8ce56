import type { Occupancy } from '../scheduler/run-slots.ts';
import type { Target } from '../scheduler/target.ts';
import type { Histogram, TargetStats } from '../state/api-stats.ts';
import { type Section, scrapedSection } from './exposition.ts';
import { API_FAMILIES, keysOf } from './families.ts';
import { GroupedChunks, type SamplesOf } from './gzip/grouped-chunks.ts';
import { labelPart, type Sample, serviceLabel, targetLabels } from './text.ts';

type FamilyName = keyof typeof API_FAMILIES;

/** Returns the current runs of a target; undefined if no query is scheduled there. */
export type RunsOf = (target: Target) => Occupancy | undefined;

export class ApiSections {
  readonly #targets = new GroupedChunks<Target, TargetStats, keyof typeof COUNTED>(API_FAMILIES, COUNTED, 1);
  readonly #planned: () => ReadonlyMap<Target, number>;
  readonly #runs: RunsOf;

  /** `planned` returns the requests per second that the queries of each target need. */
  constructor(planned: () => ReadonlyMap<Target, number>, runs: RunsOf) {
    this.#planned = planned;
    this.#runs = runs;
  }

  add(stats: TargetStats): void {
    this.#targets.add(stats.target, stats);
  }

  remove(target: Target): void {
    this.#targets.remove(target);
  }

  changed({ target }: TargetStats): void {
    this.#targets.changed(target);
  }

  sections(): Section[] {
    const ofTargets = (samples: (target: Target) => Sample[]) =>
      [...this.#targets.entries()].flatMap(([target]) => samples(target));
    /** Families that also change with time, such as budgets. */
    const scraped: Readonly<Record<Exclude<FamilyName, keyof typeof COUNTED>, () => Sample[]>> = {
      aws_nfm_api_budget_requests_per_second: () => ofTargets((target) => [[targetLabels(target), target.budget.rate]]),
      aws_nfm_api_budget_limit_requests_per_second: () =>
        ofTargets((target) => [[targetLabels(target), target.budget.limit]]),
      aws_nfm_api_planned_requests_per_second: () => {
        // Once for all targets: it reads each query.
        const planned = this.#planned();
        return ofTargets((target) => [[targetLabels(target), planned.get(target) ?? 0]]);
      },
      aws_nfm_api_runs: () =>
        ofTargets((target) =>
          (['active', 'waiting'] as const).map((state) => [
            targetLabels(target, ['state', state]),
            this.#runs(target)?.[state],
          ]),
        ),
      aws_nfm_api_runs_limit: () => ofTargets((target) => [[targetLabels(target), this.#runs(target)?.limit]]),
    };
    const isCounted = (name: FamilyName): name is keyof typeof COUNTED => name in COUNTED;
    return keysOf(API_FAMILIES).map((name) =>
      isCounted(name) ? this.#targets.section(name) : scrapedSection(API_FAMILIES[name], scraped[name]),
    );
  }
}

/** Families whose samples change with attempts only. The others are read at each scrape. */
const COUNTED = {
  aws_nfm_api_requests_total: ({ target, operations }) =>
    Array.from(operations, ([operation, { requests }]) => [targetLabels(target, ['operation', operation]), requests]),
  aws_nfm_api_errors_total: ({ target, operations }) =>
    [...operations].flatMap(([operation, { errors }]) =>
      Array.from(
        errors,
        ([error, count]) => [targetLabels(target, ['operation', operation], ['error', error]), count] as const,
      ),
    ),
  aws_nfm_api_request_duration_seconds: ({ target, operations }) =>
    [...operations].flatMap(([operation, { durations }]) =>
      histogramSamples(targetLabels(target, ['operation', operation]), durations),
    ),
  aws_nfm_api_up: ({ target, up }) => [[targetLabels(target), up === undefined ? undefined : Number(up)]],
  aws_nfm_api_polls_due_total: ({ target, polls }) => [[targetLabels(target), polls?.due]],
  aws_nfm_api_polls_late_total: ({ target, polls }) => [[targetLabels(target), polls?.late]],
  aws_nfm_run_duration_seconds: ({ target, runDurations }) =>
    [...runDurations].flatMap(([type, durations]) =>
      histogramSamples(targetLabels(target, ['query_type', type]), durations),
    ),
  aws_nfm_run_wait_seconds: ({ target, runWaits }) =>
    runWaits === undefined ? [] : histogramSamples(targetLabels(target), runWaits),
  aws_nfm_account_info: ({ target, identity }) => {
    const { awsAccountId, arn } = identity ?? {};
    const labels = targetLabels(target, ['aws_account_id', serviceLabel(awsAccountId)], ['arn', serviceLabel(arn)]);
    return [[labels, identity && 1]];
  },
} satisfies Partial<SamplesOf<TargetStats, FamilyName>>;

function histogramSamples(labels: string, { bounds, counts, sum }: Histogram): Sample[] {
  let count = 0;
  const buckets = counts.map((inBucket, i): Sample => {
    count += inBucket;
    return [labelPart([['le', String(bounds[i] ?? '+Inf')]], labels), count, '_bucket'];
  });
  return [...buckets, [labels, sum, '_sum'], [labels, count, '_count']];
}
