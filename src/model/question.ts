import { hasTotal, LONGEST_LOOKBACK_MS, type RegisteredQuery } from './query.ts';

/** Identity of the calls of a query. While it is unchanged, earlier responses remain valid. Can be stored as JSON. */
export interface Question {
  readonly asked: string;
  /** Only for scheduled queries, in milliseconds. */
  readonly every: number | undefined;
  readonly lookback: number | undefined;
}

export function questionOf(query: RegisteredQuery): Question {
  const { kind, type, account, region, monitorName, scopeId } = query;
  const subject = [kind, type, account, region, monitorName, scopeId];
  if (query.kind === 'watched') {
    return { asked: JSON.stringify([...subject, query.queryId]), every: undefined, lookback: undefined };
  }
  const { metricName, destinationCategory, limit, schedule } = query;
  return {
    asked: JSON.stringify([...subject, metricName, destinationCategory, limit, hasTotal(query)]),
    every: schedule.every,
    lookback: schedule.lookback,
  };
}

/**
 * Returns true if the calls are the same. Windows as long as their interval remain so when the interval changes: this is a
 * change of the interval only.
 */
export function isSameQuestion(a: Question, b: Question): boolean {
  const isWhole = ({ every, lookback }: Question) =>
    every !== undefined && lookback === Math.min(every, LONGEST_LOOKBACK_MS);
  return a.asked === b.asked && (a.lookback === b.lookback || (isWhole(a) && isWhole(b)));
}
