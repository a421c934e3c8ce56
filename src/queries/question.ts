import type { RegisteredQuery } from './query.ts';

/** What a query asks, and where: as long as it is the same, answers to it are answers to the query. Can be stored as JSON. */
export interface Question {
  readonly asked: string;
  /** Of scheduled queries, in milliseconds. */
  readonly every: number | undefined;
  readonly lookback: number | undefined;
}

export function questionOf(query: RegisteredQuery): Question {
  const { kind, type, account, region, monitorName, scopeId } = query;
  const subject = [kind, type, account, region, monitorName ?? scopeId];
  if (query.kind === 'watched') {
    return { asked: JSON.stringify([...subject, query.queryId]), every: undefined, lookback: undefined };
  }
  const { metricName, destinationCategory, limit, schedule } = query;
  return {
    asked: JSON.stringify([...subject, metricName, destinationCategory, limit]),
    every: schedule.every,
    lookback: schedule.lookback,
  };
}

export function isSameQuestion(a: Question, b: Question): boolean {
  return a.asked === b.asked && a.every === b.every && a.lookback === b.lookback;
}
