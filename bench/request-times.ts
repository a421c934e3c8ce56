/** Requests as the simulator saw them, in order. All lists have the same length; times are milliseconds since the epoch. */
export interface RequestTimes {
  /** When each was seen. */
  readonly at: readonly number[];
  /** The earliest possible arrival of each request: the simulator sees it late after a block. */
  readonly earliest: readonly number[];
  readonly queryIds: readonly string[];
}

/** The same with what the simulator knows beside; all lists have the same length. */
export interface Requests extends RequestTimes {
  readonly operations: readonly string[];
  /** Account id and region, such as `111122223333 eu-west-1`. */
  readonly targets: readonly string[];
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

/** Minimal number of requests in the fullest second, because some of them can have arrived before it. */
export function mostSurelyInASecond({ at, earliest }: RequestTimes): number {
  return mostInASecond(earliest, at);
}

/** Maximum number of requests within less than a second. Both lists are sorted. */
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
export function gaps({ at, queryIds }: Pick<RequestTimes, 'at' | 'queryIds'>): number[] {
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
