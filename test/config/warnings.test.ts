import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/queries/load.ts';

const ENTRY = { monitorName: 'm', metricName: 'TIMEOUTS', destinationCategory: 'INTER_AZ', schedule: { every: '15m' } };
const CATEGORIES = [
  ...['INTRA_AZ', 'INTER_AZ', 'INTER_VPC', 'UNCLASSIFIED', 'AMAZON_S3', 'AMAZON_DYNAMODB', 'INTER_REGION'],
  ...['INTERNET', 'AWS_SERVICE', 'TRANSIT_GATEWAY', 'LOCAL_ZONE'],
];

async function load(queries: readonly object[], queryDefaults: object = {}) {
  const text = JSON.stringify({ aws: { region: 'eu-west-1' }, queryDefaults, queries });
  const loaded = await loadConfig(text, { file: 'x', env: {}, fallbackRegion: async () => undefined });
  return { queries: loaded.queries, warnings: loaded.warnings.map(({ message }) => message) };
}

const warningsOf = async (keys: object) => (await load([{ name: 'a', ...ENTRY, ...keys }])).warnings;

describe('a destination category', () => {
  it.each(CATEGORIES)('does not warn of a known destination category: %s', async (destinationCategory) => {
    expect(await warningsOf({ destinationCategory })).toEqual([]);
  });

  it('accepts an unknown destination category with a warning', async () => {
    const { queries, warnings } = await load([{ name: 'a', ...ENTRY, destinationCategory: 'OUTER_SPACE' }]);
    expect(queries).toMatchObject([{ name: 'a', destinationCategory: 'OUTER_SPACE' }]);
    expect(warnings).toEqual([
      `queries[0].destinationCategory (line 1): got "OUTER_SPACE", expected one of ${CATEGORIES.join(', ')}`,
    ]);
  });

  it('suggests the nearest known destination category', async () => {
    const destinationCategory = ['INTER_AZ', 'INTER_VCP'];
    expect(await warningsOf({ destinationCategory })).toEqual([
      `queries[0].destinationCategory[1] (line 1): got "INTER_VCP", expected one of ${CATEGORIES.join(', ')}; did you mean "INTER_VPC"?`,
    ]);
  });

  it('warns once of an unknown destination category in queryDefaults', async () => {
    const { monitorName, metricName, schedule } = ENTRY;
    const queries = ['a', 'b'].map((name, i) => ({ name, metricName, schedule, monitorName: `${monitorName}${i}` }));
    const { warnings } = await load(queries, { destinationCategory: 'OUTER_SPACE' });
    expect(warnings).toEqual([
      expect.stringMatching(/^queryDefaults\.destinationCategory \(line 1\): got "OUTER_SPACE"/),
    ]);
  });
});

describe('windows', () => {
  it.each(['1m', '15m', '1h'])('does not warn of windows without gaps: every %s', async (every) => {
    expect(await warningsOf({ schedule: { every } })).toEqual([]);
    expect(await warningsOf({ schedule: { every, lookback: every } })).toEqual([]);
  });

  it('warns of windows with gaps', async () => {
    expect(await warningsOf({ schedule: { every: '15m', lookback: '5m' } })).toEqual([
      'queries[0].schedule.lookback (line 1): got "5m", expected "15m", the same as every: otherwise, windows leave gaps',
    ]);
  });

  it('warns of overlapping windows', async () => {
    expect(await warningsOf({ schedule: { every: '15m', lookback: '1h' } })).toEqual([
      'queries[0].schedule.lookback (line 1): got "1h", expected "15m", the same as every: otherwise, windows overlap',
    ]);
  });

  it('warns of gaps, but not of overlaps, between windows of the -data type', async () => {
    const type = 'workload-insights-top-contributors-data';
    const { metricName, destinationCategory } = ENTRY;
    const query = { name: 'a', type, scopeId: 's', metricName, destinationCategory };
    const warningsFor = async (schedule: object) => (await load([{ ...query, schedule }])).warnings;
    expect(await warningsFor({ every: '1m', lookback: '30m' })).toEqual([]);
    expect(await warningsFor({ every: '15m', lookback: '5m' })).toEqual([
      expect.stringMatching(/otherwise, windows leave gaps$/),
    ]);
    const { warnings } = await load([{ ...query, schedule: undefined }], {
      type,
      schedule: { every: '1m', lookback: '30m' },
    });
    expect(warnings).toEqual([]);
  });

  it('warns of gaps if the interval is longer than the longest window', async () => {
    const { queries, warnings } = await load([{ name: 'a', ...ENTRY, schedule: { every: '2h' } }]);
    expect(queries).toMatchObject([{ schedule: { every: 7_200_000, lookback: 3_600_000, timeout: 600_000 } }]);
    expect(warnings).toEqual([
      'queries[0].schedule.every (line 1): got "2h", expected at most 1h, the longest lookback: otherwise, windows leave gaps',
    ]);
  });
});

