import type { Panel, PanelQuery } from '../../test/support/dashboard-files.ts';
import type { Prometheus } from '../../test/support/prometheus.ts';

/** From when to when a picture shows, in seconds since the epoch. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

export type Labels = Readonly<Record<string, string>>;

/** A series of a range query or of an instant query: times in milliseconds since the epoch. */
export interface Series {
  readonly refId: string;
  /** What the legend shows. */
  readonly name: string;
  readonly labels: Labels;
  readonly times: readonly number[];
  /** Null if there is none at that time: lines have a gap there. */
  readonly values: readonly (number | null)[];
}

/** A panel with the results of its queries. */
export interface AnsweredPanel {
  readonly panel: Panel;
  /** The interval between two points of a range query, in milliseconds. */
  readonly step: number;
  readonly series: readonly Series[];
}

/** What the page draws. */
export interface PageInput {
  readonly panels: readonly AnsweredPanel[];
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
}

/** The interval between two points of a panel as Grafana computes it: its least interval, and not below one scrape. */
export function stepOf({ interval }: Panel, scrapeSeconds: number): number {
  const [, minutes] = /^(\d+)m$/.exec(interval ?? '') ?? [];
  return minutes === undefined ? scrapeSeconds : Number(minutes) * 60;
}

/** Runs all queries of one panel. */
export async function answered(
  panel: Panel,
  queries: readonly PanelQuery[],
  prometheus: Pick<Prometheus, 'query' | 'queryRange'>,
  { from, to }: TimeRange,
  step: number,
): Promise<AnsweredPanel> {
  const series: Series[] = [];
  for (const { refId, expression, instant, legend } of queries) {
    if (instant) {
      const samples = await prometheus.query(expression);
      series.push(
        ...samples.map(({ labels, value }) => ({
          refId,
          name: nameOf(labels, legend),
          labels,
          times: [to * 1_000],
          values: [value],
        })),
      );
    } else {
      const [first, last] = [Math.floor(from / step) * step, Math.floor(to / step) * step];
      const found = await prometheus.queryRange(expression, first, last, step);
      const times = Array.from({ length: (last - first) / step + 1 }, (_, index) => first + index * step);
      series.push(
        ...found.map(({ labels, points }) => {
          const values = new Map(points.map(({ at, value }) => [at, value]));
          return {
            refId,
            name: nameOf(labels, legend),
            labels,
            times: times.map((at) => at * 1_000),
            values: times.map((at) => values.get(at) ?? null),
          };
        }),
      );
    }
  }
  return { panel, step: step * 1_000, series };
}

function nameOf(labels: Labels, legend: string): string {
  return legend.replace(/\{\{(\w+)\}\}/g, (_, label: string) => labels[label] ?? '');
}
