/** Requests as the simulator saw them, in order. All lists have the same length; times are milliseconds since the epoch. */
export interface RequestTimes {
  /** When each was seen. */
  readonly at: readonly number[];
  /** The earliest moment at which each can have come: it is seen late when the simulator was held up. */
  readonly earliest: readonly number[];
  readonly queryIds: readonly string[];
}

/** The requests that were seen at or after `from` and before `to`, in milliseconds since the epoch. */
export function between({ at, earliest, queryIds }: RequestTimes, from: number, to: number): RequestTimes {
  const inside = (_: unknown, i: number) => (at[i] ?? 0) >= from && (at[i] ?? 0) < to;
  return { at: at.filter(inside), earliest: earliest.filter(inside), queryIds: queryIds.filter(inside) };
}

/** How many requests were seen in the fullest second, wherever it begins. */
export function mostSeenInASecond({ at }: RequestTimes): number {
  return mostInASecond(at, at);
}

/** How many requests came in the fullest second at the least, as some of those seen in it can have come before it. */
export function mostSurelyInASecond({ at, earliest }: RequestTimes): number {
  return mostInASecond(earliest, at);
}

/** The most requests of which the last came less than a second after the first did. Both lists are in order. */
function mostInASecond(firsts: readonly number[], lasts: readonly number[]): number {
  let most = 0;
  let first = 0;
  for (const [index, last] of lasts.entries()) {
    while ((firsts[first] ?? last) <= last - 1_000) {
      first += 1;
    }
    most = Math.max(most, index - first + 1);
  }
  return most;
}

/** Requests in each whole second from `from` on, both ends in milliseconds since the epoch. */
export function perSecond({ at }: RequestTimes, from: number, to: number): number[] {
  const counts = new Array<number>(Math.floor((to - from) / 1_000)).fill(0);
  for (const time of at) {
    const second = Math.floor((time - from) / 1_000);
    if (second >= 0 && second < counts.length) {
      counts[second] = (counts[second] ?? 0) + 1;
    }
  }
  return counts;
}

/** Milliseconds from each request of a query to the next one of the same query. */
export function gaps({ at, queryIds }: RequestTimes): number[] {
  const last = new Map<string, number>();
  const found: number[] = [];
  for (const [index, queryId] of queryIds.entries()) {
    const time = at[index] ?? 0;
    const before = last.get(queryId);
    if (before !== undefined) {
      found.push(time - before);
    }
    last.set(queryId, time);
  }
  return found;
}
