import type { Target } from '../scheduler/target.ts';
import type { TargetStats } from '../state/api-stats.ts';
import type { Histogram } from '../state/histogram.ts';
import type { Section } from './exposition.ts';
import { API_FAMILIES } from './families.ts';
import { Chunk } from './gzip/chunk.ts';
import { labelPart, serviceLabel } from './text.ts';

type FamilyName = keyof typeof API_FAMILIES;

/** Families whose samples change with attempts only: a chunk for each target. The others are rendered at each scrape. */
const BY_TARGET = [
  'aws_nfm_api_requests_total',
  'aws_nfm_api_errors_total',
  'aws_nfm_api_request_duration_seconds',
  'aws_nfm_api_up',
  'aws_nfm_run_duration_seconds',
  'aws_nfm_run_wait_seconds',
  'aws_nfm_account_info',
] as const satisfies readonly FamilyName[];

/** A target's runs now; undefined where no query is scheduled. */
export type RunsOf = (
  target: Target,
) => { readonly active: number; readonly waiting: number; readonly limit: number } | undefined;

interface Shown {
  readonly stats: TargetStats;
  readonly chunks: Readonly<Record<(typeof BY_TARGET)[number], Chunk>>;
}

/** The series of the API in each target. */
export class ApiSections {
  readonly #shown = new Map<Target, Shown>();
  readonly #timed: Chunk[] = [];
  readonly #planned: () => ReadonlyMap<Target, number>;
  readonly #runs: RunsOf;

  /** `planned` gives the requests a second that each target's queries need; `runs` its runs now. */
  constructor(planned: () => ReadonlyMap<Target, number>, runs: RunsOf) {
    this.#planned = planned;
    this.#runs = runs;
  }

  add(stats: TargetStats): void {
    const chunks = {
      aws_nfm_api_requests_total: new Chunk(() => requestLines(stats)),
      aws_nfm_api_errors_total: new Chunk(() => errorLines(stats)),
      aws_nfm_api_request_duration_seconds: new Chunk(() => durationLines(stats)),
      aws_nfm_api_up: new Chunk(() =>
        stats.up === undefined ? '' : `aws_nfm_api_up${targetLabels(stats.target)} ${Number(stats.up)}\n`,
      ),
      aws_nfm_run_duration_seconds: new Chunk(() => runDurationLines(stats)),
      aws_nfm_run_wait_seconds: new Chunk(() => runWaitLines(stats)),
      aws_nfm_account_info: new Chunk(() => identityLine(stats)),
    };
    this.#shown.set(stats.target, { stats, chunks });
  }

  /** No query uses the target any more. */
  remove(target: Target): void {
    this.#shown.delete(target);
  }

