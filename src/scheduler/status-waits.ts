/** Waits between requests for the status of one query: quick at first, as most end within seconds, then ever slower. */
export interface StatusWaits {
  /** Milliseconds. */
  readonly first: number;
  /** Each wait is so many times the one before. */
  readonly growth: number;
  /** Milliseconds. */
  readonly longest: number;
}

/** The waits of all who follow a query that was started, by who waits for its end. */
export const STATUS_WAITS: Readonly<Record<'run' | 'terminal', StatusWaits>> = {
  /** A run: its requests are of a budget that it shares with many. */
  run: { first: 1_000, growth: 1.5, longest: 15_000 },
  /** Somebody at a terminal. */
  terminal: { first: 500, growth: 1.4, longest: 5_000 },
};

/** The wait that comes after one of `wait` milliseconds. */
export function waitAfter({ growth, longest }: StatusWaits, wait: number): number {
  return Math.min(wait * growth, longest);
}
