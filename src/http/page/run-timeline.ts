import type { RunOutcome } from '../../model/run.ts';
import { type EndedRun, RECENT_RUNS } from '../../state/recent-runs.ts';
import { type Html, html } from './html.ts';
import { absoluteTime, NOTHING, renderInstant } from './page-parts.ts';

function wordsOf(outcome: RunOutcome): string {
  return outcome === 'results_failed' ? 'reading results failed' : outcome.replace('_', ' ');
}

/** Class of the style sheet for each outcome: a full, hollow, or small block. */
function shapeOf(outcome: RunOutcome): string {
  return outcome === 'succeeded' ? 'ok' : outcome === 'skipped' ? 'gap' : 'no';
}

const BLOCK = 7;

/** Renders the last runs as blocks, the newest on the right, with a text for screen readers. */
export function renderTimeline(runs: readonly EndedRun[]): Html {
  if (runs.length === 0) {
    return NOTHING;
  }
  const width = RECENT_RUNS * BLOCK;
  const blocks = runs.map(
    ({ outcome }, i) => html`<rect class="${shapeOf(outcome)}" x="${width - (runs.length - i) * BLOCK + 1}"/>`,
  );
  return html`<svg class="runs" role="img" aria-label="${inWords(runs)}" viewBox="0 0 ${width} 18">${blocks}</svg>`;
}

/** `Last 20 runs: 18 succeeded, 2 timed out; last run succeeded` */
function inWords(runs: readonly EndedRun[]): string {
  const counts = new Map<RunOutcome, number>();
  for (const { outcome } of runs) {
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  }
  const each = [...counts].map(([outcome, count]) => `${count} ${wordsOf(outcome)}`).join(', ');
  const last = runs.at(-1);
  const end = last === undefined ? '' : `; last run ${wordsOf(last.outcome)}`;
  return `${runs.length === 1 ? 'Last run' : `Last ${runs.length} runs`}: ${each}${end}`;
}

/** Renders the last runs as a table, the newest first. */
export function renderRuns(runs: readonly EndedRun[], now: number): Html {
  const rows = [...runs].reverse().map(
    ({ outcome, at, duration }) => html`<tr>
<th scope="row">${wordsOf(outcome)}</th>
<td class="time">${renderInstant(new Date(at).toISOString(), now)}<small>${absoluteTime(at)}</small></td>
<td class="number">${duration === undefined ? NOTHING : `${(duration / 1_000).toFixed(1)} s`}</td>
</tr>
`,
  );
  return html`<div class="table"><table class="few">
<thead><tr><th scope="col">Outcome</th><th scope="col">Ended</th><th scope="col" class="number">Duration</th></tr></thead>
<tbody>
${rows}</tbody>
</table></div>`;
}
