import { PanelBuilder as BarGauge } from '@grafana/grafana-foundation-sdk/bargauge';
import {
  BarGaugeDisplayMode,
  BarGaugeNamePlacement,
  BigValueColorMode,
  BigValueGraphMode,
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
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries';
import { COLORS } from './colors.ts';
import type { State } from './state-sets.ts';
import { DATA_SOURCE } from './variables.ts';

/** An expression, and the legend of its series (Grafana's {{label}} template). */
export type Series = readonly [expression: string, legend: string];

/** A value for each series now, and what it was over the time range behind it. */
export function stat(title: string, description: string, ...series: readonly Series[]): Stat {
  return new Stat()
    .title(title)
    .description(description)
    .datasource(DATA_SOURCE)
    .targets(series.map(overTime))
    .reduceOptions(lastValue())
    .colorMode(BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.Area)
    .colorScheme(fixed(COLORS.sky))
    .noValue('none')
    .height(4);
}

/** The same for a number that should be 0. */
export function badIfAny(title: string, description: string, ...series: readonly Series[]): Stat {
  return stat(title, description, ...series)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .thresholds(steps(COLORS.green, [[1, COLORS.vermillion]]));
}

/** Lines, colored by their last value from blue (low) to red (high); the legend is sorted by it. */
export function timeSeries(title: string, description: string, ...series: readonly Series[]): TimeSeries {
  return new TimeSeries()
    .title(title)
    .description(description)
    .datasource(DATA_SOURCE)
    .targets(series.map(overTime))
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.ContinuousBlYlRd))
    .lineWidth(2)
    .fillOpacity(5)
    .showPoints(VisibilityMode.Auto)
    .axisSoftMin(0)
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .calcs(['lastNotNull', 'max'])
        .sortBy('Last *')
        .sortDesc(true),
    )
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
    .lineWidth(0)
    .fillOpacity(80);
  return colored(panel, colors);
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
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .showValue(VisibilityMode.Auto)
    .mergeValues(true)
    .fillOpacity(80)
    .lineWidth(0)
    .rowHeight(0.85)
    .perPage(20)
    .legend(new VizLegendOptionsBuilder().showLegend(false))
    .noValue('nothing yet')
    .span(12)
    .height(10);
}

/** A bar for each series, as it is now, the longest first where the expression sorts. */
export function bars(title: string, description: string, ...series: readonly Series[]): BarGauge {
  return new BarGauge()
    .title(title)
    .description(description)
    .datasource(DATA_SOURCE)
    .targets(series.map((each, index) => overTime(each, index).instant()))
    .reduceOptions(lastValue())
    .displayMode(BarGaugeDisplayMode.Basic)
    .orientation(VizOrientation.Horizontal)
    .namePlacement(BarGaugeNamePlacement.Top)
    .colorScheme(fixed(COLORS.sky))
    .min(0)
    .noValue('none')
    .span(6)
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
      .calculate(false)
      .yAxis(new YAxisConfigBuilder().unit('s'))
      // Viridis: of one order of lightness for everybody.
      .color(new HeatmapColorOptionsBuilder().mode(HeatmapColorMode.Scheme).scheme('Viridis').steps(64))
      .span(12)
      .height(9)
  );
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
