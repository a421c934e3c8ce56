/** Waits between polls of one query: short at first, because most queries end within seconds, then increasing. */
export interface StatusWaits {
  readonly first: number;
  /** Factor from one wait to the next. */
  readonly growth: number;
  readonly longest: number;
}

/** Waits by who follows a started query. */
export const STATUS_WAITS: Readonly<Record<'run' | 'terminal', StatusWaits>> = {
  /** A scheduled run, which shares the request budget with others. */
  run: { first: 1_000, growth: 1.5, longest: 15_000 },
  /** A user at a terminal. */
  terminal: { first: 500, growth: 1.4, longest: 5_000 },
};

export function waitAfter({ growth, longest }: StatusWaits, wait: number): number {
  return Math.min(wait * growth, longest);
}
