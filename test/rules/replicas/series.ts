/** A sample of a series in a test of promtool. `_`: none; `stale`: the series ends. */
export type Sample = number | '_' | 'stale';

const FORM = /^(?:(_)|(stale)|([+-]?[\d.e]+(?:e[+-]\d+)?|NaN|[+-]?Inf)(?:([+-])([\d.e-]+))?)(?:x(\d+))?$/;

/**
 * Returns the samples of a series in the notation of promtool, one for each interval.
 *
 * @throws Error for a form that no test uses
 */
export function samplesOf(notation: string): readonly Sample[] {
  return notation.trim().split(/\s+/).flatMap(expand);
}

function expand(token: string): readonly Sample[] {
  const [, none, stale, first, sign, step, times] = FORM.exec(token) ?? [];
  if (none !== undefined) {
    return Array.from({ length: Number(times ?? 1) }, () => '_' as const);
  }
  if (stale !== undefined) {
    return ['stale'];
  }
  if (first === undefined) {
    throw new Error(`unknown form of samples: ${token}`);
  }
  const change = step === undefined ? 0 : Number(`${sign}${step}`);
  return Array.from({ length: Number(times ?? 0) + 1 }, (_, index) => Number(first) + index * change);
}

/** Returns samples in the notation of promtool. */
export function notationOf(samples: readonly Sample[]): string {
  return samples.map((sample) => (typeof sample === 'number' ? Number(sample.toPrecision(15)) : sample)).join(' ');
}
