import {
  BarGaugeDisplayMode,
  TableCellDisplayMode,
  TableCellHeight,
  TableSortByFieldStateBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import type { DashboardLinkBuilder, DynamicConfigValue } from '@grafana/grafana-foundation-sdk/dashboard';
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
  readonly link?: DashboardLinkBuilder;
}

/** Which query, and where it is asked: the columns that most tables begin with. */
export function queryColumns(link: DashboardLinkBuilder): LabelColumn[] {
  return [
    { label: 'query', title: 'Query', link },
    { label: 'account', title: 'Account' },
    { label: 'aws_region', title: 'Region' },
    { label: 'monitor', title: 'Monitor' },
    { label: 'scope_id', title: 'Scope' },
  ];
}

/**
 * What is so now: a row for each series, those with the greatest first value on top, columns in the order given. Labels
 * that have no column are not shown.
 *
 * @param empty what the panel says when there are no rows.
 */
export function table(
  title: string,
  description: string,
  labels: readonly LabelColumn[],
  values: readonly ValueColumn[],
  empty: string,
): Table {
  const fields = values.map((_, index) => (values.length === 1 ? 'Value' : `Value #${refId(index)}`));
  const shown = fields.filter((_, index) => values[index]?.unit !== undefined);
  const columns = [...labels.map(({ label }) => label), ...shown];
  const titles = [...labels, ...values].map((column) => column.title);
  const names = [...labels.map(({ label }) => label), ...fields];
  const panel = new Table()
    .title(title)
    .description(description)
    .datasource(DATA_SOURCE)
    .targets(values.map(({ expression }, index) => instant(expression, index)))
    .withTransformation({ id: 'merge', options: {} })
    .withTransformation({ id: 'filterFieldsByName', options: { include: { names: columns } } })
    .withTransformation({
      id: 'organize',
      options: {
        indexByName: Object.fromEntries(columns.map((name, index) => [name, index])),
        renameByName: Object.fromEntries(names.map((name, index) => [name, titles[index]])),
      },
    })
    .cellHeight(TableCellHeight.Sm)
    .filterable(true)
    .noValue(empty)
    .colorScheme(fixed(COLORS.sky))
    .span(24)
    .height(9);
  for (const { label, link } of labels) {
    if (link !== undefined) {
      panel.overrideByName(label, [{ id: 'links', value: [link.build()] }]);
    }
  }
  values.forEach(({ unit, bar = false }, index) => {
    if (unit !== undefined) {
      panel.overrideByName(fields[index] ?? '', [{ id: 'unit', value: unit }, ...(bar ? BAR : [])]);
    }
  });
  const [first] = values;
  return first?.unit === undefined
    ? panel
    : panel.sortBy([new TableSortByFieldStateBuilder().displayName(first.title).desc(true)]);
}

const BAR: readonly DynamicConfigValue[] = [
  { id: 'custom.cellOptions', value: { type: TableCellDisplayMode.Gauge, mode: BarGaugeDisplayMode.Basic } },
  { id: 'min', value: 0 },
];

function instant(expression: string, index: number): DataqueryBuilder {
  return new DataqueryBuilder()
    .datasource(DATA_SOURCE)
    .expr(expression)
    .refId(refId(index))
    .instant()
    .format(PromQueryFormat.Table);
}
