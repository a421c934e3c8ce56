import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { cloudwatchTargets } from '../../src/queries/cloudwatch-targets.ts';
import { loadConfig, loadConfigFile } from '../../src/queries/load.ts';
import { FIXTURE_ENV, FIXTURES, fixtureNames } from './fixtures.ts';

const load = (file: string) =>
  loadConfigFile({ file, env: FIXTURE_ENV, fallbackRegion: async () => expect.fail('no region is missing') });

describe('a valid config file', () => {
  it.each(fixtureNames('ok'))('loads without warnings: %s', async (name) => {
    expect((await load(`${FIXTURES}${name}`)).warnings).toEqual([]);
  });

  it('accepts every key', async () => {
    const { config, queries } = await load(`${FIXTURES}everything.ok.yml`);
    expect(config).toMatchObject({
      web: {
        listenAddresses: [':0', '127.0.0.1:10049', '[::1]:10049', 'exporter.example:80'],
        telemetryPath: '/nfm/metrics',
      },
      log: { level: 'debug', format: 'json' },
      aws: {
        region: 'us-east-1',
        stsRegion: 'us-west-2',
        stsEndpoint: 'http://127.0.0.1:4566',
        requestTimeout: 90_000,
        maxAttempts: 4,
      },
      accounts: [
        {
          name: 'payments',
          regions: ['eu-isoe-west-1'],
          regionsListed: false,
          profile: 'base of all',
          role: {
            arn: 'arn:aws-iso-e:iam::111122223333:role/team/nfm-read',
            sessionName: 'nfm@payments',
            externalId: 'nfm@example.com/1',
            sessionTags: { purpose: 'metrics', 'Cost center': '4711', empty: '' },
          },
          endpoint: 'http://[::1]:4566',
          requestsPerSecond: 0.5,
          maxConcurrentRequests: 1,
          maxConcurrentRuns: 2,
        },
        {
          name: 'default',
          regions: ['us-east-1'],
          regionsListed: false,
          profile: undefined,
          role: undefined,
          endpoint: 'https://nfm.{region}.example:8443/base',
          requestsPerSecond: 2.5,
          maxConcurrentRequests: 2,
          maxConcurrentRuns: 3,
        },
      ],
      polling: { interval: 15_000, concurrency: 10, giveUpAfter: 86_400_000 },
      storage: { path: resolve(FIXTURES, '../kept') },
      contributors: {
        labels: ['local_az', 'target_port'],
        maxSeries: 3000,
        maxSeriesPerQuery: 60,
        mirrorRows: 'drop',
        roundTripTimeUnit: 'MILLISECONDS',
      },
      prices: {
        gigabyte: 1_000_000_000,
        everywhere: { INTER_AZ: 0.01, INTERNET: 0.09 },
        regions: { 'us-east-1': { INTERNET: 0.08 } },
      },
      http: { retention: 5_400_000 },
    });
    expect(queries).toEqual([
      {
        kind: 'watched',
        name: 'on',
        group: 'on',
        type: 'monitor-top-contributors',
        source: 'config',
        account: 'default',
        region: 'us-east-1',
        monitorName: '2026-01-01',
        scopeId: undefined,
        queryId: `\${x}`,
        interval: 15_000,
        staleAfter: 45_000,
        labels: { text: 'two\nlines "quoted" none' },
      },
      {
        kind: 'watched',
        name: 'points',
        group: 'points',
        type: 'workload-insights-top-contributors-data',
        source: 'config',
        account: 'payments',
        region: 'eu-isoe-west-1',
        monitorName: undefined,
        scopeId: 'any text at all',
        queryId: '1b',
        interval: 5000,
        staleAfter: 45_000,
        labels: {},
      },
      {
        kind: 'scheduled',
        name: 'flows:checkout:ROUND_TRIP_TIME:INTER_AZ',
        group: 'flows',
        type: 'monitor-top-contributors',
        source: 'config',
        account: 'default',
        region: 'us-east-1',
        monitorName: 'checkout',
        scopeId: undefined,
        metricName: 'ROUND_TRIP_TIME',
        destinationCategory: 'INTER_AZ',
        limit: 500,
        schedule: { every: 1_800_000, lookback: 1_800_000, delay: 60_000, timeout: 300_000 },
        contributorLabels: ['remote_ip', 'local_pod_name'],
        staleAfter: 45_000,
        labels: {},
      },
    ]);
  });

  it('accepts a DynamoDB table with all keys of replicas', async () => {
    expect((await load(`${FIXTURES}dynamodb.ok.yml`)).config).toMatchObject({
      storage: {
        path: undefined,
        dynamodb: { table: 'nfm-exporter', region: 'eu-west-1', endpoint: 'http://127.0.0.1:8000' },
        postgresql: undefined,
      },
      replicas: {
        group: 'payments',
        id: 'nfm-0',
        url: 'http://nfm-0.nfm:10049/prefix',
        heartbeat: 1_000,
        deadAfter: 3_000,
      },
    });
  });

  it('accepts a PostgreSQL database, and waits three heartbeats by default', async () => {
    expect((await load(`${FIXTURES}postgresql.ok.yml`)).config).toMatchObject({
      storage: {
        dynamodb: undefined,
        postgresql: { url: 'postgresql://nfm:hunter2@[::1]:5433/nfm?sslmode=require' },
      },
      replicas: { group: 'default', id: undefined, url: undefined, heartbeat: 10_000, deadAfter: 30_000 },
    });
  });

  it('uses the first known region for a table', async () => {
    const regionOf = async (config: object) => {
      const options = { file: 'nfm-exporter.yml', env: {}, fallbackRegion: async () => 'eu-north-1' };
      return (await loadConfig(JSON.stringify(config), options)).config.storage.dynamodb?.region;
    };
    const storage = (more: object) => ({ storage: { dynamodb: { table: 'nfm', ...more } } });
    expect(await regionOf({ ...storage({ region: 'us-west-2' }), aws: { region: 'us-east-1' } })).toBe('us-west-2');
    expect(await regionOf({ ...storage({}), aws: { region: 'us-east-1' } })).toBe('us-east-1');
    expect(await regionOf(storage({}))).toBe('eu-north-1');
  });

  it('gives precedence to own keys, then to earlier mappings, in merges', async () => {
    const { queries } = await load(`${FIXTURES}anchors.ok.yml`);
    expect(queries).toMatchObject([
      { name: 'a', monitorName: 'checkout', interval: 10_000, region: 'us-gov-west-1', labels: { team: 'payments' } },
      { name: 'b', monitorName: 'checkout', interval: 20_000, region: 'us-gov-west-1', labels: { team: 'payments' } },
      { name: 'c', monitorName: 'cart', interval: 30_000, labels: { team: 'payments', stage: 'live' } },
    ]);
  });

  it('freezes the loaded config', async () => {
    const { config, queries } = await load(`${FIXTURES}everything.ok.yml`);
    const parts = [config, config.web.listenAddresses, config.accounts[0], config.contributors.labels, ...queries];
    const inner = queries.flatMap((query) => [query.labels, ...(query.kind === 'scheduled' ? [query.schedule] : [])]);
    expect([...parts, ...inner].every((part) => Object.isFrozen(part))).toBe(true);
  });

  it('reads CloudWatch sections of accounts on top of the section of the top level', async () => {
    const { config, warnings } = await load(`${FIXTURES}cloudwatch.ok.yml`);
    const defaults = {
      metrics: ['HealthIndicator'],
      interval: 60_000,
      sumsInterval: 300_000,
      delay: 120_000,
      lookback: 3_600_000,
      monitors: { kind: 'monitors', name: '*', tags: {}, status: ['ACTIVE'] },
      endpoint: undefined,
      requestsPerSecond: 1,
      maxMetricsPerDay: undefined,
      roundTripTimeLimits: [],
    };
    const shared = { ...defaults, sumsInterval: 600_000, monitors: { ...defaults.monitors, name: 'prod-*' } };
    expect(config.accounts.map(({ name, cloudwatch }) => [name, cloudwatch])).toEqual([
      ['shared', shared],
      [
        'own',
        {
          ...shared,
          metrics: ['HealthIndicator', 'RoundTripTime', 'Retransmissions', 'Timeouts', 'DataTransferred'],
          lookback: 1_200_000,
          monitors: { ...defaults.monitors, tags: { team: 'network' } },
          endpoint: 'http://127.0.0.1:4566',
          requestsPerSecond: 2.5,
          maxMetricsPerDay: 50_000,
        },
      ],
      ['default', undefined],
    ]);
    expect(warnings).toEqual([]);
  });

  it('warns of a lookback that misses late points', async () => {
    const { warnings } = await loadConfig(
      '{ aws: { region: us-east-1 }, cloudwatch: { metrics: "*", lookback: 14m } }',
      {
        file: 'f.yml',
        env: {},
        fallbackRegion: async () => undefined,
      },
    );
    expect(warnings.map(({ message }) => message)).toEqual([
      'cloudwatch.lookback (line 1): got "14m", expected a lookback of at least 15m, 10m more than the longest interval: otherwise, late points are missed',
    ]);
  });

  it.each([
    ['cloudwatch: {}', [['default', 'ap-south-1']]],
    ['accounts: [{ name: b, region: us-west-2, cloudwatch: {} }]', [['b', 'us-west-2']]],
    [
      'cloudwatch: {}\naccounts: [{ name: a, regions: [us-east-1, us-east-2] }, { name: b }]',
      [
        ['a', 'us-east-1'],
        ['a', 'us-east-2'],
        ['b', 'ap-south-1'],
      ],
    ],
  ])('puts the targets of CloudWatch sections in use without queries: %s', async (text, targets) => {
    const loaded = await loadConfig(text, { file: 'f.yml', env: {}, fallbackRegion: async () => 'ap-south-1' });
    expect(cloudwatchTargets(loaded.config).map(({ account, region }) => [account, region])).toEqual(targets);
    expect(loaded.warnings).toEqual([]);
  });

  it('loads the shipped example', async () => {
    const file = fileURLToPath(new URL('../../config/nfm-exporter.example.yml', import.meta.url));
    const { config, queries, warnings } = await load(file);
    expect(warnings).toEqual([]);
    expect(config).toMatchObject({
      web: { listenAddresses: [':10049'], telemetryPath: '/metrics' },
      log: { level: 'info', format: 'logfmt' },
      polling: { interval: 30_000, concurrency: 256, giveUpAfter: 3_600_000 },
      contributors: {
        maxSeries: 50_000,
        maxSeriesPerQuery: 500,
        mirrorRows: 'keep',
        roundTripTimeUnit: 'MICROSECONDS',
      },
      http: { retention: 3_600_000 },
    });
    const flows = queries.filter(({ group }) => group === 'checkout-flows');
    expect(flows.length).toBe(2 * 2 * 7);
    expect(flows.map(({ name }) => name)).toContain('checkout-flows:us-east-1:RETRANSMISSIONS:INTER_AZ');
    const others = queries.filter((query) => !flows.includes(query));
    expect(others.map(({ name, kind, labels }) => [name, kind, labels['team']])).toEqual([
      ['checkout-retransmissions', 'watched', 'payments'],
      ['checkout-round-trip-time', 'watched', 'payments'],
      ['data-transferred-between-zones', 'watched', 'network'],
      ['timeouts-over-time', 'watched', 'network'],
      ['data-between-zones', 'scheduled', 'network'],
    ]);
  });
});
