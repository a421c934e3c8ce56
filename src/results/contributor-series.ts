import { withinBytes } from './kept-rows.ts';

/** A series of a query's last results, from rows or data points. */
export interface ContributorSeries {
  /** Labels beside those of the query, in the order of the exposition, without empty values. */
  readonly labels: readonly (readonly [name: string, value: string])[];
  /** In the metric's base unit. */
  readonly value: number;
}

/** Maximum number of bytes of the labels of a query's series. 500 rows with all labels usually use a quarter of it. */
const MOST_LABEL_BYTES = 2 * 1024 * 1024;

/** The series of a query's last results within the limit per query. */
export interface LimitedSeries {
  /** In descending order of values, then by labels. No two series have the same labels. */
  readonly series: readonly ContributorSeries[];
  /** Number of series that the limits on number and size exclude. */
  readonly dropped: number;
  /** Number of these that the limit on the size of all labels excludes. */
  readonly tooLarge: number;
}

/** Returns the `max` series with the highest values. Equal values are ordered by the texts that identify the labels. */
export function worstOf(byLabels: ReadonlyMap<string, ContributorSeries>, max: number): LimitedSeries {
  const worst = [...byLabels]
    .sort(([aLabels, a], [bLabels, b]) => b.value - a.value || (aLabels < bLabels ? -1 : 1))
    .slice(0, max)
    .map(([, each]) => each);
  const series = withinBytes(MOST_LABEL_BYTES, worst, ({ labels }) =>
    labels.reduce((sum, [name, value]) => sum + name.length + Buffer.byteLength(value), 0),
  );
  return { series, dropped: byLabels.size - series.length, tooLarge: worst.length - series.length };
}