  changed(stats: TargetStats): void {
    for (const chunk of Object.values(this.#shown.get(stats.target)?.chunks ?? {})) {
      chunk.changed();
    }
  }

  /** Budgets grow by time alone. */
  refresh(): void {
    for (const chunk of this.#timed) {
      chunk.changed();
    }
  }

  sections(): Section[] {
    const byTarget = (name: (typeof BY_TARGET)[number]): Section => ({
      family: API_FAMILIES[name],
      chunks: () => [...this.#shown.values()].map(({ chunks }) => chunks[name]),
    });
    const timed = (name: FamilyName, lines: (target: Target) => string): Section => {
      const chunk = new Chunk(() => [...this.#shown.keys()].map(lines).join(''));
      this.#timed.push(chunk);
      return { family: API_FAMILIES[name], chunks: () => [chunk] };
    };
    const gauge = (name: FamilyName, value: (target: Target) => number | undefined): Section =>
      timed(name, (target) => {
        const now = value(target);
        return now === undefined ? '' : `${name}${targetLabels(target)} ${now}\n`;
      });
    return [
      byTarget('aws_nfm_api_requests_total'),
      byTarget('aws_nfm_api_errors_total'),
      byTarget('aws_nfm_api_request_duration_seconds'),
      byTarget('aws_nfm_api_up'),
      gauge('aws_nfm_api_budget_requests_per_second', ({ budget }) => budget.rate),
      gauge('aws_nfm_api_budget_limit_requests_per_second', ({ budget }) => budget.limit),
      this.#plannedSection(),
      timed('aws_nfm_api_runs', (target) => runLines(target, this.#runs(target))),
      gauge('aws_nfm_api_runs_limit', (target) => this.#runs(target)?.limit),
      byTarget('aws_nfm_run_duration_seconds'),
      byTarget('aws_nfm_run_wait_seconds'),
      byTarget('aws_nfm_account_info'),
    ];
  }

  #plannedSection(): Section {
    const name = 'aws_nfm_api_planned_requests_per_second';
    const chunk = new Chunk(() => {
      const planned = this.#planned();
      return [...this.#shown.keys()]
        .map((target) => `${name}${targetLabels(target)} ${planned.get(target) ?? 0}\n`)
        .join('');
    });
    this.#timed.push(chunk);
    return { family: API_FAMILIES[name], chunks: () => [chunk] };
  }
}

function runLines(target: Target, runs: ReturnType<RunsOf>): string {
  if (runs === undefined) {
    return '';
  }
  const line = (state: 'active' | 'waiting') =>
    `aws_nfm_api_runs${targetLabels(target, ['state', state])} ${runs[state]}\n`;
  return line('active') + line('waiting');
}

function targetLabels(target: Target, ...more: (readonly [string, string])[]): string {
  return labelPart([['account', target.account], ['aws_region', target.region], ...more]);
}

function requestLines({ target, operations }: TargetStats): string {
  let lines = '';
  for (const [operation, { requests }] of operations) {
    lines += `aws_nfm_api_requests_total${targetLabels(target, ['operation', operation])} ${requests}\n`;
  }
  return lines;
}

function errorLines({ target, operations }: TargetStats): string {
  let lines = '';
  for (const [operation, { errors }] of operations) {
    for (const [error, count] of errors) {
      const labels = targetLabels(target, ['operation', operation], ['error', error]);
      lines += `aws_nfm_api_errors_total${labels} ${count}\n`;
    }
  }
  return lines;
}

function durationLines({ target, operations }: TargetStats): string {
  let lines = '';
  for (const [operation, { durations }] of operations) {
    lines += histogramLines('aws_nfm_api_request_duration_seconds', target, durations, ['operation', operation]);
  }
  return lines;
}

function runDurationLines({ target, runDurations }: TargetStats): string {
  let lines = '';
  for (const [type, durations] of runDurations) {
    lines += histogramLines('aws_nfm_run_duration_seconds', target, durations, ['query_type', type]);
  }
  return lines;
}

function runWaitLines({ target, runWaits }: TargetStats): string {
  return runWaits === undefined ? '' : histogramLines('aws_nfm_run_wait_seconds', target, runWaits);
}

function histogramLines(
  name: FamilyName,
  target: Target,
  { bounds, counts, sum }: Histogram,
  ...labels: (readonly [string, string])[]
): string {
  let lines = '';
  let count = 0;
  for (const [index, inBucket] of counts.entries()) {
    count += inBucket;
    const le = bounds[index] === undefined ? '+Inf' : String(bounds[index]);
    lines += `${name}_bucket${targetLabels(target, ...labels, ['le', le])} ${count}\n`;
  }
  const own = targetLabels(target, ...labels);
  return `${lines}${name}_sum${own} ${sum}\n${name}_count${own} ${count}\n`;
}

function identityLine({ target, identity }: TargetStats): string {
  return identity === undefined
    ? ''
    : `aws_nfm_account_info${targetLabels(target, ['aws_account_id', serviceLabel(identity.awsAccountId)], ['arn', serviceLabel(identity.arn)])} 1\n`;
}
