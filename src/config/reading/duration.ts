const UNITS = [
  ['y', 365 * 24 * 3_600_000],
  ['w', 7 * 24 * 3_600_000],
  ['d', 24 * 3_600_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const;

const PATTERN = new RegExp(`^${UNITS.map(([unit]) => `(?:(\\d+)${unit})?`).join('')}$`);

/**
 * Milliseconds of a Prometheus duration: numbers with units, each at most once, from the largest to the smallest
 * (`1h30m`, `90s`, `500ms`), or `0`. Undefined for anything else, and beyond 2^53 milliseconds.
 * A day has 24 hours and a year 365 days, as in Prometheus.
 */
export function parseDuration(text: string): number | undefined {
  if (text === '0') {
    return 0;
  }
  const amounts = PATTERN.exec(text)?.slice(1);
  if (amounts === undefined || text === '') {
    return undefined;
  }
  const total = UNITS.reduce((sum, [, ms], index) => sum + Number(amounts[index] ?? 0) * ms, 0);
  return Number.isSafeInteger(total) ? total : undefined;
}

/**
 * The Prometheus duration for a whole number of milliseconds, 0 or more, as Prometheus itself prints it: years, weeks
 * and days only where they come out even (`90m` is `1h30m`, 36 hours are `36h`).
 */
export function formatDuration(ms: number): string {
  if (ms === 0) {
    return '0s';
  }
  let rest = ms;
  let text = '';
  for (const [unit, size] of UNITS) {
    const onlyWhole = size >= 24 * 3_600_000;
    if (rest >= size && !(onlyWhole && rest % size !== 0)) {
      text += `${Math.floor(rest / size)}${unit}`;
      rest %= size;
    }
  }
  return text;
}
