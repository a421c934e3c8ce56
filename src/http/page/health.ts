import { counted } from '../../lib/text.ts';
import { addGroups, dividedBy, type FlowGroups } from '../../results/flow-groups.ts';
import { type Verdict, verdictOf } from '../../results/verdict.ts';
import type { FlowSubject, MonitorNetwork, ReplicasView, ServedQueries, TargetHealth } from '../app-options.ts';
import { subjectKey } from './flow-overview.ts';
import { type Html, html } from './html.ts';
import { badge, breakable, type Condition, NOTHING, renderInstant, renderRecords } from './page-parts.ts';

/** By condition, in the order of rows. */
const TONES = { degraded: 'bad', unknown: 'idle', healthy: 'good' } as const;

/** Renders AWS's network and the verdict of each monitor: expanded if any has a cause. Undefined without monitors. */
export function renderNetworks(monitors: readonly RatedMonitor[], now: number): Html | undefined {
  if (monitors.length === 0) {
    return undefined;
  }
  const groups = Object.keys(TONES).map((name) => monitors.filter(({ condition }) => condition === name));
  const counts = groups.flatMap((group) => group.slice(0, 1).map(({ condition }) => `${group.length} ${condition}`));
  const isOpen = monitors.some(({ verdict }) => verdict.subject !== undefined || verdict.verdict === 'AWS network');
  const columns = {
    Monitor: ({ monitor }: RatedMonitor) => breakable(monitor),
    Account: ({ account }: RatedMonitor) => account,
    Region: ({ region }: RatedMonitor) => region,
    'AWS network': ({ condition, since }: RatedMonitor) => {
      const prefix = condition === 'unknown' ? 'no data since' : 'since';
      return html`${badge({ text: condition, tone: TONES[condition] })} ${since === null ? NOTHING : html`${prefix} ${renderInstant(since, now)}`}`;
    },
    Verdict: ({ verdict }: RatedMonitor) => renderVerdict(verdict),
  };
  return html`<details class="health" id="networks"${isOpen ? html` open` : undefined}>
<summary><h2>AWS network</h2> <small>${counts.join(', ')}</small></summary>
${renderRecords('AWS network of each monitor', groups.flat(), columns, 'more monitors.')}</details>
`;
}

/** Renders the group of replicas: expanded if the shared storage is unreachable. Undefined without replicas. */
export function renderReplicas(replicas: ReplicasView | undefined): Html | undefined {
  if (replicas === undefined) {
    return undefined;
  }
  const { group, leader, engine, members } = replicas;
  const storage: Condition = engine.up ? { text: 'reachable', tone: 'good' } : { text: 'unreachable', tone: 'bad' };
  const ordered = [...members].sort((a, b) => Number(b.id === leader?.id) - Number(a.id === leader?.id));
  type Member = ReplicasView['members'][number];
  const columns = {
    Member: ({ id }: Member) => breakable(id),
    Role: ({ id }: Member) =>
      badge(id === leader?.id ? { text: 'leader', tone: 'good' } : { text: 'standby', tone: 'idle' }),
    'Last heartbeat': ({ heartbeatAgeSeconds }: Member) => `${Math.round(heartbeatAgeSeconds)} s ago`,
    Version: ({ version }: Member) => version,
    Configuration: ({ sameConfig }: Member) => (sameConfig ? 'the same' : badge({ text: 'different', tone: 'warn' })),
    URL: ({ url }: Member) => (url === null ? NOTHING : breakable(url)),
  };
  return html`<details class="health" id="replicas"${engine.up ? undefined : html` open`}>
<summary><h2>Replicas</h2> ${
    engine.up
      ? html`<small>${counted(members.length, 'member')}, ${leader === null ? 'no leader' : html`led by ${breakable(leader.id)}`}</small>`
      : badge({ text: 'shared storage unreachable', tone: 'bad' })
  }</summary>
<p>Group ${breakable(group)}${leader === null ? undefined : `, epoch ${leader.epoch}`}. Shared storage: ${engine.kind}, ${badge(storage)}</p>
${renderRecords('Members of the replicas', ordered, columns, 'more members.')}</details>
`;
}

const UP: Condition = { text: 'up', tone: 'good' };
const DOWN: Condition = { text: 'down', tone: 'bad' };
const WAITING: Condition = { text: 'waiting', tone: 'idle' };
const AVAILABLE: Condition = { text: 'available', tone: 'good' };
const MISSING: Condition = { text: 'missing', tone: 'bad' };

/** Number of targets with problems that are expanded: the first query remains on the first screen of a phone. */
const MOST_EXPANDED = 2;

