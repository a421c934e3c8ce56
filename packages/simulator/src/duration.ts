import { LONGEST_TIMER_MS } from './clock.ts';
import { type Reader, scalar } from './fields.ts';

const UNITS: readonly (readonly [unit: string, milliseconds: number])[] = [
  ['w', 604_800_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
];
const PATTERN = new RegExp(`^${UNITS.map(([unit]) => `(?:(\\d+)${unit})?`).join('')}$`);

/**
 * Milliseconds of a duration as Prometheus writes it (`30s`, `1h30m`, `500ms`, units falling, each at most once; `0`)
 * or of a number of seconds (fractions allowed). `undefined` for anything else, negative or longer than 24 days.
 */
function parseDuration(value: unknown): number | undefined {
  if (typeof value === 'number') {
    return inRange(Math.round(value * 1000));
  }
  if (value === '0') {
    return 0;
  }
  const amounts = typeof value === 'string' && value !== '' ? PATTERN.exec(value)?.slice(1) : undefined;
  return amounts && inRange(UNITS.reduce((sum, [, ms], i) => sum + Number(amounts[i] ?? 0) * ms, 0));
}

function inRange(ms: number): number | undefined {
  return ms >= 0 && ms <= LONGEST_TIMER_MS ? ms : undefined;
}

export const readDuration: Reader<number> = scalar(
  'a duration such as 30s or 1h30m, or a number of seconds, at most 24d',
  parseDuration,
);
