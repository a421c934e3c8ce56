import type UPlot from 'uplot';
import type { Chart } from './lines.ts';

/** uPlot's script makes this name in the page. */
declare const uPlot: typeof UPlot;

export interface Drawing {
  readonly charts: readonly Chart[];
  /** Colors. */
  readonly text: string;
  readonly grid: string;
}

/** Runs in the page, without access to the rest of this file. */
export function draw({ charts, text, grid }: Drawing): void {
  for (const { id, lines, data, stacked, range, ticks } of charts) {
    const element = document.getElementById(id);
    if (element === null) {
      throw new Error(`no element ${id}`);
    }
    const [times, ...values] = data;
    // Each bar covers the lower part of the ones stacked on it, so the highest is drawn first.
    const sums = values.map((_, line) =>
      times.map((_, at) => values.slice(0, line + 1).reduce((sum, each) => sum + (each[at] ?? 0), 0)),
    );
    const bars = uPlot.paths.bars?.({ size: [1] });
    const series: UPlot.Series[] = lines.map(({ color }) =>
      stacked && bars !== undefined
        ? { stroke: color, fill: color, width: 0, points: { show: false }, paths: bars }
        : { stroke: color, width: 2, points: { show: false }, spanGaps: false },
    );
    const axis = { stroke: text, font: '11px sans-serif', grid: { stroke: grid, width: 1 }, ticks: { show: false } };
    const options: UPlot.Options = {
      width: element.clientWidth,
      height: element.clientHeight,
      legend: { show: false },
      cursor: { show: false },
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), 'UTC'),
      scales: {
        x: { time: true, range: () => [range[0], range[1]] },
        y: { range: () => [0, ticks.at(-1)?.value ?? 1] },
      },
      axes: [
        { ...axis, values: '{HH}:{mm}', incrs: [60, 300, 900], size: 24 },
        {
          ...axis,
          size: 70,
          splits: () => ticks.map(({ value }) => value),
          values: () => ticks.map((tick) => tick.text),
        },
      ],
      series: [{}, ...(stacked ? series.toReversed() : series)],
    };
    new uPlot(options, [times, ...(stacked ? sums.toReversed() : values)], element);
  }
}
