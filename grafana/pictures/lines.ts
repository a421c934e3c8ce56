import { byValue } from './colors.ts';
import { escaped } from './html.ts';
import { type AnsweredPanel, defaultsOf, override } from './panel-data.ts';
import { withUnit } from './units.ts';

/** What the page draws with uPlot. */
export interface Chart {
  /** Size of the parent element. */
  readonly id: string;
  readonly lines: readonly { readonly color: string }[];
  /** Times in seconds, and the values of each line at them. */
  readonly data: [times: number[], ...values: (number | null)[][]];
  /** Stacked bars in the place of lines. */
  readonly stacked: boolean;
  readonly range: readonly [from: number, to: number];
  /** Texts of the values' axis, from 0 on in equal steps. */
  readonly ticks: readonly { readonly value: number; readonly text: string }[];
}

/** Seconds between two values: as often as take.ts has the exporter scraped. */
const STEP = 5;
const LEGEND_ROWS = 5;

/** Lines or stacked bars, with their last and greatest values below, as Grafana's legend has them. */
export function lines({ panel, series, range }: AnsweredPanel): { readonly html: string; readonly chart: Chart } {
  const { unit, custom } = defaultsOf(panel);
  const stacked = custom?.drawStyle === 'bars';
  const times = Array.from({ length: Math.floor((range.to - range.from) / STEP) + 1 }, (_, i) => range.from + i * STEP);
  const shown = series
    .map(({ name, points: all }) => {
      // A quantile of no observations is not a number; Grafana shows a gap.
      const points = all.filter(({ value }) => Number.isFinite(value));
      const values = new Map(points.map(({ at, value }) => [Math.round(at - range.from), value]));
      return {
        name,
        values: times.map((at) => values.get(Math.round(at - range.from)) ?? null),
        last: points.at(-1)?.value ?? 0,
        max: Math.max(...points.map(({ value }) => value)),
      };
    })
    .filter(({ values }) => values.some((value) => value !== null))
    .sort((a, b) => b.last - a.last);
  const lasts = shown.map(({ last }) => last);
  const colored = shown.map((each) => {
    const fixed = override(panel, each.name, 'color');
    const color = isColor(fixed) ? fixed.fixedColor : byValue(each.last, Math.min(...lasts), Math.max(...lasts));
    return { ...each, color };
  });
  const sums = times.map((_, index) => shown.reduce((sum, { values }) => sum + (values[index] ?? 0), 0));
  const greatest = stacked ? Math.max(...sums) : Math.max(...shown.map(({ max }) => max));
  const rows = colored
    .slice(0, LEGEND_ROWS)
    .map(
      ({ name, color, last, max }) =>
        `<tr><td><i style="background: ${color}"></i>${escaped(name)}</td><td class="value">${escaped(withUnit(last, unit))}</td><td class="value">${escaped(withUnit(max, unit))}</td></tr>`,
    );
  const id = `chart-${panel.id}`;
  return {
    html: `<div class="chart" id="${id}"></div><table class="legend"><thead><tr><th>Name</th><th class="value">Last *</th><th class="value">Max</th></tr></thead><tbody>${rows.join('')}</tbody></table>`,
    chart: {
      id,
      lines: colored.map(({ color }) => ({ color })),
      data: [times, ...colored.map(({ values }) => values)],
      stacked,
      range: [range.from, range.to],
      ticks: ticksTo(greatest).map((value) => ({ value, text: withUnit(value, unit) })),
    },
  };
}

/** Round values from 0 to at least `greatest`: four or so. */
function ticksTo(greatest: number): number[] {
  const rough = (greatest || 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough) ?? rough;
  return Array.from({ length: Math.ceil((greatest || 1) / step) + 1 }, (_, index) => index * step);
}

function isColor(value: unknown): value is { readonly fixedColor: string } {
  return typeof value === 'object' && value !== null && 'fixedColor' in value;
}
