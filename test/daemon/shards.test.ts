import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { Shard } from '../../src/model/shard.ts';
import { ask } from '../support/api-client.ts';
import {
  type RunningDaemon,
  runDaemon,
  setAwsEnvironment,
  TEST_CREDENTIALS,
  type TestScope,
} from '../support/daemon.ts';
import { endlessQueries, runSimulator, type SimulatedService } from '../support/simulated-service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const WAIT = { timeout: 30_000, interval: 100 };
const REGIONS = ['eu-west-1', 'us-east-1'];
const NAMES = ['a', 'b', 'c'];
/** An account without queries, whose monitors are read from CloudWatch. */
const METRICS_ONLY = 'd';

beforeAll(() => setAwsEnvironment(TEST_CREDENTIALS));

function startService(scope: TestScope): Promise<SimulatedService> {
  const inventory = { monitors: [{ name: 'checkout' }, { name: 'search' }], scopes: [] };
  return runSimulator(scope, {
    accounts: [
      {
        id: '111122223333',
        roles: [...NAMES, METRICS_ONLY].map((name) => ({ name })),
        regions: Object.fromEntries(REGIONS.map((region) => [region, inventory])),
      },
    ],
    queries: REGIONS.map((region) => endlessQueries(region, 'w{n}', { count: 1 })),
    startedQueries: [{ match: {}, outcome: 'none' }],
  });
}

/** Six targets with watched, scheduled, and selected queries, and two without queries. */
function configOf({ url }: SimulatedService): Readonly<Record<string, unknown>> {
  const folder = temporaryFolder();
  const schedule = { every: '1d', lookback: '1h' };
  const watched = (name: string) => ({ name, monitorName: 'checkout', queryId: 'w1', account: NAMES });
  writeFileSync(join(folder, 'more.json'), JSON.stringify([watched('found')]));
  return {
    aws: { endpoint: url, stsEndpoint: url, stsRegion: 'us-east-1', requestsPerSecond: 50 },
    accounts: [...NAMES, METRICS_ONLY].map((name) => ({
      name,
      regions: REGIONS,
      roleArn: `arn:aws:iam::111122223333:role/${name}`,
      ...(name === METRICS_ONLY ? { cloudwatch: { endpoint: url } } : {}),
    })),
    discovery: { files: [join(folder, '*.json')], monitorsEvery: '1h' },
    queries: [
      watched('w'),
      {
        name: 's',
        monitorSelector: { name: '*' },
        account: NAMES,
        metricName: 'TIMEOUTS',
        destinationCategory: 'INTER_AZ',
        schedule,
      },
    ],
  };
}

/** Lines of a page about queries and targets that are the same in all processes. */
async function exportedBy(daemon: RunningDaemon): Promise<readonly string[]> {
  const { body } = await daemon.text('/metrics');
  const families = ['query_info', 'query_status', 'query_up', 'monitor_status', 'account_info', 'api_up'];
  const start = new RegExp(`^aws_nfm_(?:${families.join('|')})\\{`);
  return body.split('\n').filter((line) => start.test(line));
}

async function namesOf(daemon: RunningDaemon): Promise<readonly string[]> {
  const { queries } = JSON.parse((await daemon.text('/api/v1/queries')).body);
  return queries.map(({ name }: { readonly name: string }) => name);
}

describe('shards', () => {
  test('export together what one process exports, and each target once', async (scope) => {
    const service = await startService(scope);
    const config = configOf(service);
    const start = async (shard?: Shard) => {
      const daemon = await runDaemon(scope, config, shard === undefined ? {} : { shard });
      await vi.waitFor(async () => {
        const lines = await exportedBy(daemon);
        const up = lines.filter((line) => line.startsWith('aws_nfm_query_up{') && line.endsWith(' 1'));
        const targets = lines.filter((line) => line.startsWith('aws_nfm_api_up{') && !line.includes('account="d"'));
        // Each target has two watched queries, and the queries of two monitors.
        expect(up.length).toBeGreaterThanOrEqual(2 * targets.length);
        expect(await namesOf(daemon)).toHaveLength(4 * targets.length);
        expect(targets.length).toBeGreaterThan(0);
      }, WAIT);
      return daemon;
    };
    const single = await start();
    const shards = [await start({ ordinal: 0, total: 2 }), await start({ ordinal: 1, total: 2 })];
    await vi.waitFor(async () => {
      const whole = await exportedBy(single);
      expect(whole.filter((line) => line.startsWith('aws_nfm_api_up{'))).toHaveLength(8);
      const parts = await Promise.all(shards.map(exportedBy));
      expect(parts.every((lines) => lines.length > 0 && lines.length < whole.length)).toBe(true);
      expect(parts.flat().toSorted()).toEqual(whole.toSorted());
    }, WAIT);
    const names = await Promise.all(shards.map(namesOf));
    expect(names.flat().toSorted()).toEqual((await namesOf(single)).toSorted());

    const totals = await Promise.all([single, ...shards].map((daemon) => daemon.metrics()));
    const of = (family: string) => totals.map((page) => page.value(`aws_nfm_exporter_${family}`));
    expect(of('shard_ordinal')).toEqual([0, 0, 1]);
    expect(of('total_shards')).toEqual([1, 2, 2]);
  });

  test('refuse the registration of a query of another shard', async (scope) => {
    const service = await startService(scope);
    const shard = { ordinal: 0, total: 2 };
    const daemon = await runDaemon(scope, { ...configOf(service), queries: [] }, { shard, adminApi: true });
    const put = (account: string) => {
      const body = { monitorName: 'checkout', queryId: 'w1', account, region: 'us-east-1' };
      return ask(daemon.url, 'PUT', `/api/v1/queries/of-${account}`, { body });
    };
    expect(await put('b')).toMatchObject({ status: 201 });
    expect(await put('a')).toMatchObject({
      status: 400,
      body: {
        error: {
          details: [
            {
              path: 'account',
              value: 'account "a" in region us-east-1, which shard 1 of 2 has',
              expected: 'a target of shard 0',
            },
          ],
        },
      },
    });
  });
});
