import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/read.ts';
import { loadConfig } from '../../src/queries/load.ts';
import { planQueries } from '../../src/queries/plan.ts';
import { sumUpTargets } from '../../src/queries/targets.ts';
import { readFixture } from '../config/fixtures.ts';

const OPTIONS = { file: 'x', env: {}, fallbackRegion: async () => undefined };

async function namesOf(config: object): Promise<string[]> {
  const { queries } = await loadConfig(JSON.stringify(config), OPTIONS);
  return queries.map(({ name, account, region }) => `${name} ${account} ${region}`);
}

const QUERY = { monitorName: 'm', queryId: 'q' };

describe('what entries fan out to', () => {
  it('is one query for each account and region, named after what the file lists', async () => {
    const { queries } = await loadConfig(readFixture('fan-out.ok.yml'), OPTIONS);
    expect(queries.map(({ name, group, account, region }) => [name, group, account, region].join(' '))).toEqual([
      'by-default by-default default eu-west-1',
      'one-account:us-east-1 one-account payments us-east-1',
      'one-account:eu-west-1 one-account payments eu-west-1',
      'one-region one-region payments us-east-1',
      'listed:shop:ap-south-1 listed shop ap-south-1',
      'everywhere:payments:us-east-1 everywhere payments us-east-1',
      'everywhere:payments:eu-west-1 everywhere payments eu-west-1',
      'everywhere:shop everywhere shop ap-south-1',
      'everywhere:ops:us-east-1 everywhere ops us-east-1',
      'one-listed-region:us-east-1 one-listed-region ops us-east-1',
      'anywhere:sa-east-1 anywhere default sa-east-1',
    ]);
  });

  it('has the defaults of all queries, where an entry lacks them', async () => {
    const { queries } = await loadConfig(readFixture('fan-out.ok.yml'), OPTIONS);
    const [byDefault] = queries;
    const everywhere = queries.find(({ group }) => group === 'everywhere');
    expect(byDefault).toMatchObject({ interval: 60_000, staleAfter: 300_000, labels: { team: 'net' } });
    expect(everywhere).toMatchObject({ interval: 120_000, staleAfter: 360_000, labels: { owner: 'me' } });
  });

  it('is in the only account that the file has, else in default', async () => {
    const queries = [{ name: 'a', ...QUERY, region: 'eu-west-1' }];
    expect(await namesOf({ queries })).toEqual(['a default eu-west-1']);
    expect(await namesOf({ queries, accounts: [{ name: 'x' }] })).toEqual(['a x eu-west-1']);
    expect(await namesOf({ queries, accounts: [{ name: 'x' }, { name: 'y' }] })).toEqual(['a default eu-west-1']);
    expect(await namesOf({ queries, accounts: [{ name: 'x' }, { name: 'default' }] })).toEqual(['a default eu-west-1']);
  });

  it('"*" is all accounts that the file defines, or default where it defines none', async () => {
    const queries = [{ name: 'a', ...QUERY, account: '*', region: 'eu-west-1' }];
    expect(await namesOf({ queries })).toEqual(['a:default default eu-west-1']);
    expect(await namesOf({ queries, accounts: [{ name: 'x' }] })).toEqual(['a:x x eu-west-1']);
    expect(await namesOf({ queries, accounts: [{ name: 'x' }, { name: 'y' }] })).toEqual([
      'a:x x eu-west-1',
      'a:y y eu-west-1',
    ]);
  });

  it('may share an entry name, as long as the queries differ in theirs', async () => {
    const queries = ['us-east-1', 'eu-west-1'].map((region) => ({ name: 'a', ...QUERY, region: [region] }));
    expect(await namesOf({ queries })).toEqual(['a:us-east-1 default us-east-1', 'a:eu-west-1 default eu-west-1']);
  });

  it('says which entries make queries of one name, or the same query under two', async () => {
    const queries = [
      { name: 'a', ...QUERY, region: ['us-east-1', 'eu-west-1'] },
      { name: 'a', monitorName: 'm', queryId: 'r', region: ['eu-west-1', 'us-east-1'] },
      { name: 'b', ...QUERY, region: 'eu-west-1' },
      { name: 'c', type: 'workload-insights-top-contributors', scopeId: 'm', queryId: 'q', region: 'eu-west-1' },
    ];
    const { config } = await readConfig(JSON.stringify({ queries }), OPTIONS);
    const plan = planQueries(config);
    expect(plan.queries.map((query) => `${query.name} ${query.kind === 'watched' ? query.queryId : ''}`)).toEqual([
      'a:us-east-1 q',
      'a:eu-west-1 q',
      'b q',
      'c q',
    ]);
    const paths = [plan.clashes, plan.twins].map((clashes) =>
      clashes.map(({ earlier, later, query }) => `${earlier.path} ${later.path} ${query.name}`),
    );
    expect(paths).toEqual([['queries[0] queries[1] a:eu-west-1'], ['queries[0] queries[2] b']]);
  });
});

describe('what targets have to bear', () => {
  it('is the sum of their queries', async () => {
    const { config, queries } = await loadConfig(readFixture('everything.ok.yml'), { ...OPTIONS, env: { RPS: '2.5' } });
    expect(sumUpTargets(config, queries)).toEqual([
      {
        account: 'default',
        region: 'us-east-1',
        queries: 1,
        planned: 1000 / 15_000,
        limit: 2.5,
        runs: 0,
        maxConcurrentRuns: 5,
      },
      {
        account: 'payments',
        region: 'eu-isoe-west-1',
        queries: 1,
        planned: 0.2,
        limit: 0.5,
        runs: 0,
        maxConcurrentRuns: 5,
      },
    ]);
  });
});
