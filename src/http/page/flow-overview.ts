import { METRIC_NAMES, type MetricName } from '../../model/vocabulary.ts';
import type { Flow } from '../../results/flow.ts';
import { addPair, WORST_FLOWS, type ZonePair, zonesKey } from '../../results/flow-digest.ts';
import type { FlowSubject, QueryFlows } from '../app-options.ts';

export interface OverviewFlow {
  readonly query: string;
  readonly value: number;
  readonly flow: Flow;
}

/** The flows of one metric over all queries. */
export interface MetricFlows {
  readonly metricName: MetricName;
  /** In descending order of values, which are in the base unit. */
  readonly worst: readonly OverviewFlow[];
  /** In the base unit per second, except round-trip times. Queries of the same subject count once: the one that saw most. */
  readonly zones: readonly OverviewPair[];
}

/** A zone pair, with the first query that has rows of it, or the one with the highest round-trip time. */
export interface OverviewPair extends ZonePair {
  readonly query: string;
}

export interface FlowOverview {
  /** Number of queries with results. */
  readonly queries: number;
  /** Metrics with results, in the order of the service. */
  readonly metrics: readonly MetricFlows[];
}

/** Collects the worst flows and the zone pairs of all queries. */
export async function collectFlows(queries: AsyncIterable<QueryFlows>): Promise<FlowOverview> {
  const found = new Map<MetricName, { worst: OverviewFlow[]; readonly subjects: Map<string, ZonePairs> }>();
  let count = 0;
  for await (const query of queries) {
    const { name, metricName, seconds, digest } = query;
    const subject = subjectKey(query);
    count += 1;
    const metric = found.get(metricName) ?? { worst: [], subjects: new Map<string, ZonePairs>() };
    found.set(metricName, metric);
    const flows = digest.worst.map((each) => ({ ...each, query: name }));
    metric.worst = [...metric.worst, ...flows].sort((a, b) => b.value - a.value).slice(0, WORST_FLOWS);
    const pairs: ZonePairs = metric.subjects.get(subject) ?? new Map();
    metric.subjects.set(subject, pairs);
    for (const pair of digest.zones) {
      const key = zonesKey(pair.local, pair.remote);
      const value = metricName === 'ROUND_TRIP_TIME' ? pair.value : pair.value / seconds;
      const known = pairs.get(key);
      if (known === undefined || value > known.value) {
        pairs.set(key, { ...pair, value, query: name });
      }
    }
  }
  const metrics = METRIC_NAMES.flatMap((metricName) => {
    const metric = found.get(metricName);
    if (metric === undefined) {
      return [];
    }
    const zones: ZonePairs = new Map();
    for (const pair of [...metric.subjects.values()].flatMap((pairs) => [...pairs.values()])) {
      addPair(zones, metricName, pair);
    }
    return [{ metricName, worst: metric.worst, zones: [...zones.values()] }];
  });
  return { queries: count, metrics };
}

/** Queries with the same definition for the same monitor or scope see the same flows. */
export function subjectKey({ account, region, monitorName, scopeId, destinationCategory }: FlowSubject): string {
  return JSON.stringify([account, region, monitorName, scopeId, destinationCategory]);
}

type ZonePairs = Map<string, OverviewPair>;