describe('contributorLabels', () => {
  it.each([
    ['remotePodNam', ['remote_pod_name']],
    ['local_pod_nmespace', ['local_pod_namespace']],
    ['pod_name', ['local_pod_name', 'local_pod_namespace', 'remote_pod_name', 'remote_pod_namespace']],
    ['vpcId', ['local_vpc_id', 'remote_vpc_id']],
    ['portrange', ['local_ip', 'snat_ip']],
  ])('lists the nearest contributorLabels first: %s', async (label, nearest) => {
    const refused = warningsOf({ contributorLabels: ['remote_ip', label] });
    await expect(refused).rejects.toThrow(
      `contributorLabels[1] (line 1): got "${label}", expected one of ${nearest.join(', ')}, `,
    );
  });

  it('warns of contributorLabels for the -data type', async () => {
    const type = 'workload-insights-top-contributors-data';
    const { metricName, destinationCategory, schedule } = ENTRY;
    const query = { name: 'a', type, scopeId: 's', metricName, destinationCategory, schedule };
    expect((await load([query], { contributorLabels: ['remote_ip'] })).warnings).toEqual([]);
    expect((await load([{ ...query, contributorLabels: ['remote_ip'] }])).warnings).toEqual([
      `queries[0].contributorLabels (line 1): got ["remote_ip"], expected no contributorLabels for type ${type}: its results have no rows`,
    ]);
  });
});

describe('accounts', () => {
  const WATCHED = { monitorName: 'm', queryId: 'q' };
  const accountWarnings = async (config: object) => {
    const text = JSON.stringify({ aws: { region: 'eu-west-1' }, ...config });
    const { warnings } = await loadConfig(text, { file: 'x', env: {}, fallbackRegion: async () => undefined });
    return warnings.map(({ message }) => message);
  };
  const named = (count: number) => Array.from({ length: count }, (_, i) => ({ name: `a${i}` }));

  it('warns once of unused accounts', async () => {
    const queries = [{ name: 'q', ...WATCHED, account: 'a0' }];
    expect(await accountWarnings({ accounts: named(1), queries })).toEqual([]);
    expect(await accountWarnings({ accounts: named(2), queries })).toEqual([
      'accounts[1].name (line 1): got "a1", expected an account that a query uses',
    ]);
    expect(await accountWarnings({ accounts: named(3), queries })).toEqual([
      'accounts[1].name (line 1): got "a1", expected an account that a query uses; 1 other account is unused: "a2"',
    ]);
    expect(await accountWarnings({ accounts: named(100), queries })).toEqual([
      expect.stringMatching(/; 98 other accounts are unused: "a2", .*, "a11" and 88 more$/),
    ]);
  });

  it('does not warn of accounts of selectors, of "*", or of a file without queries', async () => {
    const { monitorName: _, ...selecting } = { ...ENTRY, name: 's', monitorSelector: {}, account: ['a0', 'a1'] };
    expect(await accountWarnings({ accounts: named(2), queries: [selecting] })).toEqual([]);
    expect(await accountWarnings({ accounts: named(3), queries: [{ name: 'q', ...WATCHED, account: '*' }] })).toEqual(
      [],
    );
    expect(await accountWarnings({ accounts: named(3) })).toEqual([]);
  });

  it('does not warn of unused accounts before discovery files are read', async () => {
    const queries = [{ name: 'q', ...WATCHED, account: 'a0' }];
    const discovery = { files: ['queries.d/*.yml'] };
    expect(await accountWarnings({ accounts: named(2), queries, discovery })).toEqual([]);
  });

  it('warns once of queries without an account if accounts are listed', async () => {
    const use = named(2).map(({ name }, i) => ({ ...WATCHED, name: `used${i}`, account: name, queryId: name }));
    const silent = (count: number) =>
      Array.from({ length: count }, (_, i) => ({ name: `q${i}`, monitorName: 'm', queryId: `q${i}` }));
    const accounts = named(2);
    expect(await accountWarnings({ accounts, queries: [...use, ...silent(1)] })).toEqual([
      'queries[2].account (line 1): got nothing, expected the name of an account; 1 entry without one uses "default", which is not listed in accounts',
    ]);
    expect(await accountWarnings({ accounts, queries: [...use, ...silent(3)] })).toEqual([
      'queries[2].account (line 1): got nothing, expected the name of an account; 3 entries without one use "default", which is not listed in accounts',
    ]);
    const [one = {}, two = {}] = silent(2);
    const meant = [
      { accounts, queries: [...use, { ...one, account: 'default' }] },
      { accounts: [...accounts, { name: 'default' }], queries: [...use, one, two] },
      { accounts, queries: [...use, one], queryDefaults: { account: 'a0' } },
      { accounts: named(1), queries: [one, two] },
      { queries: [one, two] },
    ];
    for (const config of meant) {
      expect(await accountWarnings(config), JSON.stringify(config)).toEqual([]);
    }
  });
});
