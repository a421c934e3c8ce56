import { describe, expect, it } from 'vitest';
import { pricesIn } from '../../src/config/prices.ts';
import { problemsOf } from '../../src/config/reading/problem.ts';
import { loadConfig } from '../../src/queries/load.ts';

const GIGABYTE = 2 ** 30;

const load = (config: object, env = {}) =>
  loadConfig(JSON.stringify(config), { file: 'x', env, fallbackRegion: async () => 'us-east-1' });

/** The prices of a configuration in a region, in dollars per byte by category. */
async function pricesOf(config: object, region = 'us-east-1', env = {}) {
  return Object.fromEntries(pricesIn(region, (await load(config, env)).config.prices));
}

async function problemsIn(prices: unknown): Promise<string[]> {
  return load({ prices }).then(
    () => [],
    (error: unknown) => problemsOf(error).map(({ message }) => message),
  );
}

describe('prices', () => {
  it.each([{}, { prices: {} }, { prices: null }, { prices: { regions: { 'eu-west-1': { INTER_AZ: 1 } } } }])(
    'are 0.02 dollars per gigabyte of 2^30 bytes between zones by default, and unset for others: %j',
    async (config) => {
      expect(await pricesOf(config)).toEqual({ INTER_AZ: 0.02 / GIGABYTE });
    },
  );

  it('are of the given gigabyte', async () => {
    const prices = { gigabyte: 1_000_000_000, dollarsPerGigabyte: { INTER_REGION: '0.05', INTER_AZ: 0 } };
    expect(await pricesOf({ prices })).toEqual({ INTER_AZ: 0, INTER_REGION: 5e-11 });
  });

  it('may be the least and the most ones', async () => {
    const prices = { gigabyte: 2 ** 30, dollarsPerGigabyte: { INTER_AZ: 0, INTER_REGION: 100 } };
    expect(await problemsIn(prices)).toEqual([]);
    expect(await problemsIn({ gigabyte: 1e9 })).toEqual([]);
  });

  it('are from the environment', async () => {
    const prices = { dollarsPerGigabyte: { INTER_AZ: `\${PRICE}` } };
    expect(await pricesOf({ prices }, 'us-east-1', { PRICE: '.01' })).toEqual({ INTER_AZ: 0.01 / GIGABYTE });
  });

  it('of a region replace those of all regions by category', async () => {
    const prices = {
      dollarsPerGigabyte: { INTER_REGION: 0.02, INTER_VPC: 0.04 },
      regions: { 'sa-east-1': { INTER_REGION: 0.138 } },
    };
    const own = { INTER_AZ: 0.02 / GIGABYTE, INTER_REGION: 0.138 / GIGABYTE, INTER_VPC: 0.04 / GIGABYTE };
    expect(await pricesOf({ prices }, 'sa-east-1')).toEqual(own);
    expect(await pricesOf({ prices }, 'eu-west-1')).toEqual({ ...own, INTER_REGION: 0.02 / GIGABYTE });
  });

  it('have no default in partitions that are not billed like the commercial regions', async () => {
    expect(await pricesOf({}, 'cn-north-1')).toEqual({});
    expect(await pricesOf({ prices: { dollarsPerGigabyte: { INTER_AZ: 0.01 } } }, 'cn-north-1')).toEqual({
      INTER_AZ: 0.01 / GIGABYTE,
    });
  });

  it.each([
    ['free', 'prices (line 1): got "free", expected a mapping with gigabyte, dollarsPerGigabyte, or regions'],
    ...[0, 1, 1e12, 2 ** 30 + 1, 1_000_000_000.5].map((gigabyte): [object, string] => [
      { gigabyte },
      `prices.gigabyte (line 1): got ${gigabyte}, expected the bytes in a gigabyte: 1000000000 to 1073741824`,
    ]),
    [
      { gigabytes: 1 },
      'prices.gigabytes (line 1): got an unknown key, expected one of gigabyte, dollarsPerGigabyte, regions; did you mean "gigabyte"?',
    ],
    [
      { dollarsPerGigabyte: 0.02 },
      'prices.dollarsPerGigabyte (line 1): got 0.02, expected a mapping of destination categories to prices',
    ],
    [
      { dollarsPerGigabyte: { INTER_AZ: -1 } },
      'prices.dollarsPerGigabyte.INTER_AZ (line 1): got -1, expected a price in dollars: a number from 0 to 100',
    ],
    [
      { dollarsPerGigabyte: { INTER_AZ: 1e308 } },
      'prices.dollarsPerGigabyte.INTER_AZ (line 1): got 1e+308, expected a price in dollars: a number from 0 to 100',
    ],
    [
      { regions: { 'eu-west-1': { INTER_AZ: 100.01 } } },
      'prices.regions.eu-west-1.INTER_AZ (line 1): got 100.01, expected a price in dollars: a number from 0 to 100',
    ],
    [
      { regions: { 'eu-west-1': { INTER_AZ: '$0.02' } } },
      'prices.regions.eu-west-1.INTER_AZ (line 1): got "$0.02", expected a price in dollars: a number from 0 to 100',
    ],
    [
      { regions: { europe: { INTER_AZ: 1 } } },
      'prices.regions.europe (line 1): got the region "europe", expected an AWS Region (for example, eu-west-1)',
    ],
    [
      { dollarsPerGigabyte: { 'inter-az': 1 } },
      'prices.dollarsPerGigabyte.inter-az (line 1): got the category "inter-az", expected a destination category (for example, INTER_AZ)',
    ],
  ])('are rejected with the path of the problem: %j', async (prices, message) => {
    expect(await problemsIn(prices)).toEqual([message]);
  });

  it('warn of categories and regions that AWS did not have', async () => {
    const prices = { dollarsPerGigabyte: { INTER_ZA: 1 }, regions: { 'eu-wset-1': { INTER_AZ: 1 } } };
    const { warnings } = await load({ prices, queries: [] });
    expect(warnings.map(({ message }) => message)).toEqual([
      expect.stringMatching(
        /^prices\.dollarsPerGigabyte\.INTER_ZA \(line 1\): got the category "INTER_ZA", expected one of .*; did you mean "INTER_AZ"\?$/,
      ),
      expect.stringMatching(
        /^prices\.regions\.eu-wset-1 \(line 1\): got the region "eu-wset-1", expected a Region .*did you mean "eu-west-1"\?$/,
      ),
    ]);
  });
});
