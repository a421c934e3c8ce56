import { API_ERRORS } from '../aws/errors.ts';
import { RUN_OUTCOMES, type RunOutcome } from '../model/run.ts';
import { QUERY_STATUSES, type QueryStatus } from '../model/vocabulary.ts';
import type { ContributorSeries } from '../results/contributor-series.ts';
import { type QueryFailure, type QueryState, REQUEST_KINDS } from './query-state.ts';
import type { QueryResults, ReadResults, RunState } from './run-state.ts';

/** What outlives a process of what is known of a query. Can be stored as JSON, undefined members being left out. */
export type SavedStatus = Pick<QueryState, 'status' | 'statusSince' | 'up' | 'lastFailure' | 'lastSuccess'>;

/** The same of a query's runs, but for its results. */
export type SavedRuns = Pick<RunState, 'lastOutcome' | 'lastQueryId' | 'lastDuration'>;

/** The same of a query's last results; `json` is of the HTTP API. */
export type SavedResults = Omit<ReadResults, 'json'>;

export function savedStatus({ status, statusSince, up, lastFailure, lastSuccess }: QueryState): SavedStatus {
  return { status, statusSince, up, lastFailure, lastSuccess };
}

/** Reads what was stored as {@link SavedStatus}; what cannot be read is not known. */
export function readSavedStatus(value: unknown): SavedStatus {
  const saved = members(value);
  return {
    status: wordOf<QueryStatus>(QUERY_STATUSES, saved['status']),
    statusSince: numberOf(saved['statusSince']),
    up: typeof saved['up'] === 'boolean' ? saved['up'] : undefined,
    lastFailure: readFailure(saved['lastFailure']),
    lastSuccess: numberOf(saved['lastSuccess']),
  };
}

function readFailure(value: unknown): QueryFailure | undefined {
  const failure = members(value);
  const operation = wordOf(REQUEST_KINDS, failure['operation']);
  const error = wordOf(API_ERRORS, failure['error']);
  const message = textOf(failure['message']);
  const at = numberOf(failure['at']);
  return operation === undefined || error === undefined || message === undefined || at === undefined
    ? undefined
    : { operation, error, message, at };
}

export function savedRuns({ lastOutcome, lastQueryId, lastDuration }: RunState): SavedRuns {
  return { lastOutcome, lastQueryId, lastDuration };
}

/** Reads what was stored as {@link SavedRuns}; what cannot be read is not known. */
export function readSavedRuns(value: unknown): SavedRuns {
  const saved = members(value);
  return {
    lastOutcome: wordOf<RunOutcome>(RUN_OUTCOMES, saved['lastOutcome']),
    lastQueryId: textOf(saved['lastQueryId']),
    lastDuration: numberOf(saved['lastDuration']),
  };
}

export function savedResults({ at, windowEnd, length, rows, dropped }: QueryResults): SavedResults {
  return { at, windowEnd, length, rows, dropped };
}

/** Reads what was stored as {@link SavedResults}; undefined for what is not. */
export function readSavedResults(value: unknown): SavedResults | undefined {
  const saved = members(value);
  const at = numberOf(saved['at']);
  const windowEnd = numberOf(saved['windowEnd']);
  const rows = numberOf(saved['rows']);
  const dropped = numberOf(saved['dropped']);
  return at === undefined || windowEnd === undefined || rows === undefined || dropped === undefined
    ? undefined
    : { at, windowEnd, length: numberOf(saved['length']), rows, dropped };
}

/** Reads what was stored as series of contributors; undefined for what is not. */
export function readSavedSeries(value: unknown): readonly ContributorSeries[] | undefined {
  if (!Array.isArray(value)) {
    return undefined;
  }
  const series = value.map(readSeries);
  return series.every((each) => each !== undefined) ? series : undefined;
}

function readSeries(saved: unknown): ContributorSeries | undefined {
  const { labels, value } = { labels: undefined, value: undefined, ...members(saved) };
  return isLabels(labels) && typeof value === 'number' ? { labels, value } : undefined;
}

function isLabels(value: unknown): value is ContributorSeries['labels'] {
  const isLabel = (label: unknown) =>
    Array.isArray(label) && label.length === 2 && label.every((part) => typeof part === 'string');
  return Array.isArray(value) && value.every(isLabel);
}

/** The members of an object; none for anything else. */
export function members(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

export function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function wordOf<T extends string>(words: readonly T[], value: unknown): T | undefined {
  return words.find((word) => word === value);
}
