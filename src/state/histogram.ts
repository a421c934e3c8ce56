/** Observations by the bounds of their buckets. */
export class Histogram {
  /** Upper bounds of the buckets, rising; one more bucket is beyond them. */
  readonly bounds: readonly number[];
  /** Observations in each bucket, not cumulative. */
  readonly counts: number[];
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    const index = this.bounds.findIndex((bound) => value <= bound);
    const bucket = index === -1 ? this.bounds.length : index;
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.sum += value;
  }
}
