import type { AttemptObserver } from '../aws/attempts.ts';
import type { Identity } from '../aws/credentials/identity.ts';
import type { ApiErrorName } from '../aws/errors.ts';
import { LIST_OPERATIONS, type Operation, QUERY_OPERATIONS, TAGS_OPERATION } from '../aws/operations.ts';
import { Emitter } from '../lib/emitter.ts';
import type { Logger } from '../lib/log.ts';
import type { RegisteredQuery } from '../model/query.ts';
import type { QueryType } from '../model/vocabulary.ts';
import type { Target } from '../scheduler/target.ts';
import { Histogram } from './histogram.ts';

/** Upper bounds of the buckets of `aws_nfm_api_request_duration_seconds`. */
export const REQUEST_BUCKETS: readonly number[] = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Upper bounds of the buckets of `aws_nfm_run_duration_seconds` and `aws_nfm_run_wait_seconds`. */
export const RUN_BUCKETS: readonly number[] = [1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1_800];

/** The attempts of one operation in one target, since the start. */
export interface OperationStats {
  requests: number;
  readonly errors: Map<ApiErrorName, number>;
  /** Seconds of each attempt. */
  readonly durations: Histogram;
}

/** What is known of the API in one target. */
export interface TargetStats {
  readonly target: Target;
  readonly operations: Map<string, OperationStats>;
  /** Whether the last attempt showed the API to be up; undefined before the first. */
  up: boolean | undefined;
  identity: Identity | undefined;
  /** Seconds that runs waited, and that they took by type; empty where no query is scheduled. */
  runWaits: Histogram | undefined;
  readonly runDurations: Map<QueryType, Histogram>;
}

/** Counts attempts for each target, from the API client's observer calls. */
export class ApiStats implements AttemptObserver {
  /** After each change of a target's numbers. */
  readonly changed: Emitter<[stats: TargetStats]>;
  readonly #stats = new Map<Target, TargetStats>();
  /** Targets that were removed: what is still answered there counts no more. */
  readonly #gone = new WeakSet<Target>();

  constructor(log: Pick<Logger, 'error'>) {
    this.changed = new Emitter(log, "change of a target's calls");
  }

  /** Makes the series of the operations that a query uses, and of the errors the model declares for them, exist at 0. */
  expect(target: Target, query: Pick<RegisteredQuery, 'kind' | 'type'>): void {
    const { start, status, results, stop } = QUERY_OPERATIONS[query.type];
    this.#expect(target, query.kind === 'watched' ? [status] : [start, status, results, stop]);
    if (query.kind === 'scheduled') {
      const stats = this.of(target);
      stats.runWaits ??= new Histogram(RUN_BUCKETS);
      stats.runDurations.set(query.type, stats.runDurations.get(query.type) ?? new Histogram(RUN_BUCKETS));
    }
  }

  /** As {@link expect}, for the operations that list monitors and scopes, and those that read tags where these are needed. */
  expectListings(target: Target, tags: boolean): void {
    this.#expect(target, [...Object.values(LIST_OPERATIONS), ...(tags ? [TAGS_OPERATION] : [])]);
  }

  #expect(target: Target, operations: readonly Pick<Operation<never>, 'name' | 'modelledErrors'>[]): void {
    const stats = this.of(target);
    const unknown = operations.filter(({ name }) => !stats.operations.has(name));
    for (const { name, modelledErrors } of unknown) {
      const { errors } = this.#operation(target, name);
      for (const error of modelledErrors) {
        errors.set(error, 0);
      }
    }
    if (unknown.length > 0) {
      this.changed.emit(stats);
    }
  }

  /** No query uses the target any more: its numbers are forgotten. */
  remove(target: Target): void {
    this.#stats.delete(target);
    this.#gone.add(target);
  }

  /** A run has waited for so many seconds for its beginning. */
  runWaited(target: Target, seconds: number): void {
    const stats = this.of(target);
    stats.runWaits?.observe(seconds);
    this.changed.emit(stats);
  }

  /** A run of a query of `type` has taken so many seconds. */
  runTook(target: Target, type: QueryType, seconds: number): void {
    const stats = this.of(target);
    stats.runDurations.get(type)?.observe(seconds);
    this.changed.emit(stats);
  }

  all(): IterableIterator<TargetStats> {
    return this.#stats.values();
  }

  of(target: Target): TargetStats {
    let stats = this.#stats.get(target);
    if (stats === undefined) {
      stats = {
        target,
        operations: new Map(),
        up: undefined,
        identity: undefined,
        runWaits: undefined,
        runDurations: new Map(),
      };
      if (!this.#gone.has(target)) {
        this.#stats.set(target, stats);
      }
    }
    return stats;
  }

  attempted(
    target: Target,
    operation: string,
    outcome: { readonly seconds: number | undefined; readonly error: ApiErrorName | undefined; readonly up: boolean },
  ): void {
    const stats = this.#operation(target, operation);
    stats.requests += 1;
    if (outcome.error !== undefined) {
      countError(stats, outcome.error);
    }
    if (outcome.seconds !== undefined) {
      stats.durations.observe(outcome.seconds);
    }
    this.of(target).up = outcome.up;
    this.changed.emit(this.of(target));
  }

  answerRefused(target: Target, operation: string, error: ApiErrorName): void {
    countError(this.#operation(target, operation), error);
    this.changed.emit(this.of(target));
  }

  identified(target: Target, identity: Identity): void {
    this.of(target).identity = identity;
    this.changed.emit(this.of(target));
  }

  #operation(target: Target, name: string): OperationStats {
    const { operations } = this.of(target);
    let operation = operations.get(name);
    if (operation === undefined) {
      operation = { requests: 0, errors: new Map(), durations: new Histogram(REQUEST_BUCKETS) };
      operations.set(name, operation);
    }
    return operation;
  }
}

function countError(stats: OperationStats, error: ApiErrorName): void {
  stats.errors.set(error, (stats.errors.get(error) ?? 0) + 1);
}
