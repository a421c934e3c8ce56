import { METRIC_NAMES, type MetricName } from '../../model/vocabulary.ts';
import type { Flow } from '../../results/flow.ts';
import { addPair, WORST_FLOWS, type ZonePair } from '../../results/flow-digest.ts';
import type { QueryFlows } from '../app-options.ts';

/** A flow with the query that it is from. */
export interface OverviewFlow {
  readonly query: string;
  readonly value: number;
  readonly flow: Flow;
}

/** The flows of one metric over all queries. Values are in the base unit. */
export interface MetricFlows {
  readonly metricName: MetricName;
  /** In descending order of values. */
  readonly worst: readonly OverviewFlow[];
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
  const found = new Map<MetricName, { worst: OverviewFlow[]; readonly zones: Map<string, OverviewPair> }>();
  let count = 0;
  for await (const { name, metricName, digest } of queries) {
    count += 1;
    const metric = found.get(metricName) ?? { worst: [], zones: new Map<string, OverviewPair>() };
    found.set(metricName, metric);
    const flows = digest.worst.map((each) => ({ ...each, query: name }));
    metric.worst = [...metric.worst, ...flows].sort((a, b) => b.value - a.value).slice(0, WORST_FLOWS);
    for (const pair of digest.zones) {
      addPair(metric.zones, metricName, { ...pair, query: name });
    }
  }
  const metrics = METRIC_NAMES.flatMap((metricName) => {
    const metric = found.get(metricName);
    return metric === undefined ? [] : [{ metricName, worst: metric.worst, zones: [...metric.zones.values()] }];
  });
  return { queries: count, metrics };
}
