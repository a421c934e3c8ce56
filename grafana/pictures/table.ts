import type { Panel } from '../../test/support/dashboard-files.ts';
import { escaped } from './html.ts';
import { type AnsweredPanel, defaultsOf, override } from './panel-data.ts';
import { withUnit } from './units.ts';

/** Labels and values by the names of Grafana's fields: `query`, `Value`, `Value #B`. */
type Row = Readonly<Record<string, string | number>>;

/** Capacity of a picture. */
const ROWS = 8;

/** A row for each set of labels, those with the greatest first value on top; the last ones are left out. */
export function table({ panel, now }: AnsweredPanel): string {
  const columns = columnsOf(panel);
  const rows = rowsOf(panel, now);
  // Grafana leaves out fields that no series has.
  const shown = columns.filter(({ field }) => rows.some((row) => field in row));
  const [first] = shown.filter(({ field }) => isValue(field));
  if (first !== undefined) {
    rows.sort((a, b) => Number(b[first.field]) - Number(a[first.field]));
  }
  if (rows.length === 0) {
    return `<p class="none">${escaped(defaultsOf(panel).noValue ?? '')}</p>`;
  }
  const head = shown.map(({ field, title }) => `<th class="${isValue(field) ? 'value' : ''}">${escaped(title)}</th>`);
  const body = rows
    .slice(0, ROWS)
    .map((row) => `<tr>${shown.map(({ field }) => cellOf(panel, field, row, rows)).join('')}</tr>`);
  return `<table><thead><tr>${head.join('')}</tr></thead><tbody>${body.join('')}</tbody></table>`;
}

function cellOf(panel: Panel, field: string, row: Row, rows: readonly Row[]): string {
  const value = row[field];
  if (typeof value !== 'number') {
    return `<td>${escaped(value ?? '')}</td>`;
  }
  const unit = override(panel, field, 'unit');
  const text = escaped(withUnit(value, typeof unit === 'string' ? unit : undefined));
  if (override(panel, field, 'custom.cellOptions') === undefined) {
    return `<td class="value">${text}</td>`;
  }
  const greatest = Math.max(...rows.map((each) => Number(each[field])));
  const width = `${((value / greatest) * 100).toFixed(1)}%`;
  const color = defaultsOf(panel).color?.fixedColor;
  return `<td class="value"><div class="gauge"><span><b style="width: ${width}; background: ${color}"></b></span><em>${text}</em></div></td>`;
}

function columnsOf({ transformations = [] }: Panel): { readonly field: string; readonly title: string }[] {
  const names = transformations.flatMap(({ options }) => options.include?.names ?? []);
  const titles: Readonly<Record<string, string>> = Object.assign(
    {},
    ...transformations.map(({ options }) => options.renameByName),
  );
  return names.map((field) => ({ field, title: titles[field] ?? field }));
}

/** Implements Grafana's transformation "merge": values with the same labels become one row. */
function rowsOf(panel: Panel, now: AnsweredPanel['now']): Row[] {
  const labels = columnsOf(panel).filter(({ field }) => !isValue(field));
  const rows = new Map<string, Record<string, string | number>>();
  for (const [refId, samples] of now) {
    for (const sample of samples) {
      const own = labels.flatMap(({ field }) => (field in sample.labels ? [[field, sample.labels[field] ?? '']] : []));
      const key = JSON.stringify(now.size > 1 ? own : sample.labels);
      const row = rows.get(key) ?? Object.fromEntries(own);
      row[now.size > 1 ? `Value #${refId}` : 'Value'] = sample.value;
      rows.set(key, row);
    }
  }
  return [...rows.values()];
}

function isValue(field: string): boolean {
  return field.startsWith('Value');
}
