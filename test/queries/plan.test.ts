import fc from 'fast-check';
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

describe('fan-out of entries', () => {
  it('creates one query for each account and region, with listed values in the name', async () => {
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

  it('applies queryDefaults to an entry', async () => {
    const { queries } = await loadConfig(readFixture('fan-out.ok.yml'), OPTIONS);
    const [byDefault] = queries;
    const everywhere = queries.find(({ group }) => group === 'everywhere');
    expect(byDefault).toMatchObject({ interval: 60_000, staleAfter: 300_000, labels: { team: 'net' } });
    expect(everywhere).toMatchObject({ interval: 120_000, staleAfter: 360_000, labels: { owner: 'me' } });
  });

  it('uses the only account of the file, otherwise default', async () => {
    const queries = [{ name: 'a', ...QUERY, region: 'eu-west-1' }];
    expect(await namesOf({ queries })).toEqual(['a default eu-west-1']);
    expect(await namesOf({ queries, accounts: [{ name: 'x' }] })).toEqual(['a x eu-west-1']);
    expect(await namesOf({ queries, accounts: [{ name: 'x' }, { name: 'y' }] })).toEqual(['a default eu-west-1']);
    expect(await namesOf({ queries, accounts: [{ name: 'x' }, { name: 'default' }] })).toEqual(['a default eu-west-1']);
  });

  it('expands "*" to all accounts of the file, or to default', async () => {
    const queries = [{ name: 'a', ...QUERY, account: '*', region: 'eu-west-1' }];
    expect(await namesOf({ queries })).toEqual(['a:default default eu-west-1']);
    expect(await namesOf({ queries, accounts: [{ name: 'x' }] })).toEqual(['a:x x eu-west-1']);
    expect(await namesOf({ queries, accounts: [{ name: 'x' }, { name: 'y' }] })).toEqual([
      'a:x x eu-west-1',
      'a:y y eu-west-1',
    ]);
  });

  it('accepts equal entry names if the query names differ', async () => {
    const queries = ['us-east-1', 'eu-west-1'].map((region) => ({ name: 'a', ...QUERY, region: [region] }));
    expect(await namesOf({ queries })).toEqual(['a:us-east-1 default us-east-1', 'a:eu-west-1 default eu-west-1']);
  });

  it('reports entries with equal query names, and entries with equal calls', async () => {
    const queries = [
      { name: 'a', ...QUERY, region: ['us-east-1', 'eu-west-1'] },
      { name: 'a', monitorName: 'm', queryId: 'r', region: ['eu-west-1', 'us-east-1'] },
      { name: 'b', ...QUERY, region: 'eu-west-1' },
      { name: 'c', type: 'workload-insights-top-contributors', scopeId: 'm', queryId: 'q', region: 'eu-west-1' },
    ];
    const { config } = await readConfig(JSON.stringify({ queries }), OPTIONS);
    const plan = await planQueries(config);
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

describe('fan-out of scheduled entries', () => {
  it('creates one query for each value of each dimension', async () => {
    const { queries } = await loadConfig(readFixture('scheduled.ok.yml'), OPTIONS);
    const stars = queries.filter(({ group }) => group === 'stars').map(({ name }) => name);
    const metricNames = ['ROUND_TRIP_TIME', 'TIMEOUTS', 'RETRANSMISSIONS', 'DATA_TRANSFERRED'];
    const categories = [
      ...['INTRA_AZ', 'INTER_AZ', 'INTER_VPC', 'UNCLASSIFIED', 'AMAZON_S3', 'AMAZON_DYNAMODB', 'INTER_REGION'],
    ];
    expect(stars).toEqual(metricNames.flatMap((metric) => categories.map((each) => `stars:${metric}:${each}`)));
    expect(queries.filter(({ group }) => group !== 'stars').map(({ name }) => name)).toEqual([
      'one',
      'listed:payments:us-east-1:checkout:ROUND_TRIP_TIME:INTERNET',
      'listed:payments:eu-west-1:checkout:ROUND_TRIP_TIME:INTERNET',
      'scopes:any text:TIMEOUTS',
      'scopes:any text:RETRANSMISSIONS',
      'scopes:any text:DATA_TRANSFERRED',
      'scopes:*:TIMEOUTS',
      'scopes:*:RETRANSMISSIONS',
      'scopes:*:DATA_TRANSFERRED',
      'points:INTRA_AZ',
      'points:AMAZON_S3',
      'watched',
    ]);
  });

  it('combines an entry with the defaults for its kind', async () => {
    const { queries } = await loadConfig(readFixture('scheduled.ok.yml'), OPTIONS);
    const find = (wanted: string) => queries.find(({ name }) => name === wanted);
    expect(find('one')).toMatchObject({
      kind: 'scheduled',
      account: 'shop',
      monitorName: 'checkout',
      scopeId: undefined,
      limit: 50,
      schedule: { every: 60_000, lookback: 60_000, delay: 120_000, timeout: 60_000 },
      contributorLabels: ['local_az'],
      staleAfter: 300_000,
      labels: { team: 'net' },
    });
    expect(find('listed:payments:eu-west-1:checkout:ROUND_TRIP_TIME:INTERNET')).toMatchObject({
      limit: 500,
      schedule: { every: 900_000, lookback: 900_000, delay: 0, timeout: 3_600_000 },
      contributorLabels: ['remote_ip', 'local_pod_name'],
    });
    expect(find('scopes:any text:TIMEOUTS')).toMatchObject({
      type: 'workload-insights-top-contributors',
      monitorName: undefined,
      scopeId: 'any text',
      limit: 50,
      schedule: { every: 1_800_000, lookback: 1_800_000, delay: 300_000, timeout: 600_000 },
    });
    expect(find('points:INTRA_AZ')).toMatchObject({ scopeId: 's', limit: undefined, metricName: 'DATA_TRANSFERRED' });
    expect(find('watched')).toMatchObject({ kind: 'watched', monitorName: 'checkout', queryId: 'b' });
  });

  it('uses schedule, monitor, metric, and category from queryDefaults', async () => {
    const queryDefaults = {
      monitorName: ['m', 'n'],
      metricName: '*',
      destinationCategory: 'INTER_AZ',
      schedule: { every: '2m' },
      region: 'eu-west-1',
    };
    const queries = [{ name: 'a' }, { name: 'b', monitorName: 'm', metricName: 'TIMEOUTS', schedule: { every: '3m' } }];
    const loaded = await loadConfig(JSON.stringify({ queryDefaults, queries }), OPTIONS);
    expect(loaded.queries.map((query) => [query.name, query.kind === 'scheduled' && query.schedule.every])).toEqual([
      ...['m', 'n'].flatMap((monitor) => [
        [`a:${monitor}:ROUND_TRIP_TIME`, 120_000],
        [`a:${monitor}:TIMEOUTS`, 120_000],
        [`a:${monitor}:RETRANSMISSIONS`, 120_000],
        [`a:${monitor}:DATA_TRANSFERRED`, 120_000],
      ]),
      ['b', 180_000],
    ]);
  });

  it('orders the parts of a query name, whichever are listed', async () => {
    const dimension = <T extends string>(...values: [T, T, ...T[]]) =>
      fc.oneof(fc.constantFrom(...values), fc.shuffledSubarray(values, { minLength: 1 }));
    const entries = fc.record({
      account: fc.oneof(dimension('x', 'y'), fc.constant('*')),
      region: dimension('us-east-1', 'eu-west-1', 'sa-east-1'),
      monitorName: dimension('m', 'n.o', 'p-q'),
      metricName: fc.oneof(dimension('TIMEOUTS', 'ROUND_TRIP_TIME'), fc.constant('*')),
      destinationCategory: fc.oneof(dimension('INTER_AZ', 'TRANSIT_GATEWAY'), fc.constant('*')),
    });
    const all = {
      account: ['x', 'y'],
      region: [],
      monitorName: [],
      metricName: ['ROUND_TRIP_TIME', 'TIMEOUTS', 'RETRANSMISSIONS', 'DATA_TRANSFERRED'],
      destinationCategory: [
        ...['INTRA_AZ', 'INTER_AZ', 'INTER_VPC', 'UNCLASSIFIED', 'AMAZON_S3', 'AMAZON_DYNAMODB', 'INTER_REGION'],
      ],
    };
    await fc.assert(
      fc.asyncProperty(entries, async (entry) => {
        const { account, region, monitorName, metricName, destinationCategory } = entry;
        const dimensions: [string | string[], string[]][] = [
          [account, all.account],
          [region, all.region],
          [monitorName, all.monitorName],
          [metricName, all.metricName],
          [destinationCategory, all.destinationCategory],
        ];
        let expected = ['e'];
        for (const [given, stars] of dimensions) {
          const values = given === '*' ? stars : Array.isArray(given) ? given : [];
          expected =
            values.length === 0 ? expected : expected.flatMap((name) => values.map((value) => `${name}:${value}`));
        }
        const queries = [{ name: 'e', ...entry, schedule: { every: '1h' } }];
        const loaded = await loadConfig(JSON.stringify({ accounts: [{ name: 'x' }, { name: 'y' }], queries }), OPTIONS);
        expect(loaded.queries.map(({ name }) => name)).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it('reports entries that start equal queries', async () => {
    const same = {
      monitorName: 'm',
      metricName: 'TIMEOUTS',
      destinationCategory: 'INTER_AZ',
      schedule: { every: '15m' },
    };
    const queries = [
      { name: 'first', ...same, schedule: { every: '15m' } },
      { name: 'other-limit', ...same, limit: 500 },
      { name: 'other-windows', ...same, schedule: { every: '5m' } },
      { name: 'other-monitor', ...same, monitorName: 'n' },
      { name: 'other-category', ...same, destinationCategory: 'INTER_VPC' },
      {
        name: 'same',
        ...same,
        metricName: ['TIMEOUTS'],
        contributorLabels: ['remote_ip'],
        schedule: { every: '15m', delay: '5m' },
      },
    ];
    const { warnings } = await loadConfig(JSON.stringify({ aws: { region: 'eu-west-1' }, queries }, null, 1), OPTIONS);
    expect(warnings.map(({ message }) => message.replace(/line \d+/g, 'line N'))).toEqual([
      'queries[5].name (line N): got "same", expected a different query: queries[0] (line N) starts the same one',
    ]);
  });

  it('hides parts of a name from the environment', async () => {
    const entry = { metricName: 'TIMEOUTS', destinationCategory: 'INTER_AZ', schedule: { every: '1h' } };
    const queries = [1, 2].map((limit) => ({
      name: 'a',
      type: 'workload-insights-top-contributors',
      scopeId: [`\${SCOPE}`],
      limit,
      ...entry,
    }));
    const config = JSON.stringify({ aws: { region: 'eu-west-1' }, queries });
    const error = await loadConfig(config, { ...OPTIONS, env: { SCOPE: 'hush:hush' } }).catch((thrown) => thrown);
    expect(error).toMatchObject({
      message: `queries[1].name (line 1): got "a", expected a unique name: queries[0] (line 1) also creates a query "a:\${SCOPE}"`,
    });
  });
});

describe('load of targets', () => {
  it('adds the load of all queries of a target', async () => {
    const loaded = await loadConfig(readFixture('everything.ok.yml'), { ...OPTIONS, env: { RPS: '2.5' } });
    expect(sumUpTargets(loaded.config, loaded)).toEqual([
      {
        account: 'default',
        region: 'us-east-1',
        queries: 2,
        // One poll every 15 s, and 8 requests every 30 min.
        planned: 1 / 15 + 8 / 1800,
        limit: 2.5,
        // 10 s each.
        runs: 10 / 1800,
        maxConcurrentRuns: 3,
      },
      {
        account: 'payments',
        region: 'eu-isoe-west-1',
        queries: 1,
        planned: 0.2,
        limit: 0.5,
        runs: 0,
        maxConcurrentRuns: 2,
      },
    ]);
  });
});