/** Renders the health of each account and Region. If any has a problem, the worst ones are expanded. */
export function renderHealth(targets: readonly TargetHealth[]): Html | undefined {
  if (targets.length === 0) {
    return undefined;
  }
  const failing = targets.filter(isFailing);
  const reduced = targets.filter((target) => isReduced(target) && !isFailing(target));
  const well = targets.filter((target) => !isReduced(target) && !isFailing(target));
  const ordered = [...failing, ...reduced, ...well];
  const problems = failing.length + reduced.length;
  const tone = failing.length > 0 ? 'bad' : 'warn';
  const expanded = Math.min(problems, MOST_EXPANDED);
  const rest = ordered.length - expanded;
  const others = html`<details id="other-targets"><summary>${rest} more</summary>
${renderTargets(ordered.slice(expanded), 'Other accounts and Regions')}</details>`;
  return html`<details class="health" id="health"${problems === 0 ? undefined : html` open`}><summary><h2>Accounts and Regions</h2> ${
    problems === 0
      ? html`<small>${targets.length} without problems</small>`
      : badge({ text: `${problems} of ${targets.length} with problems`, tone })
  }</summary>
${
  problems === 0
    ? renderTargets(ordered, 'Health of accounts and Regions')
    : html`${renderTargets(ordered.slice(0, expanded), 'Accounts and Regions with problems')}${rest === 0 ? undefined : others}`
}</details>
`;
}

function renderTargets(targets: readonly TargetHealth[], label: string): Html {
  return renderRecords(label, targets, TARGET_COLUMNS, 'more without problems, or with problems like these.');
}

function isFailing({ up, credentialsError }: TargetHealth): boolean {
  return up === false || credentialsError !== undefined;
}

function isReduced({ budget }: TargetHealth): boolean {
  return budget.rate < budget.limit;
}

const TARGET_COLUMNS = {
  Account: ({ account }: TargetHealth) => account,
  Region: ({ region }: TargetHealth) => region,
  API: ({ up }: TargetHealth) => badge(up === undefined ? WAITING : up ? UP : DOWN),
  Budget: (target: TargetHealth) => {
    const { rate, limit } = target.budget;
    const reduced = isReduced(target) ? badge({ text: 'reduced', tone: 'warn' }) : undefined;
    return html`${reduced} ${Math.round(rate * 100) / 100} of ${limit} requests per second`;
  },
  Credentials: ({ credentialsError, identity }: TargetHealth) =>
    credentialsError === undefined
      ? badge(identity === undefined ? WAITING : AVAILABLE)
      : html`${badge(MISSING)} <small class="message">${credentialsError}</small>`,
  Identity: ({ identity }: TargetHealth) => identity ?? NOTHING,
};

/** A monitor with the likely cause of its retransmissions. */
export interface RatedMonitor extends MonitorNetwork {
  readonly verdict: Verdict;
}

/** Adds verdicts to monitors, from the last results of their queries. */
export async function rateMonitors(
  monitors: readonly MonitorNetwork[],
  queries: Pick<ServedQueries, 'flows'>,
): Promise<readonly RatedMonitor[]> {
  const newGroups = () => ({ RETRANSMISSIONS: new Map<string, FlowGroups>(), DATA_TRANSFERRED: new Map() });
  const found = new Map(monitors.map((monitor) => [keyOf(monitor), newGroups()]));
  const subjectsOf = ({ account, region, monitorName: monitor = '', metricName }: FlowSubject) =>
    metricName === 'RETRANSMISSIONS' || metricName === 'DATA_TRANSFERRED'
      ? found.get(keyOf({ account, region, monitor }))?.[metricName]
      : undefined;
  for await (const flows of found.size === 0 ? [] : queries.flows((query) => subjectsOf(query) !== undefined)) {
    const subjects = subjectsOf(flows);
    const { groups } = flows.digest;
    const perSecond = groups && dividedBy(flows.seconds, groups);
    const key = subjectKey(flows);
    // Of several queries of one subject, the one that saw most.
    if (perSecond && perSecond.total >= (subjects?.get(key)?.total ?? 0)) {
      subjects?.set(key, perSecond);
    }
  }
  return monitors.map((monitor) => {
    const { RETRANSMISSIONS, DATA_TRANSFERRED } = found.get(keyOf(monitor)) ?? newGroups();
    const sum = (subjects: ReadonlyMap<string, FlowGroups>) =>
      subjects.size === 0 ? undefined : addGroups([...subjects.values()]);
    const verdict = verdictOf({
      degraded: monitor.condition === 'unknown' ? undefined : monitor.condition === 'degraded',
      retransmissions: sum(RETRANSMISSIONS),
      bytes: sum(DATA_TRANSFERRED),
    });
    return { ...monitor, verdict };
  });
}

function keyOf({ account, region, monitor }: Pick<MonitorNetwork, 'account' | 'region' | 'monitor'>): string {
  return JSON.stringify([account, region, monitor]);
}

/** Renders a verdict. Prometheus knows the allowances of instances, the exporter does not. */
function renderVerdict({ verdict, subject, rule }: Verdict): Html {
  const where = subject === undefined ? undefined : html` ${subject}`;
  const open = verdict === 'AWS network' ? undefined : html`; instance limits: see Grafana`;
  return html`${verdict}${where} <small>${rule}${open}</small>`;
}
