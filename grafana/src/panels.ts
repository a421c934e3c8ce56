import { PanelBuilder as BarGauge } from '@grafana/grafana-foundation-sdk/bargauge';
import {
  BarGaugeDisplayMode,
  BarGaugeNamePlacement,
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  FieldColorBuilder,
  FieldColorModeId,
  MappingType,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard';
import {
  PanelBuilder as Heatmap,
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  YAxisConfigBuilder,
} from '@grafana/grafana-foundation-sdk/heatmap';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as StateTimeline } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as Text, TextMode } from '@grafana/grafana-foundation-sdk/text';
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries';
import { COLORS } from './colors.ts';
import { EXPORTER_UP } from './promql.ts';
import { EXPORTER_STATES, type State } from './state-sets.ts';
import { DATA_SOURCE } from './variables.ts';

/** Text of a panel without series. */
export const NO_DATA = 'no data';

/** An expression, and the legend of its series (Grafana's {{label}} template). */
export type Series = readonly [expression: string, legend: string];

/** A value for each series now; gray if there is none. A range would show the last value of an exporter that has stopped. */
export function stat(title: string, description: string, ...series: readonly Series[]): Stat {
  return new Stat()
    .title(title)
    .description(description)
    .datasource(DATA_SOURCE)
    .targets(series.map(now))
    .reduceOptions(lastValue())
    .colorMode(BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.None)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .thresholds(steps(COLORS.grey, [[0, COLORS.sky]]))
    .noValue(NO_DATA)
    .height(4);
}

/** The same for a number that should be 0. */
export function badIfAny(title: string, description: string, ...series: readonly Series[]): Stat {
  return stat(title, description, ...series).thresholds(
    steps(COLORS.grey, [
      [0, COLORS.green],
      [1, COLORS.vermillion],
    ]),
  );
}

/** A tile for each exporter, which is there if the exporter is not. */
export function exporters(): Stat {
  return stat(
    'Exporters',
    'Result of the last scrape of each exporter that was seen in the last day. GONE: Prometheus stopped scraping it in the last 15 minutes.',
    [EXPORTER_UP, '{{instance}}'],
  )
    .mappings([mapping(EXPORTER_STATES, 0)])
    .textMode(BigValueTextMode.ValueAndName)
    .noValue('no exporter');
}

/** Lines, each with a color of its own; the legend is sorted by their last values. */
export function timeSeries(title: string, description: string, ...series: readonly Series[]): TimeSeries {
  return new TimeSeries()
    .title(title)
    .description(description)
    .datasource(DATA_SOURCE)
    .targets(series.map(overTime))
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic))
    .lineWidth(2)
    .fillOpacity(5)
    .showPoints(VisibilityMode.Auto)
    .axisSoftMin(0)
    .noValue(NO_DATA)
    .legend(legendTable().calcs(['last', 'max']).sortBy('Last').sortDesc(true))
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending).hideZeros(true))
    .span(12)
    .height(9);
}

/** Stacked bars: a few categories with a common sum, each with its own color. */
export function stackedBars(
  title: string,
  description: string,
  colors: readonly State[],
  ...series: readonly Series[]
): TimeSeries {
  const panel = timeSeries(title, description, ...series)
    .drawStyle(GraphDrawStyle.Bars)
    .stacking(new StackingConfigBuilder().mode(StackingMode.Normal))
    // Grafana adds empty values after the last bar: the last value would always be missing.
    .legend(legendTable().calcs(['lastNotNull', 'max']).sortBy('Last *').sortDesc(true))
    .lineWidth(0)
    .fillOpacity(80);
  return colored(panel, colors);
}

/** Shows the series of some queries, named by letter, as limits: what the other lines should stay below. */
export function limits(panel: TimeSeries, ...refIds: readonly string[]): TimeSeries {
  for (const id of refIds) {
    panel.overrideByQuery(id, [
      { id: 'color', value: { mode: 'fixed', fixedColor: COLORS.grey } },
      { id: 'custom.lineStyle', value: { fill: 'dash', dash: [10, 10] } },
      { id: 'custom.fillOpacity', value: 0 },
    ]);
  }
  return panel;
}

