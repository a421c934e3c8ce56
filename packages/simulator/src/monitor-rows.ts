import { type FlowEnd, flowOf, MIRRORED } from './flows.ts';
import { type ActiveIncident, activeIn, affectedFlows, incidentsOf, instanceOfIncident } from './incidents.ts';
import type { Instance, Place } from './network.ts';
import type { Query } from './queries.ts';
import type { Simulation } from './simulation.ts';
import type { MetricName } from './vocabulary.ts';

/** Items of a response's list, as they are sent. */
export type Row = Readonly<Record<string, unknown>>;

/** The drawn part of a query's rows. */
interface Drawn {
  /** Number of rows before the limit. */
  count: number;
  /** Index of the first flow, in groups of three. */
  shift: number;
  /** The value of a rank, `times` the usual one, in the unit of the response. */
  value(rank: number, times?: number): number;
}

/** One row: a flow in the view of one of its ends. */
interface Entry {
  flow: number;
  isMirror: boolean;
  value: number;
}

/** Factors of an active incident on the rows of all flows, by metric. */
const ALL_FLOWS: Readonly<Record<MetricName, number>> = {
  RETRANSMISSIONS: 4,
  TIMEOUTS: 4,
  ROUND_TRIP_TIME: 1.5,
  DATA_TRANSFERRED: 1,
};
/** The largest value of the flows that an incident affects more than others, in units of the usual largest value. */
const AFFECTED_FLOWS = 20;

export function monitorRows(simulation: Simulation, query: Query, drawn: Drawn): (index: number) => Row {
  const { account, region, parent, startTime, endTime } = query;
  const place: Place = { seed: simulation.seed, account, region };
  const start = startTime - simulation.startedAt;
  const end = endTime - simulation.startedAt;
  const incidents = incidentsOf(simulation.incidents(), { account, region, monitorName: parent });
  const busy = incidents.some(({ kind }) => kind === 'instance') ? instanceOfIncident(place, parent) : undefined;
  const active = activeIn(incidents, start, end);
  const usual = (index: number) => entryOf(query, drawn, index);
  const entries = active.length === 0 ? undefined : entriesWith(active, place, query, drawn, busy);
  return (index) => monitorRow(place, query, index, entries?.[index] ?? usual(index), busy);
}

/**
 * Flows with an agent at both ends may appear twice: in the client's view and, in the next row, in the view of the remote end,
 * with the ends exchanged and port 0. The second of four rows is such a mirror row, so that four rows are three flows.
 */
function entryOf({ destinationCategory }: Query, { shift, value }: Drawn, index: number): Entry {
  const hasMirrors = MIRRORED.has(destinationCategory);
  const isMirror = hasMirrors && index % 4 === 1;
  const rank = isMirror ? index - 1 : index;
  const mirrorsBefore = hasMirrors ? Math.floor((rank + 2) / 4) : 0;
  // The shift is a multiple of four rows, so that a flow with a mirror row has one in every window.
  return { flow: rank - mirrorsBefore + 3 * shift, isMirror, value: value(rank) };
}

/** All rows of a window with incidents, sorted by value. */
function entriesWith(
  active: readonly ActiveIncident[],
  place: Place,
  query: Query,
  drawn: Drawn,
  busy: Instance | undefined,
): Entry[] {
  const { parent, destinationCategory, metricName } = query;
  const times = active.reduce(
    (factor, { incident, share }) =>
      incident.kind === 'awsNetwork' ? factor * (1 + (ALL_FLOWS[metricName] - 1) * share) : factor,
    1,
  );
  const isLoss = metricName === 'RETRANSMISSIONS' || metricName === 'TIMEOUTS';
  const tests = active.flatMap(({ incident, share }) => {
    const affects = isLoss ? affectedFlows(incident, place, parent) : undefined;
    return affects ? [{ affects, share, found: 0 }] : [];
  });
  const values = new Map<number, number>();
  const entries = Array.from({ length: drawn.count }, (_, index) => entryOf(query, drawn, index));
  for (const [rank, { flow, isMirror }] of entries.entries()) {
    if (!isMirror) {
      const { local, remote } = flowOf(place, parent, destinationCategory, flow, busy);
      let value = drawn.value(rank, times);
      for (const test of tests) {
        if (test.affects(local, remote)) {
          value += drawn.value(test.found, AFFECTED_FLOWS * test.share);
          test.found += 1;
        }
      }
      values.set(flow, value);
    }
  }
  // The sort is stable, so that a mirror row follows the row of its flow.
  return entries
    .map((entry) => ({ ...entry, value: values.get(entry.flow) ?? entry.value }))
    .sort((a, b) => b.value - a.value);
}

function monitorRow(
  place: Place,
  { parent, destinationCategory: category }: Query,
  index: number,
  { flow: flowIndex, isMirror, value }: Entry,
  busy: Instance | undefined,
): Row {
  const flow = flowOf(place, parent, category, flowIndex, busy);
  const { local, remote, port } = isMirror ? { local: flow.remote, remote: flow.local, port: 0 } : flow;
  const row: Record<string, unknown> = {
    ...endMembers('local', local),
    ...endMembers('remote', remote),
    snatIp: flow.snatIp,
    dnatIp: isMirror ? undefined : flow.dnatIp,
    targetPort: port,
    destinationCategory: category,
    // Some rows have no value; the first row always has one.
    value: index % 17 === 16 ? undefined : value,
    traversedConstructs: isMirror ? flow.traversed.toReversed() : flow.traversed,
    kubernetesMetadata: kubernetesMetadata(local, remote),
  };
  // About half of these members, if they are missing, are sent as empty texts; the others are omitted.
  for (const name of OFTEN_EMPTY) {
    if (row[name] === undefined && flow.emptiness.chance(0.5)) {
      row[name] = '';
    }
  }
  return row;
}

/** The members of a row that describe one end of its flow. */
function endMembers(side: 'local' | 'remote', { ip, region, az, subnet, instance }: FlowEnd): Row {
  return {
    [`${side}Ip`]: ip,
    [`${side}Region`]: region,
    [`${side}Az`]: az,
    [`${side}InstanceId`]: instance?.id,
    [`${side}InstanceArn`]: instance?.arn,
    [`${side}SubnetId`]: subnet?.id,
    [`${side}SubnetArn`]: subnet?.arn,
    [`${side}VpcId`]: subnet?.vpc.id,
    [`${side}VpcArn`]: subnet?.vpc.arn,
  };
}

const OFTEN_EMPTY = [
  'snatIp',
  'localInstanceId',
  'remoteVpcId',
  'remoteAz',
  'remoteSubnetId',
  'remoteInstanceId',
  'dnatIp',
];

function kubernetesMetadata(local: FlowEnd, remote: FlowEnd): Row | undefined {
  const [ours, theirs] = [local.kubernetes, remote.kubernetes];
  return (
    (ours || theirs) && {
      localServiceName: ours?.serviceName,
      localPodName: ours?.podName,
      localPodNamespace: ours?.podNamespace,
      remoteServiceName: theirs?.serviceName ?? '',
      remotePodName: theirs?.podName,
      remotePodNamespace: theirs?.podNamespace,
    }
  );
}
