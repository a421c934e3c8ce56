import { counted } from '../../lib/text.ts';
import type { MonitorNetwork, ReplicasView, TargetHealth } from '../app-options.ts';
import { type Html, html } from './html.ts';
import { type RatedMonitor, renderVerdict } from './monitor-verdicts.ts';
import { badge, breakable, type Condition, NOTHING, renderInstant, renderRecords } from './page-parts.ts';

const NETWORKS: Readonly<Record<MonitorNetwork['condition'], Condition>> = {
  degraded: { text: 'degraded', tone: 'bad' },
  unknown: { text: 'unknown', tone: 'idle' },
  healthy: { text: 'healthy', tone: 'good' },
};

/** Renders AWS's network and the verdict of each monitor: expanded if any has a cause. Undefined without monitors. */
export function renderNetworks(monitors: readonly RatedMonitor[], now: number): Html | undefined {
  if (monitors.length === 0) {
    return undefined;
  }
  const groups = Object.keys(NETWORKS).map((name) => monitors.filter(({ condition }) => condition === name));
  const counts = groups.flatMap((group) => group.slice(0, 1).map(({ condition }) => `${group.length} ${condition}`));
  const isOpen = monitors.some(({ verdict }) => verdict.subject !== undefined || verdict.verdict === 'AWS network');
  const columns = {
    Monitor: ({ monitor }: RatedMonitor) => breakable(monitor),
    Account: ({ account }: RatedMonitor) => account,
    Region: ({ region }: RatedMonitor) => region,
    'AWS network': ({ condition, since }: RatedMonitor) => {
      const prefix = condition === 'unknown' ? 'no data since' : 'since';
      return html`${badge(NETWORKS[condition])} ${since === null ? NOTHING : html`${prefix} ${renderInstant(since, now)}`}`;
    },
    Verdict: ({ verdict }: RatedMonitor) => renderVerdict(verdict),
  };
  return html`<details class="health" id="networks"${isOpen ? html` open` : undefined}>
<summary><h2>AWS network</h2> <small>${counts.join(', ')}</small></summary>
${renderRecords('AWS network of each monitor', groups.flat(), columns, 'more monitors.')}</details>
`;
}

const LEADER: Condition = { text: 'leader', tone: 'good' };
const STANDBY: Condition = { text: 'standby', tone: 'idle' };
const REACHABLE: Condition = { text: 'reachable', tone: 'good' };
const UNREACHABLE: Condition = { text: 'unreachable', tone: 'bad' };

/** Renders the group of replicas: expanded if the shared storage is unreachable. Undefined without replicas. */
export function renderReplicas(replicas: ReplicasView | undefined): Html | undefined {
  if (replicas === undefined) {
    return undefined;
  }
  const { group, leader, engine, members } = replicas;
  const ordered = [...members].sort((a, b) => Number(b.id === leader?.id) - Number(a.id === leader?.id));
  type Member = ReplicasView['members'][number];
  const columns = {
    Member: ({ id }: Member) => breakable(id),
    Role: ({ id }: Member) => badge(id === leader?.id ? LEADER : STANDBY),
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
<p>Group ${breakable(group)}${leader === null ? undefined : `, epoch ${leader.epoch}`}. Shared storage: ${engine.kind}, ${badge(engine.up ? REACHABLE : UNREACHABLE)}</p>
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