/** Bars that count the events of each minute or longer; `perInterval` counts them. The legend shows their sums. */
export function countedBars(
  title: string,
  description: string,
  colors: readonly State[],
  ...series: readonly Series[]
): TimeSeries {
  return (
    stackedBars(title, description, colors, ...series)
      .interval('1m')
      // Prometheus extrapolates: a single event can be 0.97.
      .decimals(0)
      .legend(legendTable().calcs(['sum']).sortBy('Total').sortDesc(true))
  );
}

/** Lines with a color per name. */
export function colored(panel: TimeSeries, colors: readonly State[]): TimeSeries {
  for (const { name, color } of colors) {
    panel.overrideByName(name, [{ id: 'color', value: { mode: 'fixed', fixedColor: color } }]);
  }
  return panel;
}

/**
 * A band for each thing, with the names of the states that it was in.
 *
 * @param states the meanings of the values of the series, counted from 1.
 */
export function stateTimeline(
  title: string,
  description: string,
  states: readonly State[],
  ...series: readonly Series[]
): StateTimeline {
  return new StateTimeline()
    .title(title)
    .description(description)
    .datasource(DATA_SOURCE)
    .targets(series.map(overTime))
    .mappings([mapping(states, 1)])
    .colorScheme(fixed(COLORS.grey))
    .showValue(VisibilityMode.Auto)
    .mergeValues(true)
    .fillOpacity(80)
    .lineWidth(0)
    .rowHeight(0.85)
    .perPage(20)
    .legend(new VizLegendOptionsBuilder().showLegend(false))
    .noValue(NO_DATA)
    .span(12)
    .height(10);
}

/** A bar for each series, as it is now, the longest first where the expression sorts. */
export function bars(title: string, description: string, ...series: readonly Series[]): BarGauge {
  return new BarGauge()
    .title(title)
    .description(description)
    .datasource(DATA_SOURCE)
    .targets(series.map(now))
    .reduceOptions(lastValue())
    .displayMode(BarGaugeDisplayMode.Basic)
    .orientation(VizOrientation.Horizontal)
    .namePlacement(BarGaugeNamePlacement.Left)
    .colorScheme(fixed(COLORS.sky))
    .min(0)
    .noValue(NO_DATA)
    .span(12)
    .height(10);
}

/** How many observations fell into each bucket of a histogram over time; the darker, the more. */
export function heatmap(title: string, description: string, expression: string): Heatmap {
  return (
    new Heatmap()
      .title(title)
      .description(description)
      .datasource(DATA_SOURCE)
      .targets([overTime([expression, '{{le}}'], 0).format(PromQueryFormat.Heatmap)])
      .noValue(NO_DATA)
      .calculate(false)
      .yAxis(new YAxisConfigBuilder().unit('s'))
      // Viridis: of one order of lightness for everybody.
      .color(new HeatmapColorOptionsBuilder().mode(HeatmapColorMode.Scheme).scheme('Viridis').steps(64))
      .span(12)
      .height(9)
  );
}

/** A text that is always visible, in Markdown. */
export function text(title: string, markdown: string): Text {
  return new Text().title(title).mode(TextMode.Markdown).content(markdown);
}

/** Maps numbers, counted from `first`, to the names and colors of states. */
export function mapping(states: readonly State[], first: number): ValueMapping {
  const options = states.map(({ name, color }, index) => [index + first, { text: name, color, index }]);
  return { type: MappingType.ValueToText, options: Object.fromEntries(options) };
}

export function fixed(color: string): FieldColorBuilder {
  return new FieldColorBuilder().mode(FieldColorModeId.Fixed).fixedColor(color);
}

function steps(base: string, further: readonly (readonly [from: number, color: string])[]): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps([{ value: null, color: base }, ...further.map(([value, color]) => ({ value, color }))]);
}

function lastValue(): ReduceDataOptionsBuilder {
  return new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false);
}

function legendTable(): VizLegendOptionsBuilder {
  return new VizLegendOptionsBuilder()
    .showLegend(true)
    .displayMode(LegendDisplayMode.Table)
    .placement(LegendPlacement.Bottom);
}

function now(series: Series, index: number): DataqueryBuilder {
  return overTime(series, index).instant();
}

function overTime([expression, legend]: Series, index: number): DataqueryBuilder {
  return new DataqueryBuilder()
    .datasource(DATA_SOURCE)
    .expr(expression)
    .legendFormat(legend)
    .refId(refId(index))
    .range();
}

/** A, B, C …: what Grafana calls the queries of a panel. */
export function refId(index: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + index);
}
