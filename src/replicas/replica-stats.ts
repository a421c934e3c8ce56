import type { EngineOperation } from './engine-registers.ts';
import type { TakeoverReason } from './leadership.ts';
import type { RegisterFailure } from './registers.ts';

/** Counts of one process, since its start. */
export class ReplicaStats {
  readonly requests: Record<EngineOperation, number> = { get: 0, put: 0, list: 0 };
  readonly errors = new Map<RegisterFailure, number>();
  readonly takeovers: Record<TakeoverReason, number> = { dead: 0, refused: 0, released: 0 };
  /** Whether the last heartbeat was written. */
  isEngineUp = false;
  /** Times at which the engine was found in an earlier state. */
  rollbacks = 0;

  called(operation: EngineOperation, failure: RegisterFailure | undefined): void {
    this.requests[operation] += 1;
    if (failure !== undefined) {
      this.errors.set(failure, (this.errors.get(failure) ?? 0) + 1);
    }
  }
}
