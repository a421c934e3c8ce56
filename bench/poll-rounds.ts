import { setTimeout as sleep } from 'node:timers/promises';
import { cpuSecondsOf, memoryOf } from './process-usage.ts';
import type { RunningDaemon } from './processes.ts';
import { between, type RequestTimes } from './request-times.ts';

/** A while of polling. */
export interface PollRound {
  /** Milliseconds since the epoch, as the simulator's request times. */
  readonly from: number;
  readonly to: number;
  /** CPU time of the daemon. */
  readonly cpuSeconds: number;
  /** Megabytes at the end of the round. */
  readonly resident: number;
}

/** Lets the daemon poll, `rounds` times `seconds`, and looks at it from outside. */
export async function pollRounds(daemon: RunningDaemon, rounds: number, seconds: number): Promise<PollRound[]> {
  const done: PollRound[] = [];
  for (let i = 0; i < rounds; i += 1) {
    const before = cpuSecondsOf(daemon.pid);
    const from = Date.now();
    await sleep(seconds * 1_000);
    const cpuSeconds = cpuSecondsOf(daemon.pid) - before;
    done.push({ from, to: Date.now(), cpuSeconds, resident: memoryOf(daemon.pid).resident });
  }
  return done;
}

/** Polls per second in each round, counted by the simulator. */
export function pollsASecond(rounds: readonly PollRound[], times: RequestTimes): number[] {
  return rounds.map(({ from, to }) => (between(times, from, to).at.length * 1_000) / (to - from));
}

/** Milliseconds of CPU for a poll in each round. */
export function cpuAPoll(rounds: readonly PollRound[], times: RequestTimes): number[] {
  return rounds.map(({ from, to, cpuSeconds }) => (cpuSeconds * 1_000) / between(times, from, to).at.length);
}
