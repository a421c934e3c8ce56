import { describe, expect, it } from 'vitest';
import { simulate } from './simulation/simulation.ts';
import type { SimulationOptions } from './simulation/simulation-options.ts';

/**
 * Groups of three processes with the real protocol, on virtual clocks and connections. Each seed is another schedule of kills,
 * pauses, cuts, shutdowns with another configuration, and engines that lose, delay, and repeat writes, or return to an earlier
 * state. `npm run long:replicas` runs many more.
 */
const SEEDS = Number(process.env['REPLICA_SEEDS'] ?? 25);
/** Number of the first seed: another one for other schedules. */
const FIRST = Number(process.env['REPLICA_SEED'] ?? 1);
const TIME_LIMIT_MS = 60_000 + SEEDS * 2_000;

/** Runs several seeds. Returns the violations, with their seeds, and sums. */
async function simulateAll(seeds: number, options: Omit<SimulationOptions, 'seed'> = {}) {
  const violations: string[] = [];
  const sums = { runs: 0, counted: 0, kills: 0, takeovers: 0, orphans: 0, writes: 0, registrations: 0 };
  for (let seed = FIRST; seed < FIRST + seeds; seed += 1) {
    const result = await simulate({ ...options, seed });
    violations.push(...result.violations.map((each) => `seed ${seed}: ${each}`));
    sums.runs += result.ledger.runs;
    sums.counted += result.ledger.countedRuns;
    sums.kills += result.kills;
    sums.takeovers += result.takeovers;
    sums.orphans += result.ledger.orphaned;
    sums.writes += result.runWrites;
    sums.registrations += result.registrations;
  }
  return { violations, sums };
}

describe('a group of replicas', () => {
  it(
    'starts no window twice, loses no query or registration, and counts each run and period once, whatever fails',
    async () => {
      const { violations, sums } = await simulateAll(SEEDS);
      expect(violations).toEqual([]);
      // The schedules are hostile enough to prove something.
      expect(sums.takeovers).toBeGreaterThan(2 * SEEDS);
      expect(sums.runs).toBeGreaterThan(20 * SEEDS);
      expect(sums.registrations).toBeGreaterThan(10 * SEEDS);
      if (SEEDS > 50) {
        console.info(JSON.stringify({ seeds: SEEDS, ...sums }));
      }
    },
    TIME_LIMIT_MS,
  );

  it('runs and counts every window without faults, with at most 3.1 writes per run', async () => {
    const { violations, sums } = await simulateAll(3, { faults: [], areLinesGood: true });
    expect(violations).toEqual([]);
    // The last runs are in flight.
    expect(sums.counted).toBeGreaterThanOrEqual(sums.runs - 6);
    // Two queries every 30 s for 440 s.
    expect(sums.runs).toBeGreaterThanOrEqual(3 * 2 * 14);
    expect(sums.writes / sums.runs).toBeLessThanOrEqual(3.1);
  });
});

// The first seeds are those that find them now. After a change of the protocol, others may.
describe('wrong protocols fail in the simulation', () => {
  it.each([
    ['a lease alone', { wrongEngine: 'no compare-and-set of runs' }, /doubled/, 9, 40],
    ['counters instead of tokens', { wrongEngine: 'counters' }, /doubled/, 7, 40],
    [
      'intents of others that are skipped at once',
      { patience: 0, faults: ['refused port'] },
      /skipped at once/,
      19,
      60,
    ],
    [
      'registrations without a condition',
      { wrongEngine: 'no compare-and-set of registrations' },
      /twice|although/,
      8,
      30,
    ],
    ['registrations that a former leader confirms', { confirmsWithoutLead: true }, /the leader has|although/, 3, 60],
    ['counted periods without a condition', { wrongEngine: 'no compare-and-set of periods' }, /have counted/, 2, 30],
    ["a member's own clock", { usesOwnClock: true }, /early/, 1, 10],
  ] as const)(
    '%s',
    async (_name, options, violation, firstSeed, seeds) => {
      const found: string[] = [];
      for (let seed = firstSeed; seed < firstSeed + seeds && found.length === 0; seed += 1) {
        const { violations } = await simulate({ ...options, seed });
        found.push(...violations.filter((each) => violation.test(each)));
      }
      expect(found).not.toEqual([]);
    },
    TIME_LIMIT_MS,
  );
});
