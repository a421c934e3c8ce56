import type { AttemptObserver } from '../api/attempts.ts';
import type { ApiErrorName } from '../api/errors.ts';
import type { Identity } from '../api/identity.ts';
import { QUERY_OPERATIONS } from '../api/operations.ts';
import type { RegisteredQuery } from '../queries/query.ts';
import type { Target } from '../scheduler/target.ts';

/** Upper bounds of the buckets of `aws_nfm_api_request_duration_seconds`. */
export const DURATION_BUCKETS: readonly number[] = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The attempts of one operation in one target, since the start. */
export interface OperationStats {
  requests: number;
  readonly errors: Map<ApiErrorName, number>;
  /** Observations a bucket, not cumulative; the last one is beyond all bounds. */
  readonly buckets: number[];
  durationSum: number;
}

/** What is known of the API in one target. */
export interface TargetStats {
  readonly target: Target;
  readonly operations: Map<string, OperationStats>;
  /** Whether the last attempt showed the API to be up; undefined before the first. */
  up: boolean | undefined;
  identity: Identity | undefined;
}

/** Counts attempts for each target, from the API client's observer calls. */
export class ApiStats implements AttemptObserver {
  readonly #stats = new Map<Target, TargetStats>();
  readonly #onChange: (stats: TargetStats) => void;

  /** `onChange` is called after each change of a target's numbers. */
  constructor(onChange: (stats: TargetStats) => void) {
    this.#onChange = onChange;
  }

  /** Makes the series of the operations that a query uses, and of the errors the model declares for them, exist at 0. */
  expect(target: Target, query: Pick<RegisteredQuery, 'kind' | 'type'>): void {
    const { start, status, results, stop } = QUERY_OPERATIONS[query.type];
    for (const { name, modelledErrors } of query.kind === 'watched' ? [status] : [start, status, results, stop]) {
      const operation = this.#operation(target, name);
      for (const error of modelledErrors) {
        operation.errors.set(error, operation.errors.get(error) ?? 0);
      }
    }
  }

  all(): IterableIterator<TargetStats> {
    return this.#stats.values();
  }

  of(target: Target): TargetStats {
    let stats = this.#stats.get(target);
    if (stats === undefined) {
      stats = { target, operations: new Map(), up: undefined, identity: undefined };
      this.#stats.set(target, stats);
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
      const { seconds } = outcome;
      const index = DURATION_BUCKETS.findIndex((bound) => seconds <= bound);
      const bucket = index === -1 ? DURATION_BUCKETS.length : index;
      stats.buckets[bucket] = (stats.buckets[bucket] ?? 0) + 1;
      stats.durationSum += seconds;
    }
    this.of(target).up = outcome.up;
    this.#onChange(this.of(target));
  }

  answerRefused(target: Target, operation: string, error: ApiErrorName): void {
    countError(this.#operation(target, operation), error);
    this.#onChange(this.of(target));
  }

  identified(target: Target, identity: Identity): void {
    this.of(target).identity = identity;
    this.#onChange(this.of(target));
  }

  #operation(target: Target, name: string): OperationStats {
    const { operations } = this.of(target);
    let operation = operations.get(name);
    if (operation === undefined) {
      operation = {
        requests: 0,
        errors: new Map(),
        buckets: new Array<number>(DURATION_BUCKETS.length + 1).fill(0),
        durationSum: 0,
      };
      operations.set(name, operation);
    }
    return operation;
  }
}

function countError(stats: OperationStats, error: ApiErrorName): void {
  stats.errors.set(error, (stats.errors.get(error) ?? 0) + 1);
}
