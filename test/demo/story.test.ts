import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseScenario } from 'network-flow-monitor-simulator';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { appendQuery } from '../../src/cli/demo/folder.ts';
import { beginStory } from '../../src/cli/demo/story.ts';
import {
  type RunningDaemon,
  runDaemon,
  setAwsEnvironment,
  TEST_CREDENTIALS,
  type TestScope,
} from '../support/daemon.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { patientClock } from '../support/patient-clock.ts';
import { PROJECT } from '../support/project.ts';
import { runSimulator } from '../support/simulated-service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Far longer than anything takes: credentials are not given up for being refused before they are five seconds old. */
const WAIT = { timeout: 30_000, interval: 100 };
const SHOP_EU = { account: 'shop', aws_region: 'eu-west-1' };
const SHOP_US = { account: 'shop', aws_region: 'us-east-1' };
const PAYMENTS = { account: 'payments' };

/** The text of a file of the demo with some of it replaced, all of which it must have. */
function demoFile(name: string, replacements: Readonly<Record<string, string>>): string {
  let text = readFileSync(`${PROJECT}config/demo/${name}`, 'utf8');
  for (const [from, to] of Object.entries(replacements)) {
    expect(text).toContain(from);
    text = text.replaceAll(from, to);
  }
  return text;
}

/** The demo's daemon and simulator, but quicker. The story stands still, and is played on by `until`. */
async function runStory(scope: TestScope) {
  const scenario = demoFile('scenario.yml', { 'queuedFor: 1s, runningFor: 3s': 'queuedFor: 0s, runningFor: 200ms' });
  const service = await runSimulator(scope, parse(scenario), { clock: patientClock });
  const folder = temporaryFolder(scope);
  const config = demoFile('nfm-exporter.yml', {
    '${NFM_SIMULATOR}': service.url,
    '${NFM_DEMO_FOLDER}/queries.d': `${PROJECT}config/demo/queries.d`,
    '${NFM_DEMO_FOLDER}': folder,
    'interval: 5s': 'interval: 1s',
    'monitorsEvery: 5s': 'monitorsEvery: 500ms',
    'requestsPerSecond: 10': 'requestsPerSecond: 50',
    'timeout: 15s': 'timeout: 3s',
  });
  const file = join(folder, 'nfm-exporter.yml');
  writeFileSync(file, config);
  const daemon = await runDaemon(scope, parse(config), { file, isLast: true, clock: patientClock });
  const clock = new FakeClock();
  const told: string[] = [];
  const story = beginStory({
    clock,
    simulator: service.simulator,
    scenario: parseScenario(scenario),
    metricsUrl: `${daemon.url}/metrics`,
    async addQuery(entry) {
      await appendQuery(file, entry);
      await daemon.reload();
    },
    write: (line) => told.push(line),
  });
  scope.onTestFinished(story.end);
  const until = async (words: string) => {
    const end = clock.monotonic() + 600_000;
    while (!told.some((line) => line.includes(words))) {
      expect(clock.monotonic(), words).toBeLessThan(end);
      await clock.advance(1_000);
    }
  };
  return { service, daemon, clock, told, story, until };
}

/** How often a word stands in the metrics' samples. */
async function seriesWith(daemon: RunningDaemon, word: string): Promise<number> {
  const { body } = await daemon.text('/metrics');
  return body.split('\n').filter((line) => !line.startsWith('#') && line.includes(word)).length;
}

/** Runs of a query that ended so; each minute brings one more. */
async function runs(daemon: RunningDaemon, query: string, outcome: string): Promise<number> {
  return (await daemon.metrics()).value('aws_nfm_query_runs_total', { query, outcome }) ?? 0;
}

/** The values of all counters of ours, and how often each histogram was told something. */
async function counters(daemon: RunningDaemon): Promise<ReadonlyMap<string, number>> {
  const { body } = await daemon.text('/metrics');
  const samples = body.matchAll(/^(?<series>aws_nfm_\w+_(?:total|count)\{.*\}) (?<value>\S+)$/gm);
  return new Map(Array.from(samples, ({ groups }) => [groups?.['series'] ?? '', Number(groups?.['value'])]));
}

