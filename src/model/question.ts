import { hasTotal, LONGEST_LOOKBACK_MS, type RegisteredQuery } from './query.ts';

/** What a query asks: as long as it is the same, answers to it are answers to the query. Can be stored as JSON. */
export interface Question {
  readonly asked: string;
  /** Of scheduled queries, in milliseconds. */
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

/** A window that is as long as its interval stays so when the interval changes: it is the interval that was changed. */
export function isSameQuestion(a: Question, b: Question): boolean {
  const isWhole = ({ every, lookback }: Question) =>
    every !== undefined && lookback === Math.min(every, LONGEST_LOOKBACK_MS);
  return a.asked === b.asked && (a.lookback === b.lookback || (isWhole(a) && isWhole(b)));
}
