/** Requests as the simulator saw them arrive, in the order of arrival. Both lists have the same length. */
export interface RequestTimes {
  /** Milliseconds since the Unix epoch, whole ones. */
  readonly at: readonly number[];
  readonly queryIds: readonly string[];
}

/** The same with what the simulator knows beside; all lists have the same length. */
export interface Requests extends RequestTimes {
  readonly operations: readonly string[];
  /** Account id and region, such as `111122223333 eu-west-1`. */
  readonly targets: readonly string[];
}

/** The requests that came at or after `from` and before `to`, in milliseconds since the epoch. */
export function between({ at, queryIds }: RequestTimes, from: number, to: number): RequestTimes {
  const inside = (_: unknown, i: number) => (at[i] ?? 0) >= from && (at[i] ?? 0) < to;
  return { at: at.filter(inside), queryIds: queryIds.filter(inside) };
}

/** How many requests came in the fullest second, wherever it begins. */
export function mostInAnySecond({ at }: RequestTimes): number {
  const sorted = at.toSorted((a, b) => a - b);
  let most = 0;
  let oldest = 0;
  for (const [index, time] of sorted.entries()) {
    while ((sorted[oldest] ?? time) <= time - 1_000) {
      oldest += 1;
    }
    most = Math.max(most, index - oldest + 1);
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
