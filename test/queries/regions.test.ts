import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/config/reading/problem.ts';
import { loadConfig } from '../../src/queries/load.ts';

const QUERY = { name: 'a', monitorName: 'm', queryId: 'q' };

async function load(config: object, fallback: string | undefined) {
  let asked = 0;
  const fallbackRegion = async () => {
    asked += 1;
    return fallback;
  };
  const outcome = await loadConfig(JSON.stringify(config), { file: 'x', env: {}, fallbackRegion }).catch(
    (thrown: unknown) => thrown,
  );
  if (outcome instanceof ConfigError) {
    return { asked, errors: outcome.problems.map(({ message }) => message) };
  }
  return { asked, outcome };
}

describe('the region of accounts without a region', () => {
  it('uses aws.region without reading the environment', async () => {
    const { asked, outcome } = await load({ aws: { region: 'eu-west-1' }, queries: [QUERY] }, 'us-east-1');
    expect(outcome).toMatchObject({ queries: [{ name: 'a', region: 'eu-west-1' }] });
    expect(asked).toBe(0);
  });

  it('uses the region of the environment or the profile', async () => {
    const config = {
      accounts: [{ name: 'x' }, { name: 'y', region: 'us-west-2' }],
      queries: [{ ...QUERY, account: '*' }],
    };
    const { asked, outcome } = await load(config, 'eu-north-1');
    expect(outcome).toMatchObject({
      config: {
        aws: {},
        accounts: [{ regions: ['eu-north-1'] }, { regions: ['us-west-2'] }, { regions: ['eu-north-1'] }],
      },
      queries: [
        { name: 'a:x', region: 'eu-north-1' },
        { name: 'a:y', region: 'us-west-2' },
      ],
    });
    expect(asked).toBe(1);
  });

  it('accepts a missing region if no query needs it', async () => {
    const accounts = [{ name: 'x' }, { name: 'y', region: 'us-west-2' }];
    const queries = [
      { ...QUERY, account: 'y' },
      { ...QUERY, name: 'b', account: 'x', region: 'sa-east-1' },
    ];
    expect(await load({ accounts, queries }, undefined)).toMatchObject({ asked: 0, outcome: { queries: [{}, {}] } });
    expect(await load({}, undefined)).toMatchObject({ asked: 0, outcome: { queries: [] } });
  });

  it('rejects a missing region', async () => {
    expect(await load({ queries: [QUERY] }, undefined)).toEqual({
      asked: 1,
      errors: [
        'queries[0].region (line 1): got nothing, expected an AWS Region (for example, eu-west-1): here, in aws.region, in AWS_REGION, or in the AWS profile',
      ],
    });
  });

  it('rejects an invalid region of the environment without showing it', async () => {
    expect(await load({ accounts: [{ name: 'x' }], queries: [QUERY] }, 'hush')).toEqual({
      asked: 1,
      errors: [
        'accounts[0].region (line 1): got an invalid Region from the environment or the AWS profile, expected an AWS Region (for example, eu-west-1): here, in aws.region, in AWS_REGION, or in the AWS profile',
      ],
    });
  });

  it('does not read the environment if aws.region is invalid', async () => {
    expect(await load({ aws: { region: 'here' }, queries: [QUERY] }, undefined)).toEqual({
      asked: 0,
      errors: ['aws.region (line 1): got "here", expected an AWS Region (for example, eu-west-1)'],
    });
  });
});
