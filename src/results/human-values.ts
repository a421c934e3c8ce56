import type { BaseUnit } from './units.ts';

/** A unit's size in the base unit, the largest first. Prefixes are decimal, as the service's are. */
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

/**
 * A value for people: `12.3 ms`, `4.56 GB`, `1,234`; times and bytes with three digits that count, counts with all.
 *
 * @param value in `unit`, 0 or more
 * @param unit undefined where it is not known
 */
export function humanValue(value: number, unit: BaseUnit | undefined): string {
  if (unit === undefined || unit === 'count') {
    return numberFormats().count.format(value);
  }
  const scales = SCALES[unit];
  // 999.9 B are 1 kB with three digits: the unit is chosen for what is shown.
  const fitting = scales.find(([size]) => Number((value / size).toPrecision(3)) >= 1);
  const [size, name] = fitting ?? scales.at(-1) ?? [1, ''];
  return `${numberFormats().plain.format(value / size)} ${name}`;
}
