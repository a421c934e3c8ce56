import type { AttemptObserver, AttemptOutcome } from '../aws/attempts.ts';
import type { Identity } from '../aws/credentials/identity.ts';
import type { ApiErrorName } from '../aws/errors.ts';
import { LIST_OPERATIONS, type Operation, QUERY_OPERATIONS, TAGS_OPERATION } from '../aws/operations.ts';
import { Emitter } from '../lib/emitter.ts';
import type { Logger } from '../lib/log.ts';
import type { RegisteredQuery } from '../model/query.ts';
import type { QueryType } from '../model/vocabulary.ts';
import type { Target } from '../scheduler/target.ts';

/** Upper bounds of the buckets of `aws_nfm_api_request_duration_seconds`. */
export const REQUEST_BUCKETS: readonly number[] = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Upper bounds of the buckets of `aws_nfm_run_duration_seconds` and `aws_nfm_run_wait_seconds`. */
export const RUN_BUCKETS: readonly number[] = [1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1_800];

export class Histogram {
  /** Upper bounds of the buckets in ascending order. One more bucket is above them. */
  readonly bounds: readonly number[];
  /** Observations in each bucket, not cumulative. */
  readonly counts: number[];
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    const index = this.bounds.findIndex((bound) => value <= bound);
    const bucket = index === -1 ? this.bounds.length : index;
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.sum += value;
  }
}

export interface OperationStats {
  requests: number;
  readonly errors: Map<ApiErrorName, number>;
  /** Seconds per attempt. */
  readonly durations: Histogram;
}

export interface TargetStats {
  readonly target: Target;
  readonly operations: Map<string, OperationStats>;
  /** Whether the last attempt showed that the API is up. Undefined before the first attempt. */
  up?: boolean | undefined;
  identity?: Identity;
  /** Polls that were due, and those of them that were late or missed. Undefined if no query is watched. */
  polls?: { due: number; late: number };
  /** Seconds that runs waited, and that they took by type. Empty if no query is scheduled. */
  runWaits?: Histogram;
  readonly runDurations: Map<QueryType, Histogram>;
}

/** Counts the attempts in each target. The API client calls it as its observer. */
export class ApiStats implements AttemptObserver {
  readonly changed: Emitter<[stats: TargetStats]>;
  readonly #stats = new Map<Target, TargetStats>();
  /** Removed targets: late responses are not counted. */
  readonly #removed = new WeakSet<Target>();

  constructor(log: Pick<Logger, 'error'>) {
    this.changed = new Emitter(log, "change of a target's calls");
  }

  /** Creates the series of a query with the value 0, and does the same as {@link expectOperations}. */
  expect(target: Target, query: Pick<RegisteredQuery, 'kind' | 'type'>): void {
    const { start, status, results, stop } = QUERY_OPERATIONS[query.type];
    this.expectOperations(target, query.kind === 'watched' ? [status] : [start, status, results, stop]);
    const stats = this.of(target);
    if (query.kind === 'watched' && stats.polls === undefined) {
      stats.polls = { due: 0, late: 0 };
      this.changed.emit(stats);
    }
    if (query.kind === 'scheduled') {
      stats.runWaits ??= new Histogram(RUN_BUCKETS);
      stats.runDurations.set(query.type, stats.runDurations.get(query.type) ?? new Histogram(RUN_BUCKETS));
    }
  }

  /** Does the same as {@link expectOperations} for listings. `tags`: whether tags are read too. */
  expectListings(target: Target, tags: boolean): void {
    this.expectOperations(target, [...Object.values(LIST_OPERATIONS), ...(tags ? [TAGS_OPERATION] : [])]);
  }

  /** Creates the series of operations, and of the errors that the model declares for them, with the value 0. */
  expectOperations(target: Target, operations: readonly Pick<Operation<never>, 'name' | 'modelledErrors'>[]): void {
    const stats = this.of(target);
    const unknown = operations.filter(({ name }) => !stats.operations.has(name));
    for (const { name, modelledErrors } of unknown) {
      const { errors } = operationOf(stats, name);
      for (const error of modelledErrors) {
        errors.set(error, 0);
      }
    }
    if (unknown.length > 0) {
      this.changed.emit(stats);
    }
  }

  /** Forgets the numbers of a target that no query uses. */
  remove(target: Target): void {
    this.#stats.delete(target);
    this.#removed.add(target);
  }

  /** Adds polls that were due, of which `late` were late or missed. */
  pollsEnded(target: Target, due: number, late: number): void {
    this.#update(target, ({ polls }) => {
      if (polls !== undefined) {
        polls.due += due;
        polls.late += late;
      }
    });
  }

  runWaited(target: Target, seconds: number): void {
    this.#update(target, ({ runWaits }) => runWaits?.observe(seconds));
  }

  runTook(target: Target, type: QueryType, seconds: number): void {
    this.#update(target, ({ runDurations }) => runDurations.get(type)?.observe(seconds));
  }

  all(): IterableIterator<TargetStats> {
    return this.#stats.values();
  }

  of(target: Target): TargetStats {
    let stats = this.#stats.get(target);
    if (stats === undefined) {
      stats = { target, operations: new Map(), runDurations: new Map() };
      if (!this.#removed.has(target)) {
        this.#stats.set(target, stats);
      }
    }
    return stats;
  }

  attempted(target: Target, operation: string, outcome: AttemptOutcome): void {
    this.#update(target, (stats) => {
      const counted = operationOf(stats, operation);
      counted.requests += 1;
      if (outcome.error !== undefined) {
        countError(counted, outcome.error);
      }
      if (outcome.seconds !== undefined) {
        counted.durations.observe(outcome.seconds);
      }
      stats.up = outcome.up ?? stats.up;
    });
  }

  responseRejected(target: Target, operation: string, error: ApiErrorName): void {
    this.#update(target, (stats) => countError(operationOf(stats, operation), error));
  }

  identified(target: Target, identity: Identity): void {
    this.#update(target, (stats) => {
      stats.identity = identity;
    });
  }

  #update(target: Target, change: (stats: TargetStats) => void): void {
    const stats = this.of(target);
    change(stats);
    this.changed.emit(stats);
  }
}

function operationOf({ operations }: TargetStats, name: string): OperationStats {
  let operation = operations.get(name);
  if (operation === undefined) {
    operation = { requests: 0, errors: new Map(), durations: new Histogram(REQUEST_BUCKETS) };
    operations.set(name, operation);
  }
  return operation;
}

function countError(stats: OperationStats, error: ApiErrorName): void {
  stats.errors.set(error, (stats.errors.get(error) ?? 0) + 1);
}
