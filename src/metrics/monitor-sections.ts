import type { MonitorMetric } from '../model/vocabulary.ts';
import type { Target } from '../scheduler/target.ts';
import { HEALTH_VALID_MS } from '../state/monitor-condition.ts';
import type { ReadCounts, SelectedMonitor } from '../state/monitor-metrics.ts';
import { type Section, scrapedSection } from './exposition.ts';
import { CLOUDWATCH_FAMILIES, MONITOR_FAMILIES, QUERY_MONITOR_FAMILIES } from './families.ts';
import { Chunk } from './gzip/chunk.ts';
import { GroupedChunks, type SamplesOf } from './gzip/grouped-chunks.ts';
import { labelPart, type Sample, sampleLines, seconds, serviceLabel, targetLabels } from './text.ts';

type FamilyName = keyof typeof MONITOR_FAMILIES;

export interface ReadTargetView {
  readonly metrics: readonly MonitorMetric[];
  /** Interval in effect between reads of metrics other than HealthIndicator, in milliseconds. */
  readonly sumsInterval: number;
  readonly isLimited: boolean;
  readonly counts: ReadCounts;
  readonly monitors: readonly SelectedMonitor[];
}

/** CloudWatch's sum over the window of a query's results. */
export interface QueryMonitorBytes {
  readonly query: string;
  readonly bytes: number;
}

export interface MonitorFacts {
  views(): ReadonlyMap<Target, ReadTargetView>;
  queryBytes(): Iterable<QueryMonitorBytes>;
}

/** A monitor as it was rendered, or will be at the next scrape. */
interface ShownMonitor extends SelectedMonitor {
  readonly labels: string;
  readonly metrics: readonly MonitorMetric[];
  readonly isHealthOld: boolean;
  readonly isRoundTripTimeOld: boolean;
}

interface ShownTarget {
  monitors: readonly ShownMonitor[];
  /** Which of the values are too old. */
  age: string;
}

/** Number of reads for which a round-trip time is exported. */
const ROUND_TRIP_TIME_READS = 5;
const MINUTE_MS = 60_000;

const QUERY_BYTES = QUERY_MONITOR_FAMILIES.aws_nfm_query_monitor_data_transferred_bytes;

export class MonitorSections {
  readonly #facts: MonitorFacts;
  readonly #chunks = new GroupedChunks<Target, ShownTarget, FamilyName>(MONITOR_FAMILIES, SAMPLES, 1);
  /** Lines of the bytes in the windows of queries, which change with the results and reads of monitors. */
  #byteLines = '';
  readonly #bytes = new Chunk(() => this.#byteLines);
  readonly #changed = new Set<Target>();
  /** What the targets that are read show at this scrape. */
  #views: ReadonlyMap<Target, ReadTargetView> = new Map();

  constructor(facts: MonitorFacts) {
    this.#facts = facts;
  }

  /** Marks the lines of a target whose monitors or their metrics have changed. */
  changed(target: Target): void {
    this.#changed.add(target);
  }

