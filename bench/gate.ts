import { readFileSync } from 'node:fs';

export type RatioName = 'poll ÷ bare call' | 'scrape ÷ prom-client' | 'longest block of a reload ÷ calibrated loop';

/** The committed limit of a ratio. */
export interface Bound {
  /** The median of ten runs, for comparison. */
  readonly measured: number;
  readonly atMost: number;
}

export type Bounds = Readonly<Record<RatioName, Bound>>;

/** Multiple of its own CPU time that `--plant` adds to what is measured. The result must exceed every bound. */
export const PLANTED = 3;

/** @param file `bench/bounds.json` */
export function readBounds(file: string | URL): Bounds {
  return JSON.parse(readFileSync(file, 'utf8')); // the type is checked by test/bench/gate.test.ts
}

/** Returns true if a ratio is within its bound. NaN is not. */
export function isWithin({ atMost }: Bound, ratio: number): boolean {
  return ratio <= atMost;
}