beforeAll(() => setAwsEnvironment(TEST_CREDENTIALS));

describe.concurrent('the story of the demo', { timeout: 240_000 }, () => {
  test('is told in lines that each have a time and a command, in order, and is over after some minutes', async (scope) => {
    const { daemon, clock, told, until } = await runStory(scope);
    await until('The story is over');
    expect(clock.monotonic()).toBeLessThan(300_000);
    const [last = '', ...scenes] = told.toReversed();
    for (const line of scenes) {
      expect(line).toMatch(new RegExp(`^\\[\\d:\\d\\d\\] .+ Look: curl -s ${daemon.url}/metrics \\| grep .+\\n$`));
    }
    expect(last).toMatch(/^\[\d:\d\d\] The story is over.*\n$/);
    const times = told.map((line) => line.slice(0, 6));
    expect(times).toEqual([...new Set(times)].sort());
  });

  test('a monitor appears and its query follows; it is deleted and its series go', async (scope) => {
    const { daemon, until } = await runStory(scope);
    await vi.waitFor(
      async () => expect(await runs(daemon, 'prod-monitors:prod-orders', 'succeeded')).toBeGreaterThan(0),
      WAIT,
    );
    await until('A monitor appears');
    await vi.waitFor(
      async () => expect(await runs(daemon, 'prod-monitors:prod-canary', 'succeeded')).toBeGreaterThan(0),
      WAIT,
    );
    expect(await seriesWith(daemon, 'prod-canary')).toBeGreaterThan(20);
    await until('prod-canary is deleted');
    await vi.waitFor(async () => expect(await seriesWith(daemon, 'prod-canary')).toBe(0), WAIT);
    expect(await seriesWith(daemon, 'prod-orders')).toBeGreaterThan(20);
  });

  test('throttling halves the budget of one account in one region, and it grows back', async (scope) => {
    const { daemon, until } = await runStory(scope);
    const budget = async () =>
      (await daemon.metrics()).value('aws_nfm_api_budget_requests_per_second', SHOP_EU) ?? Number.NaN;
    expect(await budget()).toBe(50);
    await until('throttles');
    await vi.waitFor(async () => expect(await budget()).toBeLessThan(50), WAIT);
    const cut = await budget();
    expect(cut).toBeGreaterThanOrEqual(25);
    await vi.waitFor(async () => expect(await budget()).toBeGreaterThan(cut + 0.5), WAIT);
    const page = await daemon.metrics();
    expect(page.value('aws_nfm_api_budget_requests_per_second', SHOP_US)).toBe(50);
    expect(
      page.samples('aws_nfm_api_errors_total', { error: 'ThrottlingException' }).map(({ value }) => value),
    ).toContain(1);
  });

  test('the credentials of one account expire, the others go on, and it recovers', async (scope) => {
    const { daemon, until } = await runStory(scope);
    const up = async () => {
      const samples = (await daemon.metrics()).samples('aws_nfm_api_up');
      return Object.fromEntries(
        samples.map(({ labels, value }) => [`${labels['account']} ${labels['aws_region']}`, value]),
      );
    };
    const others = { 'shop us-east-1': 1, 'shop eu-west-1': 1, 'platform eu-west-1': 1 };
    await vi.waitFor(async () => expect(await up()).toMatchObject({ ...others, 'payments us-east-1': 1 }), WAIT);
    await until('The credentials of payments expire');
    await vi.waitFor(async () => {
      expect(await up()).toEqual({ ...others, 'payments us-east-1': 0 });
      const page = await daemon.metrics();
      const credentialsErrors = page.samples('aws_nfm_api_errors_total', { ...PAYMENTS, error: 'CredentialsError' });
      expect(credentialsErrors.some(({ value }) => value > 0)).toBe(true);
    }, WAIT);
    await until('may be assumed again');
    await vi.waitFor(async () => {
      const answered = (await daemon.metrics()).samples('aws_nfm_query_up', { query: 'payments-top' });
      expect(answered.map(({ value }) => value)).toEqual([1]);
    }, WAIT);
  });

  test('a query hangs, times out, and is stopped at the service', async (scope) => {
    const { service, daemon, until } = await runStory(scope);
    await until('prod-stuck appears');
    const query = 'prod-monitors:prod-stuck';
    await vi.waitFor(async () => expect((await daemon.query(query)).status).toBe('RUNNING'), WAIT);
    await vi.waitFor(async () => {
      expect(await runs(daemon, query, 'timed_out')).toBeGreaterThan(0);
      expect(service.simulator.runningQueries().filter(({ parent }) => parent === 'prod-stuck')).toEqual([]);
    }, WAIT);
  });

  test('a quota error lowers the run cap of one account in one region and fails no query', async (scope) => {
    const { daemon, until } = await runStory(scope);
    const limit = async (place: Readonly<Record<string, string>>) =>
      (await daemon.metrics()).value('aws_nfm_api_runs_limit', place);
    await vi.waitFor(
      async () => expect(await runs(daemon, 'prod-monitors:prod-orders', 'succeeded')).toBeGreaterThan(0),
      WAIT,
    );
    expect(await limit(SHOP_US)).toBe(5);
    await until('Three monitors appear at once');
    await vi.waitFor(async () => expect(await limit(SHOP_US)).toBeLessThan(5), WAIT);
    expect(await limit(PAYMENTS)).toBe(5);
    await vi.waitFor(async () => {
      const start = { ...SHOP_US, operation: 'StartQueryMonitorTopContributors' };
      const refused = { ...start, error: 'ServiceQuotaExceededException' };
      expect((await daemon.metrics()).value('aws_nfm_api_errors_total', refused)).toBe(2);
    }, WAIT);
    for (const query of ['prod-monitors:prod-sale-1', 'prod-monitors:prod-sale-2', 'prod-monitors:prod-sale-3']) {
      expect(await runs(daemon, query, 'start_failed'), query).toBe(0);
    }
  });

  test('a reload adds a query, and no counter begins anew', async (scope) => {
    const { daemon, until } = await runStory(scope);
    const added = 'payments-retransmissions';
    await vi.waitFor(
      async () => expect(await runs(daemon, 'payments-top-flows:INTER_AZ', 'succeeded')).toBeGreaterThan(0),
      WAIT,
    );
    const before = await counters(daemon);
    expect(before.size).toBeGreaterThan(300);
    await until('one more query');
    await vi.waitFor(async () => expect(await runs(daemon, added, 'succeeded')).toBe(1), WAIT);
    const after = await counters(daemon);
    for (const [series, value] of before) {
      expect(after.get(series), series).toBeGreaterThanOrEqual(value);
    }
    expect([...before.keys()].filter((series) => series.includes(added))).toEqual([]);
    const reloads = daemon.log.events.filter(({ msg }) => msg === 'configuration reloaded');
    expect(reloads).toMatchObject([{ fields: { added: 1, changed: 0, removed: 0 } }]);
  });

  test('leaves a config file of the user alone', async (scope) => {
    const scenario = demoFile('scenario.yml', {});
    const { simulator } = await runSimulator(scope, parse(scenario));
    const clock = new FakeClock();
    const told: string[] = [];
    beginStory({
      clock,
      simulator,
      scenario: parseScenario(scenario),
      metricsUrl: 'http://localhost/metrics',
      addQuery: undefined,
      write: (line) => told.push(line),
    });
    await clock.advance(300_000);
    expect(told.at(-1)).toContain('The story is over');
    expect(told.join('')).not.toContain('config file');
  });

  test('ends when the daemon is told to, and tells that nothing is left running at the service', async (scope) => {
    const { service, daemon, clock, told, story, until } = await runStory(scope);
    await until('prod-stuck appears');
    await vi.waitFor(() => expect(service.simulator.runningQueries()).not.toEqual([]), WAIT);
    const before = told.length;
    story.end();
    await daemon.stop(5_000);
    await clock.advance(600_000);
    expect(told).toHaveLength(before);
    story.tellRemains();
    expect(told.at(-1)).toMatch(/^Told to end while it had [1-9]\d* quer\w+ running .* has left 0 queries there\.\n$/);
  });
});
