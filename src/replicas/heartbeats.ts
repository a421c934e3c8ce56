import { type Clock, sleepUnlessAborted, within } from '../lib/clock.ts';

/** Interval of connections to the leader's port between heartbeats, in milliseconds. */
const WATCH_EVERY_MS = 1_000;

export interface HeartbeatsOptions {
  readonly clock: Clock;
  /** In milliseconds. */
  readonly heartbeat: number;
  /** Makes a heartbeat. Never rejects. */
  readonly beat: () => Promise<void>;
  /** Time on the monotonic clock at which a heartbeat can find the leader dead. Infinity if this process is not a standby. */
  readonly leaderDeadAt: () => number;
  /** Returns whether the leader's port refuses a connection. Always false if this process is not a standby. Never rejects. */
  readonly isLeaderRefused: () => Promise<boolean>;
}

/**
 * The heartbeats of a process, one after another. A standby makes the next one early if the leader's port refuses a connection,
 * and when the leader is due to be dead: up to one interval would be lost otherwise.
 */
export class Heartbeats {
  readonly #options: HeartbeatsOptions;
  readonly #stopping = new AbortController();
  #ended: Promise<void> = Promise.resolve();

  constructor(options: HeartbeatsOptions) {
    this.#options = options;
  }

  /** Makes the first heartbeat at once. */
  start(): void {
    this.#ended = this.#run();
  }

  /** Makes no further heartbeat. Resolves when the current one has ended. */
  async stop(): Promise<void> {
    this.end();
    await this.#ended;
  }

  /** Makes no further heartbeat. May be called within one. */
  end(): void {
    this.#stopping.abort();
  }

  async #run(): Promise<void> {
    const { clock, beat } = this.#options;
    while (!this.#stopping.signal.aborted) {
      const startedAt = clock.monotonic();
      await beat();
      await this.#wait(startedAt);
    }
  }

  /** Waits until the heartbeat after the one that has begun at `startedAt`. */
  async #wait(startedAt: number): Promise<void> {
    const { clock, heartbeat, leaderDeadAt, isLeaderRefused } = this.#options;
    const { signal } = this.#stopping;
    const deadAt = leaderDeadAt();
    const regular = startedAt + heartbeat;
    // A heartbeat that began after that time has not found the leader dead. One just before it would delay the next.
    const next = deadAt > startedAt && deadAt <= regular + WATCH_EVERY_MS ? deadAt : regular;
    for (;;) {
      const left = Math.max(0, Math.ceil(next - clock.monotonic()));
      const isOver = !(await sleepUnlessAborted(clock, Math.min(left, WATCH_EVERY_MS), signal));
      if (isOver || left <= WATCH_EVERY_MS) {
        return;
      }
      const isRefused = isLeaderRefused();
      // A connection to a lost host must not delay the heartbeat.
      if (!(await within(clock, Math.max(0, next - clock.monotonic()), isRefused)) || (await isRefused)) {
        return;
      }
    }
  }
}
