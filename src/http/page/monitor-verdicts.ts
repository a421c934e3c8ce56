import { addGroups, dividedBy, type FlowGroups } from '../../results/flow-groups.ts';
import { type Verdict, verdictOf } from '../../results/verdict.ts';
import type { FlowSubject, MonitorNetwork, QueryFlows, ServedQueries } from '../app-options.ts';
import { subjectKey } from './flow-overview.ts';
import { type Html, html } from './html.ts';

type UsedMetric = 'RETRANSMISSIONS' | 'DATA_TRANSFERRED';

/** The groups of flows of one monitor, by metric and subject. */
type MonitorGroups = Readonly<Record<UsedMetric, Map<string, FlowGroups>>>;

/** A monitor with the likely cause of its retransmissions. */
export interface RatedMonitor extends MonitorNetwork {
  readonly verdict: Verdict;
}

/** Adds verdicts to monitors, from the last results of their queries. */
export async function rateMonitors(
  monitors: readonly MonitorNetwork[],
  queries: Pick<ServedQueries, 'flows'>,
): Promise<readonly RatedMonitor[]> {
  const found = new Map(monitors.map((monitor) => [keyOf(monitor), emptyGroups()]));
  const groupsOf = ({ account, region, monitorName: monitor }: FlowSubject) =>
    monitor === undefined ? undefined : found.get(keyOf({ account, region, monitor }));
  const isWanted = (query: FlowSubject) => isUsed(query.metricName) && groupsOf(query) !== undefined;
  for await (const flows of found.size === 0 ? [] : queries.flows(isWanted)) {
    const groups = groupsOf(flows);
    if (groups !== undefined && isUsed(flows.metricName)) {
      keepLarger(groups[flows.metricName], flows);
    }
  }
  return monitors.map((monitor) => {
    const { RETRANSMISSIONS, DATA_TRANSFERRED } = found.get(keyOf(monitor)) ?? emptyGroups();
    const sum = (groups: MonitorGroups[UsedMetric]) =>
      groups.size === 0 ? undefined : addGroups([...groups.values()]);
    const verdict = verdictOf({
      degraded: monitor.condition === 'unknown' ? undefined : monitor.condition === 'degraded',
      retransmissions: sum(RETRANSMISSIONS),
      bytes: sum(DATA_TRANSFERRED),
    });
    return { ...monitor, verdict };
  });
}

function emptyGroups(): MonitorGroups {
  return { RETRANSMISSIONS: new Map(), DATA_TRANSFERRED: new Map() };
}

function keyOf({ account, region, monitor }: Pick<MonitorNetwork, 'account' | 'region' | 'monitor'>): string {
  return JSON.stringify([account, region, monitor]);
}

function isUsed(metricName: string): metricName is UsedMetric {
  return metricName === 'RETRANSMISSIONS' || metricName === 'DATA_TRANSFERRED';
}

/** Of several queries of one subject, keeps the one that saw most. */
function keepLarger(subjects: Map<string, FlowGroups>, flows: QueryFlows): void {
  const { groups } = flows.digest;
  if (groups !== undefined) {
    const key = subjectKey(flows);
    const perSecond = dividedBy(flows.seconds, groups);
    if (perSecond.total >= (subjects.get(key)?.total ?? 0)) {
      subjects.set(key, perSecond);
    }
  }
}

/** Renders a verdict. Prometheus knows the allowances of instances, the exporter does not. */
export function renderVerdict({ verdict, subject, rule }: Verdict): Html {
  const where = subject === undefined ? undefined : html` ${subject}`;
  const open = verdict === 'AWS network' ? undefined : html`; instance limits: see Grafana`;
  return html`${verdict}${where} <small>${rule}${open}</small>`;
}
