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

  add(target: Target, more: Partial<ReadCounts>): void {
    const { requested, missed } = this.of(target);
    const counts = { requested: requested + (more.requested ?? 0), missed: missed + (more.missed ?? 0) };
    this.#counts.set(target, counts);
  }

  remove(target: Target): void {
    this.#counts.delete(target);
  }
}
