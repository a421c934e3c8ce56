import type { MetricName } from '../model/vocabulary.ts';
import { type Flow, flowOf, mergeMirrors } from './flow.ts';
import { type FlowGroups, groupsOf } from './flow-groups.ts';
import type { RowsJson } from './results-json.ts';

/** Number of worst flows of a query, and of a metric over all queries. */
export const WORST_FLOWS = 10;

/** The worst flows and the zone pairs of the last results of a query: what a view over all queries needs of them. */
export interface FlowDigest {
  /** In descending order of values. Mirror rows are merged. */
  readonly worst: readonly { readonly value: number; readonly flow: Flow }[];
  /** Without mirror rows, and without rows that lack a zone. */
  readonly zones: readonly ZonePair[];
  /** For the verdict on a monitor; undefined for metrics that it does not use. */
  readonly groups?: FlowGroups | undefined;
}

export interface ZonePair {
  readonly local: string;
  readonly remote: string;
  /** Sum of the rows, or the highest round-trip time, in the base unit. */
  readonly value: number;
}

const GROUPED: ReadonlySet<MetricName> = new Set(['RETRANSMISSIONS', 'DATA_TRANSFERRED']);

/** Returns the digest of rows. Rows without a value are skipped. */
export function digestOf(metricName: MetricName, { rows }: Pick<RowsJson, 'rows'>): FlowDigest {
  const valued = rows.flatMap((row) => {
    const value = row['baseValue'];
    return typeof value === 'number' ? [{ value, flow: flowOf(row), row }] : [];
  });
  const flows = mergeMirrors(valued).map(({ item }) => item);
  const pairs = new Map<string, ZonePair>();
  for (const { value, flow } of flows) {
    const [local, remote] = [flow.local.zone, flow.remote.zone];
    if (!flow.mirror && local !== '' && remote !== '') {
      addPair(pairs, metricName, { local, remote, value });
    }
  }
  const groups = GROUPED.has(metricName) ? groupsOf(flows) : undefined;
  const sorted = flows.sort((a, b) => b.value - a.value).slice(0, WORST_FLOWS);
  return { worst: sorted.map(({ value, flow }) => ({ value, flow })), zones: [...pairs.values()], groups };
}

/** Adds a zone pair to those of a metric: sums values, or keeps the highest round-trip time. */
export function addPair<Pair extends ZonePair>(pairs: Map<string, Pair>, metricName: MetricName, pair: Pair): void {
  const key = zonesKey(pair.local, pair.remote);
  const known = pairs.get(key);
  if (known === undefined) {
    pairs.set(key, pair);
  } else if (metricName === 'ROUND_TRIP_TIME') {
    pairs.set(key, known.value >= pair.value ? known : pair);
  } else {
    pairs.set(key, { ...known, value: known.value + pair.value });
  }
}

/** Returns a key that differs for each pair of zones, whatever their names are. */
export function zonesKey(local: string, remote: string): string {
  return JSON.stringify([local, remote]);
}
