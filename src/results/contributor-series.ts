/** A series of a query's last results, of rows or of data points. */
export interface ContributorSeries {
  /** What it has beside the query's own labels, in the order of the exposition; none of the values is empty. */
  readonly labels: readonly (readonly [name: string, value: string])[];
  /** In the metric's base unit. */
  readonly value: number;
}

/** Bytes of the labels of all series of a query: 500 rows with all labels of usual lengths take a quarter. */
const MOST_LABEL_BYTES = 2 * 1024 * 1024;

/** The series of a query's last results that the cap of each query lets through. */
export interface CappedSeries {
  /** The worst first: by falling value, then by labels. No two have the same labels. */
  readonly series: readonly ContributorSeries[];
  /** How many the cap left out, and their size. */
  readonly dropped: number;
  /** How many of them were left out because the labels of all together are too large. */
  readonly tooLarge: number;
}

/**
 * The worst `max` of some series, given by texts that tell their labels apart; of equally bad ones the first by that
 * text. A high value is a bad one; of bytes, one that is worth knowing.
 */
export function worstOf(byLabels: ReadonlyMap<string, ContributorSeries>, max: number): CappedSeries {
  const worst = [...byLabels]
    .sort(([aLabels, a], [bLabels, b]) => b.value - a.value || (aLabels < bLabels ? -1 : 1))
    .slice(0, max)
    .map(([, each]) => each);
  let bytes = 0;
  const large = worst.findIndex(({ labels }) => {
    for (const [name, value] of labels) {
      bytes += name.length + Buffer.byteLength(value);
    }
    return bytes > MOST_LABEL_BYTES;
  });
  const series = large === -1 ? worst : worst.slice(0, large);
  return { series, dropped: byLabels.size - series.length, tooLarge: worst.length - series.length };
}
