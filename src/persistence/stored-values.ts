import { API_ERRORS } from '../aws/errors.ts';
import { complete, members, numberOf, textOf } from '../lib/json-values.ts';
import type { Question } from '../model/question.ts';
import { RUN_OUTCOMES, type RunOutcome } from '../model/run.ts';
import { QUERY_STATUSES, type QueryStatus } from '../model/vocabulary.ts';
import type { ContributorSeries } from '../results/contributor-series.ts';
import { CALL_KINDS, type QueryFailure, type QueryState } from '../state/query-state.ts';
import type { QueryResults, ReadResults, RunState } from '../state/run-state.ts';

/** The stored part of a query's state. JSON, in which undefined members are omitted. */
export type StoredStatus = Pick<QueryState, 'status' | 'statusSince' | 'up' | 'lastFailure' | 'lastSuccess'>;

/** The stored part of a query's run state, without its results. */
export type StoredRunState = Pick<RunState, 'lastOutcome' | 'lastQueryId' | 'lastDuration'>;

/** The stored part of a query's last results. The `json` of the HTTP API is stored beside it. */
export type StoredResultsInfo = Omit<ReadResults, 'json'>;

export function storedStatus({ status, statusSince, up, lastFailure, lastSuccess }: QueryState): StoredStatus {
  return { status, statusSince, up, lastFailure, lastSuccess };
}

/** Reads a {@link StoredStatus}; members that cannot be read are undefined. */
export function readStatus(value: unknown): StoredStatus {
  const { status, statusSince, up, lastFailure, lastSuccess } = members(value);
  return {
    status: wordOf<QueryStatus>(QUERY_STATUSES, status),
    statusSince: numberOf(statusSince),
    up: typeof up === 'boolean' ? up : undefined,
    lastFailure: readFailure(lastFailure),
    lastSuccess: numberOf(lastSuccess),
  };
}

function readFailure(value: unknown): QueryFailure | undefined {
  const { operation, error, message, at } = members(value);
  return complete({
    operation: wordOf(CALL_KINDS, operation),
    error: wordOf(API_ERRORS, error),
    message: textOf(message),
    at: numberOf(at),
  });
}

export function storedRunState({ lastOutcome, lastQueryId, lastDuration }: RunState): StoredRunState {
  return { lastOutcome, lastQueryId, lastDuration };
}

/** Reads a {@link StoredRunState}; members that cannot be read are undefined. */
export function readRunState(value: unknown): StoredRunState {
  const { lastOutcome, lastQueryId, lastDuration } = members(value);
  return {
    lastOutcome: wordOf<RunOutcome>(RUN_OUTCOMES, lastOutcome),
    lastQueryId: textOf(lastQueryId),
    lastDuration: numberOf(lastDuration),
  };
}

export function storedResultsInfo({ at, windowEnd, length, rows, dropped }: QueryResults): StoredResultsInfo {
  return { at, windowEnd, length, rows, dropped };
}

/** Reads a {@link StoredResultsInfo}; undefined if the value is none. */
export function readResultsInfo(value: unknown): StoredResultsInfo | undefined {
  const { at, windowEnd, length, rows, dropped } = members(value);
  const required = complete({
    at: numberOf(at),
    windowEnd: numberOf(windowEnd),
    rows: numberOf(rows),
    dropped: numberOf(dropped),
  });
  return required && { ...required, length: numberOf(length) };
}

/** Reads series of contributors; undefined if one of them is invalid. */
export function readSeries(value: unknown): readonly ContributorSeries[] | undefined {
  if (!Array.isArray(value)) {
    return undefined;
  }
  const series = value.map((each): ContributorSeries | undefined => {
    const { labels, value: of } = members(each);
    return isLabels(labels) && typeof of === 'number' ? { labels, value: of } : undefined;
  });
  return series.every((each) => each !== undefined) ? series : undefined;
}

function isLabels(value: unknown): value is ContributorSeries['labels'] {
  const isLabel = (label: unknown) =>
    Array.isArray(label) && label.length === 2 && label.every((part) => typeof part === 'string');
  return Array.isArray(value) && value.every(isLabel);
}

/** Undefined if the value does not describe a request. */
export function readQuestion(value: unknown): Question | undefined {
  const { asked, every, lookback } = members(value);
  const required = complete({ asked: textOf(asked) });
  return required && { ...required, every: numberOf(every), lookback: numberOf(lookback) };
}

function wordOf<T extends string>(words: readonly T[], value: unknown): T | undefined {
  return words.find((word) => word === value);
}
