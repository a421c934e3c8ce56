import type { MonitorNetwork } from '../app-options.ts';
import { type Html, html } from './html.ts';
import { type RatedMonitor, renderVerdict } from './monitor-verdicts.ts';
import { badge, breakable, type Condition, NOTHING, renderInstant } from './page-parts.ts';

/** Maximum number of monitors in the table, the degraded ones first. */
const MOST_MONITORS = 100;

const CONDITIONS: Readonly<Record<MonitorNetwork['condition'], Condition>> = {
  degraded: { text: 'degraded', tone: 'bad' },
  healthy: { text: 'healthy', tone: 'good' },
  unknown: { text: 'unknown', tone: 'idle' },
};

/** Renders AWS's network and the verdict of each monitor: expanded if any has a cause. Undefined without monitors. */
export function renderNetworks(monitors: readonly RatedMonitor[], now: number): Html | undefined {
  if (monitors.length === 0) {
    return undefined;
  }
  const order = ['degraded', 'unknown', 'healthy'] as const;
  const ordered = order.flatMap((condition) => monitors.filter((each) => each.condition === condition));
  const counts = order.flatMap((condition) => {
    const { length } = monitors.filter((each) => each.condition === condition);
    return length === 0 ? [] : [`${length} ${condition}`];
  });
  const omitted = monitors.length - MOST_MONITORS;
  const isOpen = monitors.some(({ verdict }) => verdict.subject !== undefined || verdict.verdict === 'AWS network');
  return html`<details class="health" id="networks"${isOpen ? html` open` : undefined}>
<summary><h2>AWS network</h2> <small>${counts.join(', ')}</small></summary>
<div class="table" tabindex="0" role="region" aria-label="AWS network of each monitor"><table class="targets">
<thead><tr><th scope="col">Monitor</th><th scope="col">Account</th><th scope="col">Region</th><th scope="col">AWS network</th><th scope="col">Verdict</th></tr></thead>
<tbody>
${ordered.slice(0, MOST_MONITORS).map((monitor) => renderMonitor(monitor, now))}</tbody>
</table></div>
${omitted > 0 ? html`<p>${omitted} more monitors.</p>` : undefined}</details>
`;
}

function renderMonitor({ account, region, monitor, condition, since, verdict }: RatedMonitor, now: number): Html {
  const prefix = condition === 'unknown' ? 'no data since' : 'since';
  return html`<tr>
<th scope="row">${breakable(monitor)}</th>
<td data-label="Account">${account}</td>
<td data-label="Region">${region}</td>
<td data-label="AWS network">${badge(CONDITIONS[condition])} ${since === null ? NOTHING : html`${prefix} ${renderInstant(since, now)}`}</td>
<td data-label="Verdict">${renderVerdict(verdict)}</td>
</tr>
`;
}
