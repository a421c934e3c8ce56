import pLimit from 'p-limit';
import { background } from '../lib/background.ts';
import { TurnsByKey } from '../lib/concurrency.ts';
import type { FollowedRun } from './followed-run.ts';
import { expectRegisterError, RegisterError } from './registers.ts';
import type { RunFenceOptions } from './run-registers.ts';

/** Registers in work at the same time, when many are due after the engine was away. */
const WRITES_AT_ONCE = 16;
/** Conflicts in a row after which a write is left for the next heartbeat. */
export const MOST_CONFLICTS = 5;

/** Runs whose last change is not written yet, by register. They are written one after another, in the order of the changes. */
export class PendingRuns {
  readonly turns = new TurnsByKey();
  /** Limits the work at a heartbeat. */
  readonly atOnce = pLimit(WRITES_AT_ONCE);
  readonly byRegister = new Map<string, Set<FollowedRun>>();
  readonly #options: Pick<RunFenceOptions, 'log' | 'registers' | 'group'>;

  constructor(options: Pick<RunFenceOptions, 'log' | 'registers' | 'group'>) {
    this.#options = options;
  }

  /** Writes the last change of a run soon. */
  add(followed: FollowedRun): void {
    const { name } = followed;
    const pending = this.byRegister.get(name) ?? new Set();
    this.byRegister.set(name, pending.add(followed));
    background(this.#options.log, 'storing of a run', this.#flush(name));
  }

  /** Writes all changes. They remain pending if the engine cannot be used now. */
  async flush(): Promise<void> {
    const names = [...this.byRegister.keys()];
    await Promise.allSettled(names.map((name) => this.atOnce(() => this.#flush(name))));
  }

  /** Does `work` after the changes of a register are written. @throws RegisterError if the engine cannot be used now */
  inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
    return this.turns.run(name, async () => {
      await this.#write(name);
      return work();
    });
  }

  #flush(name: string): Promise<void> {
    return this.inTurn(name, async () => undefined).catch(expectRegisterError);
  }

  /** @throws RegisterError */
  async #write(name: string): Promise<void> {
    const pending = this.byRegister.get(name) ?? [];
    for (const followed of pending) {
      for (let conflicts = 0; followed.isPending; conflicts += 1) {
        if (conflicts === MOST_CONFLICTS) {
          throw new RegisterError('conflict', `register ${name} changes too often`);
        }
        await this.#writeRun(followed);
      }
      this.byRegister.get(name)?.delete(followed);
    }
    if (this.byRegister.get(name)?.size === 0) {
      this.byRegister.delete(name);
    }
  }

  /** Writes the last change of a run once. After a conflict, it is pending still, unless another process has the run. */
  async #writeRun(followed: FollowedRun): Promise<void> {
    const { registers, group } = this.#options;
    const before = registers.get(followed.name);
    // Known without a conflict if this process has read the registers since, because it has taken the lead again.
    followed.conflicted(before, group.boot);
    if (!followed.isPending) {
      return;
    }
    const change = followed.change(before, group);
    const written = await registers.write(followed.name, change.value, followed.every);
    if (written.outcome === 'written') {
      change.written();
    } else if (!written.isOlder) {
      followed.conflicted(written.current, group.boot);
    }
  }
}
