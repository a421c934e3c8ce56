import { RUN_OUTCOMES, type RunOutcome } from '../model/run.ts';

/** How many runs are kept of a query. */
export const RECENT_RUNS = 20;

/** A run that has ended, or windows that passed without one. */
export interface EndedRun {
  readonly outcome: RunOutcome;
  /** When that was seen, in milliseconds since the epoch. */
  readonly at: number;
  /** From the request to start it to its terminal status, in milliseconds; undefined where it came to none. */
  readonly duration: number | undefined;
}

/** Numbers kept of each run: the outcome's place in `RUN_OUTCOMES`, its time, its duration or NaN. */
const NUMBERS = 3;

/** The last runs of one query, in half a kilobyte: as objects those of 10,000 queries would take tens of megabytes. */
export class RecentRuns {
  /** A ring; there once a run has ended. */
  #ring: Float64Array | undefined;
  #count = 0;

  add({ outcome, at, duration }: EndedRun): void {
    this.#ring ??= new Float64Array(RECENT_RUNS * NUMBERS);
    const place = (this.#count % RECENT_RUNS) * NUMBERS;
    this.#ring.set([RUN_OUTCOMES.indexOf(outcome), at, duration ?? Number.NaN], place);
    this.#count += 1;
  }

  /** How many were added, those that are no longer kept included: it changes with each. */
  get count(): number {
    return this.#count;
  }

  /** The oldest first. */
  list(): EndedRun[] {
    const runs: EndedRun[] = [];
    for (let i = Math.max(0, this.#count - RECENT_RUNS); i < this.#count; i += 1) {
      const place = (i % RECENT_RUNS) * NUMBERS;
      const [outcome = 0, at = 0, duration = Number.NaN] = this.#ring?.subarray(place, place + NUMBERS) ?? [];
      runs.push({
        outcome: RUN_OUTCOMES[outcome] ?? 'skipped',
        at,
        duration: Number.isNaN(duration) ? undefined : duration,
      });
    }
    return runs;
  }
}
