import { RUN_OUTCOMES, type RunOutcome } from '../model/run.ts';

/** Number of runs to keep per query. */
export const RECENT_RUNS = 20;

/** An ended run, or skipped windows. */
export interface EndedRun {
  readonly outcome: RunOutcome;
  /** Time at which that was seen, in milliseconds since the epoch. */
  readonly at: number;
  /** Milliseconds from the start request to the terminal status; undefined without a terminal status. */
  readonly duration: number | undefined;
}

/** Numbers per run: index of the outcome in `RUN_OUTCOMES`, time, and duration or NaN. */
const NUMBERS = 3;

/** The last runs of one query in half a kilobyte. As objects, those of 10,000 queries would use tens of megabytes. */
export class RecentRuns {
  /** A ring. Undefined before the first run has ended. */
  #ring: Float64Array | undefined;
  #count = 0;

  add({ outcome, at, duration }: EndedRun): void {
    this.#ring ??= new Float64Array(RECENT_RUNS * NUMBERS);
    const place = (this.#count % RECENT_RUNS) * NUMBERS;
    this.#ring.set([RUN_OUTCOMES.indexOf(outcome), at, duration ?? Number.NaN], place);
    this.#count += 1;
  }

  /** Number of all added runs, including those that are no longer kept. */
  get count(): number {
    return this.#count;
  }

  /** Returns the kept runs, the oldest first. */
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
