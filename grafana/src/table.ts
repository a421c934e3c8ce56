import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  BarGaugeDisplayMode,
  TableCellDisplayMode,
  TableCellHeight,
  TableSortByFieldStateBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import type { DashboardLink, DynamicConfigValue } from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table';
import { COLORS } from './colors.ts';
import { fixed, refId } from './panels.ts';
import { DATA_SOURCE } from './variables.ts';

/** A column of values: one of the table's expressions. All of them must have the same labels. */
export interface ValueColumn {
  readonly expression: string;
  readonly title: string;
  /** Grafana's id of it, such as `s` or `Bps`; without one, the value is only there to choose rows and is not shown. */
  readonly unit?: string;
  /** A bar behind the value, against the greatest one in the column. */
  readonly bar?: boolean;
}

export interface LabelColumn {
  readonly label: string;
  readonly title: string;
  readonly link?: Builder<DashboardLink>;
  /** Pixels, where the values are short; the others share what is left. */
  readonly width?: number;
}

/** The query and its target: the first columns of most tables. */
export function queryColumns(link: Builder<DashboardLink>): LabelColumn[] {
  return [
    { label: 'query', title: 'Query', link },
    { label: 'account', title: 'Account', width: 95 },
    { label: 'aws_region', title: 'Region', width: 95 },
    { label: 'monitor', title: 'Monitor' },
    { label: 'scope_id', title: 'Scope' },
  ];
}

/**
 * Current values: a row per series, sorted by the first value in descending order. The values follow the first label, so
 * that they are visible on a narrow screen. Labels without a column are hidden.
 *
 * @param empty meaning of a table without rows, if the exporter is scraped.
 */
export function table(
  title: string,
  description: string,
  labels: readonly LabelColumn[],
  values: readonly ValueColumn[],
  empty: string,
): Table {
  const fieldOf = (index: number) => (values.length === 1 ? 'Value' : `Value #${refId(index)}`);
  const [first, ...others] = labels.map((column) => ({ name: column.label, title: column.title }));
  const numbers = values.flatMap(({ title: name, unit }, index) =>
    unit === undefined ? [] : [{ name: fieldOf(index), title: name }],
  );
  const columns = [...(first === undefined ? [] : [first]), ...numbers, ...others];
  const panel = new Table()
    .title(title)
    .description(description)
    .datasource(DATA_SOURCE)
    .targets(values.map(({ expression }, index) => instant(expression, index)))
    .withTransformation({ id: 'merge', options: {} })
    .withTransformation({ id: 'filterFieldsByName', options: { include: { names: columns.map(({ name }) => name) } } })
    .withTransformation({
      id: 'organize',
      options: {
        indexByName: Object.fromEntries(columns.map(({ name }, index) => [name, index])),
        renameByName: Object.fromEntries(columns.map((column) => [column.name, column.title])),
      },
    })
    .cellHeight(TableCellHeight.Sm)
    .filterable(true)
    .minWidth(LEAST_COLUMN_WIDTH)
    .noValue(`${empty}, or no data`)
    .colorScheme(fixed(COLORS.sky))
    .span(24)
    .height(9);
  for (const { label, link, width } of labels) {
    panel.overrideByName(label, [
      NO_VALUE,
      ...(link === undefined ? [] : [{ id: 'links', value: [link.build()] }]),
      ...(width === undefined ? [] : [{ id: 'custom.width', value: width }]),
    ]);
  }
  values.forEach(({ unit, bar = false }, index) => {
    if (unit !== undefined) {
      panel.overrideByName(fieldOf(index), [NO_VALUE, { id: 'unit', value: unit }, ...(bar ? BAR : [])]);
    }
  });
  const [badness] = values;
  return badness?.unit === undefined
    ? panel
    : panel.sortBy([new TableSortByFieldStateBuilder().displayName(badness.title).desc(true)]);
}

/** Pixels. A table on half of a narrow screen has space for six of these. */
const LEAST_COLUMN_WIDTH = 90;

/** Text of a cell without a value. By default, Grafana repeats the text of the whole panel there. */
const NO_VALUE: DynamicConfigValue = { id: 'noValue', value: '–' };

const BAR: readonly DynamicConfigValue[] = [
  { id: 'custom.cellOptions', value: { type: TableCellDisplayMode.Gauge, mode: BarGaugeDisplayMode.Basic } },
  { id: 'min', value: 0 },
  { id: 'custom.minWidth', value: 150 },
];

export function instant(expression: string, index: number): DataqueryBuilder {
  return new DataqueryBuilder()
    .datasource(DATA_SOURCE)
    .expr(expression)
    .refId(refId(index))
    .instant()
    .format(PromQueryFormat.Table);
}
