import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KNOWN_REGIONS } from '../../src/config/regions.ts';
import { loadConfig } from '../../src/queries/load.ts';

const load = (config: object, region?: string, env = {}) =>
  loadConfig(JSON.stringify(config), { file: 'x', env, fallbackRegion: async () => region });

const ENTRY = { name: 'a', monitorName: 'm', queryId: 'q' };

async function warningsOf(config: object, region?: string, env = {}): Promise<string[]> {
  const { warnings } = await load({ queries: [ENTRY], ...config }, region, env);
  return warnings.map(({ message }) => message);
}

const instead = (region: string) =>
  expect.stringMatching(
    `expected a Region that AWS had on \\d{4}-\\d\\d-\\d\\d, or a newer one; did you mean "${region}"\\?$`,
  );

describe('an unknown region', () => {
  it.each([
    ['eu-wset-1', 'eu-west-1'],
    ['us-east-9', 'us-east-1'],
    ['us-gvo-west-1', 'us-gov-west-1'],
    ['ap-southest-2', 'ap-southeast-2'],
    ['cn-northwst-1', 'cn-northwest-1'],
    ['eusc-de-west-1', 'eusc-de-east-1'],
    ['mars-phobos-7', expect.any(String)],
  ])('warns of an unknown region with the nearest known one: %s', async (region, nearest) => {
    const [warning, ...others] = await warningsOf({ aws: { region } });
    expect(warning).toContain(`aws.region (line 1): got "${region}", `);
    expect(warning).toEqual(typeof nearest === 'string' ? instead(nearest) : nearest);
    expect(others).toEqual([]);
  });

  it('warns of an unknown region once for each key of the file', async () => {
    const config = {
      aws: { region: 'eu-west-1', stsRegion: 'eu-west-9' },
      accounts: [{ name: 'a', region: 'us-east-9' }, { name: 'b', regions: ['us-east-1', 'us-east-8'] }, { name: 'c' }],
      queryDefaults: { region: 'eu-central-9' },
      queries: [
        { ...ENTRY, account: 'a', region: 'us-east-9' },
        { ...ENTRY, name: 'b', account: 'b', region: ['us-east-8'] },
        { ...ENTRY, name: 'c', account: 'c' },
      ],
    };
    const { warnings } = await load(config);
    expect(warnings.map(({ path, got }) => `${path} ${got}`).sort()).toEqual([
      'accounts[0].region "us-east-9"',
      'accounts[1].regions[1] "us-east-8"',
      'aws.stsRegion "eu-west-9"',
      'queries[0].region "us-east-9"',
      'queries[1].region[0] "us-east-8"',
      'queryDefaults.region "eu-central-9"',
    ]);
  });

  it('warns of an unknown Region from a variable or the AWS profile without its value', async () => {
    expect(await warningsOf({ aws: { region: `\${R}` } }, undefined, { R: 'eu-wset-1' })).toEqual([
      expect.stringContaining(`aws.region (line 1): got "\${R}", `),
    ]);
    expect(await warningsOf({}, 'eu-wset-1')).toEqual([instead('eu-west-1')]);
  });

  it('does not warn of any listed region', async () => {
    for (const region of KNOWN_REGIONS) {
      expect(await warningsOf({ aws: { region } })).toEqual([]);
    }
    const region = fc
      .tuple(fc.constantFrom(...KNOWN_REGIONS), fc.integer({ min: 3, max: 99 }))
      .map(([known, n]) => known.replace(/\d+$/, String(n)))
      .filter((each) => !KNOWN_REGIONS.includes(each));
    await fc.assert(
      fc.asyncProperty(region, async (unknown) => {
        const [warning = ''] = await warningsOf({ aws: { region: unknown } });
        expect(KNOWN_REGIONS).toContain(/did you mean "(.*)"/.exec(warning)?.[1]);
      }),
      { numRuns: 50 },
    );
  });
});

describe('the list of regions', () => {
  it('lists the same regions as the installed AWS SDK', () => {
    const require = createRequire(import.meta.resolve('@aws-sdk/client-sts'));
    const core = dirname(require.resolve('@aws-sdk/core/package.json'));
    const rules = readFileSync(join(core, 'dist-es/submodules/client/util-endpoints/lib/aws/partitions.js'), 'utf8');
    const regions = Array.from(rules.matchAll(/"([a-z]+(?:-[a-z]+)+-\d+)": \{/g), ([, region]) => region);
    expect(regions.length).toBeGreaterThan(30);
    expect([...KNOWN_REGIONS].sort()).toEqual(regions.sort());
  });
});
