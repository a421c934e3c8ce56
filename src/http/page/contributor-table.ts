import { humanValue } from '../../results/human-values.ts';
import type { DatapointsJson, RowsJson } from '../../results/results-json.ts';
import { type Html, html } from './html.ts';
import { absoluteTime } from './page-parts.ts';

/** Maximum number of rows; the JSON has all of them. */
const MAX_CONTRIBUTORS = 50;

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

/** Renders the contributors of a query's last results, the largest first, each with a bar; common fields are listed above. */
export function renderContributors(results: ContributorsJson): Html {
  const all = contributorsOf(results);
  const shown = all.sort((a, b) => b.value - a.value).slice(0, MAX_CONTRIBUTORS);
  const common = commonFields(shown);
  const largest = shown[0]?.value ?? 0;
  const columns = COLUMNS.filter(({ fields }) =>
    shown.some((contributor) => fieldsIn(contributor, fields, common).length > 0),
  );
  const rows = shown.map(
    (contributor) => html`<tr>
<th scope="row" class="number">${humanValue(contributor.value, results.baseUnit)}${renderBar(contributor.value, largest)}</th>
${columns.map(({ title, fields }) => html`<td data-label="${title}">${renderFields(fieldsIn(contributor, fields, common))}</td>`)}
</tr>
`,
  );
  const window = `${absoluteTime(Date.parse(results.windowStart))} to ${absoluteTime(Date.parse(results.windowEnd))}`;
  const number =
    shown.length < all.length ? `Largest ${shown.length} of ${all.length} contributors` : `${all.length} contributors`;
  const same = [...common].map(([field, text]) => `${field} ${text}`).join(', ');
  return html`<p>Window ${window}. ${number}.${same === '' ? undefined : ` Common to all: ${same}.`}</p>
<div class="table" tabindex="0" role="region" aria-label="Contributors"><table class="contributors">
<thead><tr><th scope="col" class="number">Value</th>${columns.map(({ title }) => html`<th scope="col">${title}</th>`)}</tr></thead>
<tbody>
${rows}</tbody>
</table></div>`;
}

interface Column {
  readonly title: string;
  /** The names of its fields. */
  readonly fields: RegExp;
}

/** The two ends of a connection, and other fields. */
const COLUMNS: readonly Column[] = [
  { title: 'Local', fields: /^(local|snat)/ },
  { title: 'Remote', fields: /^(remote|dnat|target)/ },
  { title: 'Other', fields: /^(?!local|snat|remote|dnat|target)/ },
];

type Field = readonly [name: string, text: string];

function fieldsIn({ fields }: Contributor, names: RegExp, common: ReadonlyMap<string, string>): Field[] {
  return [...fields].filter(([name]) => names.test(name) && !common.has(name));
}

function renderFields([first, ...others]: readonly Field[]): Html | undefined {
  if (first === undefined) {
    return undefined;
  }
  const more = others.map(([name, text]) => `${name} ${text}`).join(', ');
  return html`${first[1]}${more === '' ? undefined : html`<small>${more}</small>`}`;
}

/** Renders a bar; the value beside it is text. */
function renderBar(value: number, largest: number): Html {
  const width = largest > 0 ? (100 * value) / largest : 0;
  return html`<svg class="bar" aria-hidden="true" viewBox="0 0 100 1" preserveAspectRatio="none"><rect width="${width.toFixed(1)}" height="1"/></svg>`;
}

function contributorsOf(results: ContributorsJson): Contributor[] {
  return 'datapoints' in results
    ? newestOf(results)
    : results.rows.flatMap(({ baseValue, value: _, ...row }) =>
        typeof baseValue === 'number' ? { value: baseValue, fields: textsOf(row) } : [],
      );
}

/** Returns the newest point of each series. Points with the same label and time are added up, as in the metrics. */
function newestOf({ datapoints }: DatapointsJson): Contributor[] {
  const newest = new Map<string, { readonly at: string; readonly value: number }>();
  for (const { label, timestamps, baseValues } of datapoints) {
    for (const [i, at] of timestamps.entries()) {
      const value = baseValues[i] ?? 0;
      const best = newest.get(label);
      if (best === undefined || at > best.at) {
        newest.set(label, { at, value });
      } else if (at === best.at) {
        newest.set(label, { at, value: best.value + value });
      }
    }
  }
  return Array.from(newest, ([label, { value }]) => ({ value, fields: new Map([['series', label]]) }));
}

/** Returns the fields of a row as texts, including those of nested objects (`kubernetesMetadata`). */
function textsOf(row: Readonly<Record<string, unknown>>): Map<string, string> {
  const texts = new Map<string, string>();
  for (const [field, value] of Object.entries(row)) {
    if (typeof value === 'object' && value !== null) {
      for (const [inner, text] of textsOf({ ...value })) {
        texts.set(inner, text);
      }
    } else if (field === 'targetPort' && value === 0) {
      texts.set(field, 'none (mirror row)');
    } else if (value !== undefined && value !== null && value !== '') {
      texts.set(field, String(value));
    }
  }
  return texts;
}

/** Returns the fields that are equal in all of several contributors. */
function commonFields(contributors: readonly Contributor[]): ReadonlyMap<string, string> {
  const [first, ...others] = contributors;
  const common = [...(first?.fields ?? [])].filter(([name, text]) =>
    others.every(({ fields }) => fields.get(name) === text),
  );
  return new Map(others.length === 0 ? [] : common);
}
