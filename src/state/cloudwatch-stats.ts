import type { Target } from '../scheduler/target.ts';

export interface ReadCounts {
  /** Metrics requested: the billed unit. */
  readonly requested: number;
  /** Periods of metrics that no read has covered. */
  readonly missed: number;
}

const NONE: ReadCounts = { requested: 0, missed: 0 };

/** Counts the reads from CloudWatch in each target. */
export class CloudwatchStats {
  readonly #counts = new Map<Target, ReadCounts>();

  of(target: Target): ReadCounts {
    return this.#counts.get(target) ?? NONE;
  }

  requested(target: Target, metrics: number): void {
    const { requested, missed } = this.of(target);
    this.#counts.set(target, { requested: requested + metrics, missed });
  }

  missed(target: Target, periods: number): void {
    const { requested, missed } = this.of(target);
    this.#counts.set(target, { requested, missed: missed + periods });
  }

  remove(target: Target): void {
    this.#counts.delete(target);
  }
}
