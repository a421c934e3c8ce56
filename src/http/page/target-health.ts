import type { TargetHealth } from '../app-options.ts';
import { type Html, html } from './html.ts';
import { badge, type Condition, NOTHING } from './page-parts.ts';

/** Maximum number of targets in the table, those with problems first. */
const MOST_TARGETS = 100;

const UP: Condition = { text: 'up', tone: 'good' };
const DOWN: Condition = { text: 'down', tone: 'bad' };
const WAITING: Condition = { text: 'waiting', tone: 'idle' };
const AVAILABLE: Condition = { text: 'available', tone: 'good' };
const MISSING: Condition = { text: 'missing', tone: 'bad' };

/** Renders the health of each account and Region: expanded if any has a problem. */
export function renderHealth(targets: readonly TargetHealth[]): Html | undefined {
  if (targets.length === 0) {
    return undefined;
  }
  const problems = targets.filter(hasProblem);
  const ordered = [...problems, ...targets.filter((target) => !hasProblem(target))];
  const omitted = targets.length - MOST_TARGETS;
  const summary =
    problems.length === 0
      ? `${targets.length} without problems`
      : `${problems.length} of ${targets.length} with problems`;
  return html`<details class="health" id="health"${problems.length === 0 ? undefined : html` open`}>
<summary><h2>Accounts and Regions</h2> <small>${summary}</small></summary>
<div class="table" tabindex="0" role="region" aria-label="Health of accounts and Regions"><table class="targets">
<thead><tr><th scope="col">Account</th><th scope="col">Region</th><th scope="col">API</th><th scope="col">Budget</th><th scope="col">Credentials</th><th scope="col">Identity</th></tr></thead>
<tbody>
${ordered.slice(0, MOST_TARGETS).map(renderTarget)}</tbody>
</table></div>
${omitted > 0 ? html`<p>${omitted} more without problems, or with problems like these.</p>` : undefined}</details>
`;
}

function hasProblem({ up, budget, credentialsError }: TargetHealth): boolean {
  return up === false || budget.rate < budget.limit || credentialsError !== undefined;
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
