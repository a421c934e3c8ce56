import type { Schedule } from '../model/query.ts';
import type { Span } from '../model/run.ts';

/**
 * Spans that are remembered. There is more than one only if the wall clock has jumped, or a process was down for longer than
 * a window.
 */
const MOST_SPANS = 16;

/** The spans with those of the windows from `first` to `last` added. The oldest addition is dropped if there are too many. */
export function cover(spans: readonly Span[], schedule: Schedule, first: number, last: number): readonly Span[] {
  let start = (first - 1) * schedule.every;
  let end = last * schedule.every;
  const apart: Span[] = [];
  for (const span of spans) {
    if (span.end < start || span.start > end) {
      apart.push(span);
    } else {
      start = Math.min(start, span.start);
      end = Math.max(end, span.end);
    }
  }
  return [...apart, { start, end }].slice(-MOST_SPANS);
}

/** Whether a window brings nothing new: spans, maybe of windows of another schedule, cover it or a part of it. */
export function covers(spans: readonly Span[], schedule: Schedule, n: number): boolean {
  const end = n * schedule.every;
  const fresh = end - Math.min(schedule.lookback, schedule.every);
  return spans.some((span) => fresh < span.end && end > span.start);
}

/** The first window from `n` on that brings something new. */
export function nextUncovered(spans: readonly Span[], schedule: Schedule, n: number): number {
  let next = n;
  for (const { start, end } of [...spans].sort((a, b) => a.start - b.start)) {
    if (covers([{ start, end }], schedule, next)) {
      next = newestCovered(schedule, end) + 1;
    }
  }
  return next;
}

/** The newest window of a schedule that brings nothing new if others, maybe of another schedule, end at `until`. */
export function newestCovered({ every, lookback }: Schedule, until: number): number {
  return Math.ceil((until + Math.min(lookback, every)) / every) - 1;
}
