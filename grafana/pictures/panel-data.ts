import type { FieldDefaults, Panel, PanelQuery } from '../../test/support/dashboard-files.ts';
import type { InstantSample, Prometheus, RangeSeries } from '../../test/support/prometheus.ts';

/** From when to when a picture shows, in seconds since the epoch. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

export interface NamedSeries extends RangeSeries {
  /** What the legend has for it. */
  readonly name: string;
}

/** A panel with the results of its queries: range queries, and instant queries by letter. */
export interface AnsweredPanel {
  readonly panel: Panel;
  readonly range: TimeRange;
  readonly series: readonly NamedSeries[];
  readonly now: ReadonlyMap<string, readonly (InstantSample & { readonly name: string })[]>;
}

/** Runs all queries of one panel. */
export async function answered(
  panel: Panel,
  queries: readonly PanelQuery[],
  prometheus: Pick<Prometheus, 'query' | 'queryRange'>,
  range: TimeRange,
): Promise<AnsweredPanel> {
  const series: NamedSeries[] = [];
  const now = new Map<string, (InstantSample & { readonly name: string })[]>();
  for (const { refId, expression, instant, legend } of queries) {
    const named = <T extends Pick<InstantSample, 'labels'>>(each: T) => ({
      ...each,
      name: nameOf(each.labels, legend),
    });
    if (instant) {
      now.set(refId, (await prometheus.query(expression)).map(named));
    } else {
      series.push(...(await prometheus.queryRange(expression, range.from, range.to)).map(named));
    }
  }
  return { panel, range, series, now };
}

export function defaultsOf({ fieldConfig }: Panel): FieldDefaults {
  return fieldConfig?.defaults ?? {};
}

/** The value of an override for one field; undefined if it has none. */
export function override({ fieldConfig }: Panel, field: string, property: string): unknown {
  return fieldConfig?.overrides
    .filter(({ matcher }) => matcher.options === field)
    .flatMap(({ properties }) => properties)
    .find(({ id }) => id === property)?.value;
}

function nameOf(labels: Readonly<Record<string, string>>, legend: string): string {
  return legend.replace(/\{\{(\w+)\}\}/g, (_, label: string) => labels[label] ?? '');
}
