import { API_ERRORS } from '../aws/errors.ts';
import { complete, members, numberOf, textOf } from '../lib/json-values.ts';
import type { Question } from '../model/question.ts';
import { RUN_OUTCOMES, type RunOutcome } from '../model/run.ts';
import { QUERY_STATUSES, type QueryStatus } from '../model/vocabulary.ts';
import type { ContributorSeries } from '../results/contributors.ts';
import { CALL_KINDS, type QueryFailure, type QueryState } from '../state/query-state.ts';
import type { QueryResults, ReadResults, RunState } from '../state/run-state.ts';

type Readers = Readonly<Record<string, (value: unknown) => unknown>>;
type Read<Of extends Readers> = { readonly [Member in keyof Of]: ReturnType<Of[Member]> };

/** Reads the members of an object; those that cannot be read are undefined. */
function readMembers<Of extends Readers>(readers: Of, value: unknown): Read<Of> {
  const given = members(value);
  const read = Object.entries(readers).map(([name, of]) => [name, of(given[name])]);
  return Object.fromEntries(read) as Read<Of>; // it has the members of `readers`
}

/** As {@link readMembers}; undefined if a member cannot be read. */
export function readComplete<Of extends Readers>(readers: Of, value: unknown) {
  return complete(readMembers(readers, value));
}

const FAILURE = { operation: wordOf(CALL_KINDS), error: wordOf(API_ERRORS), message: textOf, at: numberOf };

const STATUS = {
  status: wordOf<QueryStatus>(QUERY_STATUSES),
  statusSince: numberOf,
  up: (value: unknown) => (typeof value === 'boolean' ? value : undefined),
  lastFailure: (value: unknown): QueryFailure | undefined => readComplete(FAILURE, value),
  lastSuccess: numberOf,
};

/** The stored part of a query's state. JSON, in which undefined members are omitted. */
type StoredStatus = Read<typeof STATUS>;

export function storedStatus({ status, statusSince, up, lastFailure, lastSuccess }: QueryState): StoredStatus {
  return { status, statusSince, up, lastFailure, lastSuccess };
}

export function readStatus(value: unknown): StoredStatus {
  return readMembers(STATUS, value);
}

const RUN_STATE = { lastOutcome: wordOf<RunOutcome>(RUN_OUTCOMES), lastQueryId: textOf, lastDuration: numberOf };

/** The stored part of a query's run state, without its results. */
type StoredRunState = Read<typeof RUN_STATE>;

export function storedRunState({ lastOutcome, lastQueryId, lastDuration }: RunState): StoredRunState {
  return { lastOutcome, lastQueryId, lastDuration };
}

export function readRunState(value: unknown): StoredRunState {
  return readMembers(RUN_STATE, value);
}

/** The stored part of a query's last results. The `json` of the HTTP API is stored beside it. */
type StoredResultsInfo = Omit<ReadResults, 'json'>;

export function storedResultsInfo({ at, windowEnd, length, rows, dropped }: QueryResults): StoredResultsInfo {
  return { at, windowEnd, length, rows, dropped };
}

/** Reads a {@link StoredResultsInfo}; undefined if the value is none. */
export function readResultsInfo(value: unknown): StoredResultsInfo | undefined {
  const required = readComplete({ at: numberOf, windowEnd: numberOf, rows: numberOf, dropped: numberOf }, value);
  return required && { ...required, length: numberOf(members(value)['length']) };
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
  const { asked, every, lookback } = readMembers({ asked: textOf, every: numberOf, lookback: numberOf }, value);
  return asked === undefined ? undefined : { asked, every, lookback };
}

function wordOf<T extends string>(words: readonly T[]): (value: unknown) => T | undefined {
  return (value) => words.find((word) => word === value);
}
