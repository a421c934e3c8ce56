import { createHash } from 'node:crypto';
import type { Schedule } from '../model/query.ts';
import type { Window } from '../model/run.ts';

/** Due times of one schedule are spread over at most this. */
const LARGEST_OFFSET_MS = 300_000;

export function windowOf({ every, lookback }: Schedule, n: number): Window {
  return { n, start: n * every - lookback, end: n * every };
}

/** When the run of window n is due. */
export function dueAt({ every, delay }: Schedule, n: number, offset: number): number {
  return n * every + delay + offset;
}

/** The newest window whose data should have landed at `now`, whatever its offset: what a start runs at once. */
export function newestWindow({ every, delay }: Schedule, now: number): number {
  return Math.floor((now - delay) / every);
}

/** The newest window that is due at `now`. */
export function newestDue(schedule: Schedule, now: number, offset: number): number {
  return newestWindow(schedule, now - offset);
}

/** A query's own fixed place after the moment at which all of its schedule would be due, in milliseconds. */
export function offsetOf(name: string, { every }: Schedule): number {
  const drawn = createHash('sha256').update(name).digest().readUInt32BE(0) / 2 ** 32;
  return Math.floor(drawn * Math.min(every / 2, LARGEST_OFFSET_MS));
}
