import type { BareClientFunctions } from './bare-client-process.ts';
import { cpuSecondsOf } from './process-usage.ts';
import type { Running } from './processes.ts';

/** The bare client is measured so often before the daemon runs, and again after it: the machine may change meanwhile. */
const ROUNDS = 3;

/** Milliseconds of CPU that the bare client takes for a call, one number a round. `calls` makes calls and counts them. */
export async function bareRounds(
  bare: Running<BareClientFunctions>,
  calls: (peer: Running<BareClientFunctions>['peer']) => Promise<number>,
): Promise<number[]> {
  await calls(bare.peer); // The first calls are slow, until the code is compiled: they are not counted.
  const rounds: number[] = [];
  for (let i = 0; i < ROUNDS; i += 1) {
    const before = cpuSecondsOf(bare.pid);
    const made = await calls(bare.peer);
    rounds.push(((cpuSecondsOf(bare.pid) - before) * 1_000) / made);
  }
  return rounds;
}
