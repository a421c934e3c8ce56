/** Waits in milliseconds: short at first, because most queries end within seconds, then increasing by a factor. */
interface StatusWaits {
  readonly first: number;
  readonly growth: number;
  readonly longest: number;
}

/** Waits between polls of one query by who follows it: a scheduled run, which shares the request budget, or a user. */
export const STATUS_WAITS: Readonly<Record<'run' | 'terminal', StatusWaits>> = {
  run: { first: 1_000, growth: 1.5, longest: 15_000 },
  terminal: { first: 500, growth: 1.4, longest: 5_000 },
};

export function waitAfter({ growth, longest }: StatusWaits, wait: number): number {
  return Math.min(wait * growth, longest);
}
