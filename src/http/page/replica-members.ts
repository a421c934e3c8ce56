import { counted } from '../../lib/text.ts';
import type { ReplicasView } from '../app-options.ts';
import { type Html, html } from './html.ts';
import { badge, breakable, type Condition, NOTHING } from './page-parts.ts';

/** Maximum number of members in the table, the leader first. */
const MOST_MEMBERS = 100;

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
  const count = counted(members.length, 'member');
  const omitted = members.length - MOST_MEMBERS;
  return html`<details class="health" id="replicas"${engine.up ? undefined : html` open`}>
<summary><h2>Replicas</h2> ${
    engine.up
      ? html`<small>${count}, ${leader === null ? 'no leader' : html`led by ${breakable(leader.id)}`}</small>`
      : badge({ text: 'shared storage unreachable', tone: 'bad' })
  }</summary>
<p>Group ${breakable(group)}${leader === null ? undefined : `, epoch ${leader.epoch}`}. Shared storage: ${engine.kind}, ${badge(engine.up ? REACHABLE : UNREACHABLE)}</p>
<div class="table" tabindex="0" role="region" aria-label="Members of the replicas"><table class="targets">
<thead><tr><th scope="col">Member</th><th scope="col">Role</th><th scope="col">Last heartbeat</th><th scope="col">Version</th><th scope="col">Configuration</th><th scope="col">URL</th></tr></thead>
<tbody>
${ordered.slice(0, MOST_MEMBERS).map((member) => renderMember(member, replicas))}</tbody>
</table></div>
${omitted > 0 ? html`<p>${omitted} more members.</p>` : undefined}</details>
`;
}

function renderMember(
  { id, url, version, sameConfig, heartbeatAgeSeconds }: ReplicasView['members'][number],
  { leader }: ReplicasView,
): Html {
  return html`<tr>
<th scope="row">${breakable(id)}</th>
<td data-label="Role">${badge(id === leader?.id ? LEADER : STANDBY)}</td>
<td data-label="Last heartbeat">${Math.round(heartbeatAgeSeconds)} s ago</td>
<td data-label="Version">${version}</td>
<td data-label="Configuration">${sameConfig ? 'the same' : badge({ text: 'different', tone: 'warn' })}</td>
<td data-label="URL">${url === null ? NOTHING : breakable(url)}</td>
</tr>
`;
}
