import { describe, expect, it } from 'vitest';
import { problemsOf } from '../../src/config/reading/problem.ts';
import { loadConfig } from '../../src/queries/load.ts';

async function problemsIn(config: object): Promise<readonly string[]> {
  const options = { file: 'x', env: {}, fallbackRegion: async () => 'us-east-1' };
  return loadConfig(JSON.stringify(config), options).then(
    () => [],
    (error: unknown) => problemsOf(error).map(({ message }) => message),
  );
}

describe('request budgets', () => {
  /** The sections with a budget. */
  const sections = (requestsPerSecond: number): readonly (readonly [path: string, config: object])[] => [
    ['aws', { aws: { requestsPerSecond } }],
    ['accounts[0]', { accounts: [{ name: 'a', requestsPerSecond }] }],
    ['cloudwatch', { cloudwatch: { requestsPerSecond } }],
  ];

  it.each([0, 1e-9, 0.0009, 100_001, 1e308])('reject %d attempts per second', async (value) => {
    for (const [path, config] of sections(value)) {
      expect(await problemsIn(config)).toEqual([
        `${path}.requestsPerSecond (line 1): got ${value}, expected a number from 0.001 to 100000`,
      ]);
    }
  });

  it.each([0.001, 100_000])('accept %d attempts per second', async (value) => {
    for (const [, config] of sections(value)) {
      expect(await problemsIn(config)).toEqual([]);
    }
  });
});

describe('cloudwatch', () => {
  it('reports invalid metrics once, without an error about limits of round-trip times', async () => {
    const cloudwatch = { metrics: 'RoundTripTimes', roundTripTimeLimits: { '*': '5ms' } };
    expect(await problemsIn({ cloudwatch })).toEqual([
      expect.stringMatching(/^cloudwatch\.metrics \(line 1\): got "RoundTripTimes", expected one of /),
    ]);
  });
});
