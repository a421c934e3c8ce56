import type { Registration, ScheduledQuery } from '../model/query.ts';
import type { RunFenceOptions } from './run-registers.ts';
import type { RunValue } from './values.ts';

type Scheduled = Registration<ScheduledQuery>;

export interface ForeignIntentsOptions extends Pick<RunFenceOptions, 'clock' | 'registers' | 'group' | 'patience'> {
  /** Follows a run that turned out to be at the service. Returns false if the query has another run now. */
  readonly resume: (registration: Scheduled, value: RunValue) => boolean;
  readonly skipped: (registration: Scheduled) => void;
}

/** A run that another process may start, or follows. */
interface Watched {
  readonly registration: Scheduled;
  readonly end: number;
  /** Time at which this process has seen it first, on the monotonic clock. */
  readonly since: number;
}

/**
 * Runs that other processes were about to start. Their query may run at the service under an id that is not written yet, so they
 * are left alone until the process is dead, or the start must have ended. Then their window is skipped.
 */
export class ForeignIntents {
  readonly watched = new Map<string, Watched>();
  readonly #options: ForeignIntentsOptions;

  constructor(options: ForeignIntentsOptions) {
    this.#options = options;
  }

  /** Watches the run of a register, until it is over or followed. */
  watch(name: string, registration: Scheduled, { end }: RunValue): void {
    const watched = this.watched.get(name);
    if (watched?.registration !== registration || watched.end !== end) {
      this.watched.set(name, { registration, end, since: this.#options.clock.monotonic() });
    }
  }

  /** Reads a watched register again, and settles it if that is possible. @throws RegisterError if the engine cannot be used now */
  async check(name: string): Promise<void> {
    const watched = this.watched.get(name);
    if (watched !== undefined && (await this.#isSettled(name, watched))) {
      this.watched.delete(name);
    }
  }

  async #isSettled(name: string, { registration, end, since }: Watched): Promise<boolean> {
    const { clock, registers, group, patience, resume, skipped } = this.#options;
    const value = await registers.read(name);
    if (value === undefined || value.end !== end || value.state === 'over' || registration.removed) {
      return true;
    }
    if (value.state !== 'intent') {
      return resume(registration, value);
    }
    if (!group.isDead(value.by) && clock.monotonic() - since < patience()) {
      return false;
    }
    const { every, delay } = registration.query.schedule;
    const skip = { ...value, state: 'over', outcome: 'skipped', by: group.boot, epoch: group.epoch() } as const;
    const written = await registers.write(name, skip, every);
    if (written.outcome === 'conflict') {
      return false;
    }
    if (!value.isCounted && end + delay > group.lostUntil()) {
      skipped(registration);
    }
    return true;
  }
}
