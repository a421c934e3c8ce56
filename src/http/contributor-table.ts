import { humanValue } from '../state/human-values.ts';
import type { DatapointsJson, RowsJson } from '../state/results-json.ts';
import { type Html, html } from './html.ts';
import { absoluteTime } from './page-parts.ts';

/** Rows at most: with more, the page is for machines. */
export const MAX_CONTRIBUTORS = 50;

/** The JSON of `/api/v1/queries/NAME/contributors`. */
export type ContributorsJson = (RowsJson | DatapointsJson) & {
  readonly windowStart: string;
  readonly windowEnd: string;
};

interface Contributor {
  /** In the base unit. */
  readonly value: number;
  readonly fields: ReadonlyMap<string, string>;
}

/** The contributors of a query's last results, the worst first, each with a bar; what all have in common stands above. */
export function renderContributors(results: ContributorsJson): Html {
  const all = contributorsOf(results);
  const shown = all.sort((a, b) => b.value - a.value).slice(0, MAX_CONTRIBUTORS);
  const { common, distinct } = splitFields(shown);
  const largest = shown[0]?.value ?? 0;
  const window = `${absoluteTime(Date.parse(results.windowStart))} to ${absoluteTime(Date.parse(results.windowEnd))}`;
  const number =
    shown.length < all.length ? `The worst ${shown.length} of ${all.length}` : `${all.length}, the worst first`;
  const rows = shown.map(
    ({ value, fields }) => html`<tr>
<th scope="row" class="number">${humanValue(value, results.baseUnit)}${renderBar(value, largest)}</th>
${distinct.map((field) => html`<td data-label="${field}">${fields.get(field)}</td>`)}</tr>
`,
  );
  return html`<p>Window ${window}. ${number}.${
    common.length === 0 ? undefined : html` All have ${common.map(([field, text]) => `${field} ${text}`).join(', ')}.`
  }</p>
<div class="table" tabindex="0" role="region" aria-label="Contributors"><table>
<thead><tr><th scope="col" class="number">Value</th>${distinct.map((field) => html`<th scope="col">${field}</th>`)}</tr></thead>
<tbody>
${rows}</tbody>
</table></div>`;
}

/** The value stands beside it in words. */
function renderBar(value: number, largest: number): Html {
  const width = largest > 0 ? (100 * value) / largest : 0;
  return html`<svg class="bar" aria-hidden="true" viewBox="0 0 100 1" preserveAspectRatio="none"><rect width="${width.toFixed(1)}" height="1"/></svg>`;
}

/** Rows with a value; of data points the newest of each series. */
function contributorsOf(results: ContributorsJson): Contributor[] {
  if ('datapoints' in results) {
    return results.datapoints.flatMap(({ label, timestamps, baseValues }) => {
      const newest = timestamps.reduce((best, time, i) => (time > (timestamps[best] ?? '') ? i : best), 0);
      const value = baseValues[newest];
      return value === undefined ? [] : { value, fields: new Map([['series', label]]) };
    });
  }
  return results.rows.flatMap(({ baseValue, value: _, ...row }) =>
    typeof baseValue === 'number' ? { value: baseValue, fields: textsOf(row) } : [],
  );
}

/** A row's fields as texts, those of objects in it (`kubernetesMetadata`) beside the others. */
function textsOf(row: Readonly<Record<string, unknown>>): Map<string, string> {
  const texts = new Map<string, string>();
  for (const [field, value] of Object.entries(row)) {
    if (typeof value === 'object' && value !== null) {
      for (const [inner, text] of textsOf({ ...value })) {
        texts.set(inner, text);
      }
    } else if (field === 'targetPort' && value === 0) {
      texts.set(field, 'mirror');
    } else if (value !== undefined && value !== null && value !== '') {
      texts.set(field, String(value));
    }
  }
  return texts;
}

/** Fields that are the same in all of several rows, and the others in the order of the API's. */
function splitFields(rows: readonly Contributor[]): {
  readonly common: readonly (readonly [field: string, text: string])[];
  readonly distinct: readonly string[];
} {
  const names = [...new Set(rows.flatMap(({ fields }) => [...fields.keys()]))];
  const common = names.flatMap((name) => {
    const text = rows[0]?.fields.get(name);
    return rows.length > 1 && text !== undefined && rows.every(({ fields }) => fields.get(name) === text)
      ? [[name, text] as const]
      : [];
  });
  const shared = new Set(common.map(([name]) => name));
  return { common, distinct: names.filter((name) => !shared.has(name)) };
}
