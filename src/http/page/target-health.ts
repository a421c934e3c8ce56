import type { TargetHealth } from '../app-options.ts';
import { type Html, html } from './html.ts';
import { badge, type Condition, NOTHING } from './page-parts.ts';

/** Maximum number of targets in a table, those with problems first. */
const MOST_TARGETS = 100;

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
  const reduced = targets.filter((target) => hasProblem(target) && !isFailing(target));
  const ordered = [...failing, ...reduced, ...targets.filter((target) => !hasProblem(target))];
  const problems = failing.length + reduced.length;
  const summary = html`<summary><h2>Accounts and Regions</h2> ${
    problems === 0
      ? html`<small>${targets.length} without problems</small>`
      : badge({ text: `${problems} of ${targets.length} with problems`, tone: failing.length > 0 ? 'bad' : 'warn' })
  }</summary>`;
  if (problems === 0) {
    return html`<details class="health" id="health">${summary}
${renderTargets(ordered, 'Health of accounts and Regions')}</details>
`;
  }
  const expanded = Math.min(problems, MOST_EXPANDED);
  return html`<details class="health" id="health" open>${summary}
${renderTargets(ordered.slice(0, expanded), 'Accounts and Regions with problems')}${
  ordered.length === expanded
    ? undefined
    : html`<details id="other-targets"><summary>${ordered.length - expanded} more</summary>
${renderTargets(ordered.slice(expanded), 'Other accounts and Regions')}</details>`
}</details>
`;
}

function renderTargets(targets: readonly TargetHealth[], label: string): Html {
  const omitted = targets.length - MOST_TARGETS;
  return html`<div class="table" tabindex="0" role="region" aria-label="${label}"><table class="targets">
<thead><tr><th scope="col">Account</th><th scope="col">Region</th><th scope="col">API</th><th scope="col">Budget</th><th scope="col">Credentials</th><th scope="col">Identity</th></tr></thead>
<tbody>
${targets.slice(0, MOST_TARGETS).map(renderTarget)}</tbody>
</table></div>
${omitted > 0 ? html`<p>${omitted} more without problems, or with problems like these.</p>` : undefined}`;
}

function isFailing({ up, credentialsError }: TargetHealth): boolean {
  return up === false || credentialsError !== undefined;
}

function hasProblem(target: TargetHealth): boolean {
  return isFailing(target) || target.budget.rate < target.budget.limit;
}

function renderTarget({ account, region, up, budget, credentialsError, identity }: TargetHealth): Html {
  const reduced = budget.rate < budget.limit;
  const rate = `${Math.round(budget.rate * 100) / 100} of ${budget.limit} requests per second`;
  const credentials = credentialsError !== undefined ? MISSING : identity === undefined ? WAITING : AVAILABLE;
  return html`<tr>
<th scope="row">${account}</th>
<td data-label="Region">${region}</td>
<td data-label="API">${badge(up === undefined ? WAITING : up ? UP : DOWN)}</td>
<td data-label="Budget">${reduced ? badge({ text: 'reduced', tone: 'warn' }) : undefined} ${rate}</td>
<td data-label="Credentials">${badge(credentials)}${credentialsError === undefined ? undefined : html` <small class="message">${credentialsError}</small>`}</td>
<td data-label="Identity">${identity === undefined ? NOTHING : identity}</td>
</tr>
`;
}