  /** Prepares a scrape. `now` is in milliseconds since the epoch, as the times of periods. */
  refresh(now: number): void {
    this.#views = this.#facts.views();
    for (const [target] of [...this.#chunks.entries()]) {
      if (!this.#views.has(target)) {
        this.#chunks.remove(target);
      }
    }
    for (const [target, view] of this.#views) {
      const shown = this.#chunks.get(target);
      const monitors = view.monitors.map((selected) => showMonitor(target, view, selected, now));
      const age = monitors.map((each) => Number(each.isHealthOld) + 2 * Number(each.isRoundTripTimeOld)).join('');
      if (shown === undefined) {
        this.#chunks.add(target, { monitors, age });
      } else if (shown.age !== age || this.#changed.has(target)) {
        Object.assign(shown, { monitors, age });
        this.#chunks.changed(target);
      }
    }
    this.#changed.clear();
    const bytes = Array.from(
      this.#facts.queryBytes(),
      (each) => [labelPart([['query', each.query]]), each.bytes] as const,
    );
    const lines = sampleLines(QUERY_BYTES.name, bytes);
    // They are compressed again only if they have changed.
    if (lines !== this.#byteLines) {
      this.#byteLines = lines;
      this.#bytes.changed();
    }
  }

  sections(): Section[] {
    const scraped = (name: keyof typeof CLOUDWATCH_FAMILIES, read: (view: ReadTargetView) => number) =>
      scrapedSection(CLOUDWATCH_FAMILIES[name], () =>
        Array.from(this.#views, ([target, view]) => [targetLabels(target), read(view)]),
      );
    return [
      ...this.#chunks.sections(),
      scraped('aws_nfm_cloudwatch_metrics_requested_total', ({ counts }) => counts.requested),
      scraped('aws_nfm_cloudwatch_periods_missed_total', ({ counts }) => counts.missed),
      scraped('aws_nfm_cloudwatch_limited', ({ isLimited }) => Number(isLimited)),
      { family: QUERY_BYTES, chunks: () => [this.#bytes] },
    ];
  }
}

function showMonitor(target: Target, view: ReadTargetView, selected: SelectedMonitor, now: number): ShownMonitor {
  const { healthEnd = Number.NEGATIVE_INFINITY, roundTripTime: [at] = [Number.NEGATIVE_INFINITY] } = selected.monitor;
  return {
    ...selected,
    labels: targetLabels(target, ['monitor', serviceLabel(selected.name)]),
    metrics: view.metrics,
    isHealthOld: now - healthEnd > HEALTH_VALID_MS,
    isRoundTripTimeOld: now - at - MINUTE_MS > ROUND_TRIP_TIME_READS * view.sumsInterval,
  };
}

/** Returns the samples of a family: one for each monitor whose metric is read and whose value is known. */
function samplesOf(
  metric: MonitorMetric | undefined,
  read: (shown: ShownMonitor) => number | undefined,
): (shown: ShownTarget) => Sample[] {
  return ({ monitors }) =>
    monitors
      .filter(({ metrics }) => metric === undefined || metrics.includes(metric))
      .map((shown) => [shown.labels, read(shown)]);
}

const SAMPLES: SamplesOf<ShownTarget, FamilyName> = {
  aws_nfm_monitor_health_degraded: samplesOf('HealthIndicator', ({ monitor: { condition }, isHealthOld }) =>
    condition === undefined || isHealthOld ? undefined : Number(condition.degraded),
  ),
  aws_nfm_monitor_degraded_seconds_total: samplesOf('HealthIndicator', ({ monitor }) => monitor.totals.degradedSeconds),
  aws_nfm_monitor_observed_seconds_total: samplesOf('HealthIndicator', ({ monitor }) => monitor.totals.observedSeconds),
  aws_nfm_monitor_round_trip_time_seconds: samplesOf('RoundTripTime', ({ monitor, isRoundTripTimeOld }) =>
    isRoundTripTimeOld ? undefined : monitor.roundTripTime?.[1],
  ),
  aws_nfm_monitor_round_trip_time_limit_seconds: samplesOf('RoundTripTime', (shown) => shown.roundTripTimeLimit),
  aws_nfm_monitor_round_trip_time_above_limit_seconds_total: samplesOf(
    'RoundTripTime',
    ({ monitor, roundTripTimeLimit: limit }) => (limit === undefined ? undefined : monitor.countOf(limit).slowSeconds),
  ),
  aws_nfm_monitor_round_trip_time_observed_seconds_total: samplesOf(
    'RoundTripTime',
    ({ monitor, roundTripTimeLimit: limit }) =>
      limit === undefined ? undefined : monitor.countOf(limit).observedSeconds,
  ),
  aws_nfm_monitor_retransmissions_total: samplesOf('Retransmissions', ({ monitor }) => monitor.totals.retransmissions),
  aws_nfm_monitor_timeouts_total: samplesOf('Timeouts', ({ monitor }) => monitor.totals.timeouts),
  aws_nfm_monitor_data_transferred_bytes_total: samplesOf(
    'DataTransferred',
    ({ monitor }) => monitor.totals.dataTransferred,
  ),
  aws_nfm_monitor_metrics_timestamp_seconds: samplesOf(undefined, ({ monitor }) => seconds(monitor.newestEnd)),
};
