import type { BareClientFunctions } from './bare-client-process.ts';
import { cpuSecondsOf } from './process-usage.ts';
import type { Running } from './processes.ts';

/** Number of measurements of the bare client before the daemon runs, and again afterward, because the machine may change. */
const ROUNDS = 3;

/** CPU time of the bare client per call in milliseconds, one number per round. `calls` makes and counts calls. */
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
