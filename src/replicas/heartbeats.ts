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
 * Makes heartbeats, one after another, the first one at once. A standby makes the next one early if the leader's port refuses a
 * connection, and when the leader is due to be dead: up to one interval would be lost otherwise. `end`: no further heartbeat is
 * made. `ended` resolves when the last one has ended.
 */
export function startHeartbeats(options: HeartbeatsOptions): { end(): void; readonly ended: Promise<void> } {
  const stopping = new AbortController();
  const run = async () => {
    while (!stopping.signal.aborted) {
      const startedAt = options.clock.monotonic();
      await options.beat();
      await waitForNext(startedAt, options, stopping.signal);
    }
  };
  return { end: () => stopping.abort(), ended: run() };
}

/** Waits until the heartbeat after the one that has begun at `startedAt`. */
async function waitForNext(startedAt: number, options: HeartbeatsOptions, signal: AbortSignal): Promise<void> {
  const { clock, heartbeat, leaderDeadAt, isLeaderRefused } = options;
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
