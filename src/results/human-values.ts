import type { BaseUnit } from './units.ts';

/** Sizes of units in the base unit, the largest first. Prefixes are decimal, like those of the service. */
const SCALES: Readonly<Record<Exclude<BaseUnit, 'count'>, readonly (readonly [size: number, unit: string])[]>> = {
  seconds: [
    [1, 's'],
    [1e-3, 'ms'],
    [1e-6, 'µs'],
  ],
  bytes: [
    [1e15, 'PB'],
    [1e12, 'TB'],
    [1e9, 'GB'],
    [1e6, 'MB'],
    [1e3, 'kB'],
    [1, 'B'],
  ],
};

/** Created at first use: the data that Intl loads takes 10 ms of a start. */
let formats: { readonly count: Intl.NumberFormat; readonly plain: Intl.NumberFormat } | undefined;

function numberFormats(): NonNullable<typeof formats> {
  formats ??= {
    count: new Intl.NumberFormat('en-US', { maximumFractionDigits: 2 }),
    plain: new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 }),
  };
  return formats;
}

/** Formats a value per second for users, with three significant digits: `4.56 MB/s`, `0.0123/s`. */
export function humanRate(value: number, unit: BaseUnit): string {
  return `${unit === 'count' ? numberFormats().plain.format(value) : humanValue(value, unit)}/s`;
}

/** Formats a value of 0 or more for users: `12.3 ms`, `4.56 GB`, `1,234`. Counts have all digits, others three. */
export function humanValue(value: number, unit: BaseUnit | undefined): string {
  if (unit === undefined || unit === 'count') {
    return numberFormats().count.format(value);
  }
  const scales = SCALES[unit];
  // 999.9 B is 1 kB with three digits: the rounded value determines the unit.
  const fitting = scales.find(([size]) => Number((value / size).toPrecision(3)) >= 1);
  const [size, name] = fitting ?? scales.at(-1) ?? [1, ''];
  return `${numberFormats().plain.format(value / size)} ${name}`;
}
