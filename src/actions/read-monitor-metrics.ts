import pLimit from 'p-limit';
import { type CloudwatchClient, METRIC_DATA_OPERATION } from '../aws/cloudwatch/client.ts';
import { type MetricRequest, MOST_METRICS, PERIOD_MS, type Point } from '../aws/cloudwatch/metric-data.ts';
import { ApiError, InvalidResponse, isUnanswered } from '../aws/errors.ts';
import type { CloudwatchSettings } from '../config/config.ts';
import type { Clock } from '../lib/clock.ts';
import { TurnsByKey } from '../lib/concurrency.ts';
import type { Span } from '../model/run.ts';
import { isHealth, type MonitorMetric } from '../model/vocabulary.ts';
import { metricsPaging } from '../results/paging.ts';
import { SHUTDOWN } from '../scheduler/dispatcher.ts';
import type { DueReads, ReadResult } from '../scheduler/metric-reads.ts';
import type { Target } from '../scheduler/target.ts';
import type { PeriodReading } from '../state/counted-periods.ts';
import type { CloudwatchStats, MonitorMetrics, PeriodStore } from '../state/monitor-metrics.ts';
import type { MonitorState } from '../state/monitor-state.ts';
import type { TargetFailureLog } from './target-failure-log.ts';

export interface ReadTarget {
  readonly target: Target;
  readonly settings: Pick<CloudwatchSettings, 'metrics' | 'delay' | 'lookback'>;
  readonly client: Pick<CloudwatchClient, 'metricData' | 'refuse'>;
}

export interface MetricReadingOptions {
  readonly clock: Pick<Clock, 'now'>;
  readonly metrics: MonitorMetrics;
  readonly stats: CloudwatchStats;
  readonly log: Pick<TargetFailureLog, 'failed' | 'succeeded'>;
  readonly store: PeriodStore;
}

interface Wanted extends MetricRequest {
  readonly monitor: MonitorState;
}

/** Points are added and corrected for up to this time after their period. Less was observed. */
const SETTLED_AFTER_MS = 15 * PERIOD_MS;

const WRITES_AT_ONCE = 16;
/** Changes by other replicas in a row after which a read is left for the next one. */
const MOST_CHANGES = 5;

/** Reads the metrics of monitors, and counts their periods: the storage has them before the counters show them. */
export class MetricReading {
  readonly #options: MetricReadingOptions;
  /** Two targets may read a monitor at the same time, when one of them has failed. */
  readonly #turns = new TurnsByKey();

  constructor(options: MetricReadingOptions) {
    this.#options = options;
  }

  async read(from: ReadTarget, due: DueReads, signal: AbortSignal): Promise<ReadResult> {
    const { metrics, log } = this.#options;
    const { target, settings } = from;
    const names = settings.metrics.filter((metric) => (isHealth(metric) ? due.health : due.sums));
    const wanted = metrics
      .readBy(target)
      .flatMap((monitor) => names.map((metric): Wanted => ({ monitor, arn: monitor.arn, metric })));
    if (wanted.length === 0) {
      return 'done';
    }
    try {
      for (let at = 0; at < wanted.length; at += MOST_METRICS) {
        await this.#readSome(from, wanted.slice(at, at + MOST_METRICS), signal);
      }
    } catch (thrown) {
      if (signal.reason === SHUTDOWN) {
        return 'silent';
      }
      if (!(thrown instanceof ApiError)) {
        throw thrown;
      }
      metrics.setFailing(target, true);
      log.failed(target, thrown);
      return isUnanswered(thrown.error) ? 'silent' : 'failed';
    }
    metrics.setFailing(target, false);
    log.succeeded(target, METRIC_DATA_OPERATION.name, {});
    return 'done';
  }

  async #readSome(from: ReadTarget, wanted: readonly Wanted[], signal: AbortSignal): Promise<void> {
    const { clock, metrics, store } = this.#options;
    const { delay, lookback } = from.settings;
    const now = clock.now();
    const end = wholePeriods(now - delay);
    const range = { start: end - lookback, end };
    const pages = await readPages(from, wanted, range, signal);
    const readings = new Map<MonitorState, Map<MonitorMetric, PeriodReading>>();
    for (const [index, { monitor, metric }] of wanted.entries()) {
      const { points = [], isComplete = false } = pages.get(index) ?? {};
      const ofMonitor = readings.get(monitor) ?? new Map<MonitorMetric, PeriodReading>();
      readings.set(monitor, ofMonitor);
      ofMonitor.set(metric, { points, range, isComplete, settled: wholePeriods(now - SETTLED_AFTER_MS) });
    }
    const atOnce = pLimit(WRITES_AT_ONCE);
    let isStoring = true;
    const counted = Array.from(readings, ([monitor, ofMonitor]) =>
      atOnce(async () => {
        // If one cannot be stored, the others are not attempted: each would wait for a timeout.
        if (isStoring && !(await this.#turns.run(monitor.key, () => this.#count(from, monitor, ofMonitor)))) {
          isStoring = false;
        }
      }),
    );
    await Promise.all(counted);
    store.forget(metrics.forgetUnlisted());
  }

  /** Counts and stores what was read of a monitor. Resolves to false if it cannot be stored: the next read counts it then. */
  async #count(
    { target }: ReadTarget,
    monitor: MonitorState,
    readings: ReadonlyMap<MonitorMetric, PeriodReading>,
  ): Promise<boolean> {
    const { metrics, stats, store } = this.#options;
    for (let changes = 0; changes < MOST_CHANGES; changes += 1) {
      const counted = metrics.count(monitor, readings);
      if (counted === undefined) {
        return true;
      }
      const outcome = await store.store(monitor.key, counted);
      if (outcome === 'stored') {
        stats.add(target, { missed: counted.missed });
        metrics.show(monitor, counted);
      }
      if (outcome !== 'changed') {
        return outcome !== 'later';
      }
    }
    return true;
  }
}

interface ReadMetric {
  readonly points: Point[];
  isComplete: boolean;
}

/** Reads all pages of a response. Returns the points by the index of the metric. @throws ApiError */
async function readPages(
  { client }: ReadTarget,
  wanted: readonly MetricRequest[],
  range: Span,
  signal: AbortSignal,
): Promise<ReadonlyMap<number, ReadMetric>> {
  const paging = metricsPaging();
  const read = new Map<number, ReadMetric>();
  do {
    const { page, nextToken, bytes } = await client.metricData(wanted, range, paging.nextToken, signal);
    for (const { index, points, isComplete } of page) {
      const metric = read.get(index) ?? { points: [], isComplete: false };
      read.set(index, metric);
      metric.isComplete ||= isComplete;
      for (const point of points) {
        metric.points.push(point);
      }
    }
    try {
      paging.add({ points: page.reduce((sum, { points }) => sum + points.length, 0), bytes }, nextToken);
    } catch (thrown) {
      throw thrown instanceof InvalidResponse ? client.refuse(thrown.message) : thrown;
    }
  } while (paging.nextToken !== undefined);
  return read;
}

function wholePeriods(at: number): number {
  return Math.floor(at / PERIOD_MS) * PERIOD_MS;
}
