import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseScenario } from 'network-flow-monitor-simulator';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { appendQuery } from '../../src/cli/demo/directory.ts';
import { beginStory } from '../../src/cli/demo/story.ts';
import type { Clock } from '../../src/lib/clock.ts';
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

/** Longer than any effect takes: refused credentials are replaced when they are five seconds old. */
const WAIT = { timeout: 60_000, interval: 250 };
const SHOP_EU = { account: 'shop', aws_region: 'eu-west-1' };
const SHOP_US = { account: 'shop', aws_region: 'us-east-1' };
const PAYMENTS = { account: 'payments' };

/** The text of a file of the demo with replacements, each of which must match. */
function demoFile(name: string, replacements: Readonly<Record<string, string>>): string {
  let text = readFileSync(`${PROJECT}config/demo/${name}`, 'utf8');
  for (const [from, to] of Object.entries(replacements)) {
    expect(text).toContain(from);
    text = text.replaceAll(from, to);
  }
  return text;
}

/** The demo's daemon and simulator with shorter times. The story is paused, and continued by `until`. */
async function runStory(scope: TestScope) {
  const scenario = demoFile('scenario.yml', { 'queuedFor: 1s, runningFor: 3s': 'queuedFor: 0s, runningFor: 200ms' });
  const service = await runSimulator(scope, parse(scenario), { clock: patientClock });
  const folder = temporaryFolder(scope);
  const config = demoFile('nfm-exporter.yml', {
    '${NFM_SIMULATOR}': service.url,
    '${NFM_DEMO_FOLDER}/queries.d': `${PROJECT}config/demo/queries.d`,
    '${NFM_DEMO_FOLDER}': folder,
    'interval: 5s': 'interval: 1s',
    'monitorsEvery: 5s': 'monitorsEvery: 1s',
    'requestsPerSecond: 10': 'requestsPerSecond: 50',
    'timeout: 15s': 'timeout: 3s',
  });
  const file = join(folder, 'nfm-exporter.yml');
  writeFileSync(file, config);
  const daemon = await runDaemon(scope, parse(config), { file, isLast: true, clock: patientClock });
  const clock = new FakeClock();
  const lines: string[] = [];
  const story = beginStory({
    clock,
    simulator: service.simulator,
    scenario: parseScenario(scenario),
    metricsUrl: `${daemon.url}/metrics`,
    async addQuery(entry) {
      await appendQuery(file, entry);
      await daemon.reload();
    },
    write: (line) => lines.push(line),
  });
  scope.onTestFinished(story.end);
  const until = async (words: string) => {
    const end = clock.monotonic() + 600_000;
    while (!lines.some((line) => line.includes(words))) {
      expect(clock.monotonic(), words).toBeLessThan(end);
      await clock.advance(1_000);
    }
  };
  return { service, daemon, clock, lines, story, until };
}

/** The patient clock, some times as fast. */
function quickClock(times: number): Clock {
  const start = { wall: Date.now(), monotonic: patientClock.monotonic() };
  const monotonic = () => (patientClock.monotonic() - start.monotonic) * times;
  return {
    monotonic,
    now: () => Math.floor(start.wall + monotonic()),
    setTimer: (ms, callback) => patientClock.setTimer(ms / times, callback),
  };
}

/** Number of samples with a word. */
async function seriesWith(daemon: RunningDaemon, word: string): Promise<number> {
  const { body } = await daemon.text('/metrics');
  return body.split('\n').filter((line) => !line.startsWith('#') && line.includes(word)).length;
}

/** Runs of a query with an outcome. One is added per minute. */
async function runs(daemon: RunningDaemon, query: string, outcome: string): Promise<number> {
  return (await daemon.metrics('queries')).value('aws_nfm_query_runs_total', { query, outcome }) ?? 0;
}

/** The values of the exporter's counters, and the counts of its histograms. */
async function counters(daemon: RunningDaemon): Promise<ReadonlyMap<string, number>> {
  const { body } = await daemon.text('/metrics');
  const samples = body.matchAll(/^(?<series>aws_nfm_\w+_(?:total|count)\{.*\}) (?<value>\S+)$/gm);
  return new Map(Array.from(samples, ({ groups }) => [groups?.['series'] ?? '', Number(groups?.['value'])]));
}

beforeAll(() => setAwsEnvironment(TEST_CREDENTIALS));

describe.concurrent('the story of the demo', { timeout: 600_000 }, () => {
  test('prints lines with a time and a command, in order, and ends after some minutes', async (scope) => {
    const { daemon, clock, lines, until } = await runStory(scope);
    await until('The story is over');
    expect(clock.monotonic()).toBeLessThan(300_000);
    const [last = '', ...scenes] = lines.toReversed();
    for (const line of scenes) {
      expect(line).toMatch(new RegExp(`^\\[\\d:\\d\\d\\] .+ Try: curl -s ${daemon.url}/metrics \\| grep .+\\n$`));
    }
    expect(last).toMatch(/^\[\d:\d\d\] The story is over.*\n$/);
    const times = lines.map((line) => line.slice(0, 6));
    expect(times).toEqual([...new Set(times)].sort());
  });

  test('adds a query for a new monitor, and removes its series with the monitor', async (scope) => {
    const { daemon, until } = await runStory(scope);
    await vi.waitFor(
      async () => expect(await runs(daemon, 'prod-monitors:prod-orders', 'succeeded')).toBeGreaterThan(0),
      WAIT,
    );
    await until('prod-canary is created');
    await vi.waitFor(
      async () => expect(await runs(daemon, 'prod-monitors:prod-canary', 'succeeded')).toBeGreaterThan(0),
      WAIT,
    );
    expect(await seriesWith(daemon, 'prod-canary')).toBeGreaterThan(20);
    await until('prod-canary is deleted');
    await vi.waitFor(async () => expect(await seriesWith(daemon, 'prod-canary')).toBe(0), WAIT);
    expect(await seriesWith(daemon, 'prod-orders')).toBeGreaterThan(20);
  });

  test('halves the budget of a throttled target, which recovers over time', async (scope) => {
    const { daemon, until } = await runStory(scope);
    const budget = async () =>
      (await daemon.metrics('api')).value('aws_nfm_api_budget_requests_per_second', SHOP_EU) ?? Number.NaN;
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

  test('reports one account as down when its credentials expire, until it recovers', async (scope) => {
    const { daemon, until } = await runStory(scope);
    const up = async () => {
      const samples = (await daemon.metrics('api')).samples('aws_nfm_api_up');
      return Object.fromEntries(
        samples.map(({ labels, value }) => [`${labels['account']} ${labels['aws_region']}`, value]),
      );
    };
    const others = { 'shop us-east-1': 1, 'shop eu-west-1': 1, 'platform eu-west-1': 1 };
    await vi.waitFor(async () => expect(await up()).toMatchObject({ ...others, 'payments us-east-1': 1 }), WAIT);
    await until('The credentials of payments expire');
    await vi.waitFor(async () => {
      expect(await up()).toEqual({ ...others, 'payments us-east-1': 0 });
      const page = await daemon.metrics('api');
      const credentialsErrors = page.samples('aws_nfm_api_errors_total', { ...PAYMENTS, error: 'CredentialsError' });
      expect(credentialsErrors.some(({ value }) => value > 0)).toBe(true);
    }, WAIT);
    await until('can be assumed again');
    await vi.waitFor(async () => {
      const polled = (await daemon.metrics('queries')).samples('aws_nfm_query_up', { query: 'payments-top' });
      expect(polled.map(({ value }) => value)).toEqual([1]);
    }, WAIT);
  });

  test('stops a query at the service that has timed out', async (scope) => {
    const { service, daemon, until } = await runStory(scope);
    await until('prod-stuck is created');
    const query = 'prod-monitors:prod-stuck';
    await vi.waitFor(async () => expect((await daemon.query(query)).status).toBe('RUNNING'), WAIT);
    await vi.waitFor(async () => {
      expect(await runs(daemon, query, 'timed_out')).toBeGreaterThan(0);
      expect(service.simulator.runningQueries().filter(({ parent }) => parent === 'prod-stuck')).toEqual([]);
    }, WAIT);
  });

  test('reduces the concurrent-run limit of one target after a quota error, without a failed query', async (scope) => {
    const { daemon, until } = await runStory(scope);
    const limit = async (place: Readonly<Record<string, string>>) =>
      (await daemon.metrics('api')).value('aws_nfm_api_runs_limit', place);
    await vi.waitFor(
      async () => expect(await runs(daemon, 'prod-monitors:prod-orders', 'succeeded')).toBeGreaterThan(0),
      WAIT,
    );
    expect(await limit(SHOP_US)).toBe(5);
    await until('Three monitors are created');
    await vi.waitFor(async () => expect(await limit(SHOP_US)).toBeLessThan(5), WAIT);
    expect(await limit(PAYMENTS)).toBe(5);
    await vi.waitFor(async () => {
      const start = { ...SHOP_US, operation: 'StartQueryMonitorTopContributors' };
      const refused = { ...start, error: 'ServiceQuotaExceededException' };
      expect((await daemon.metrics('api')).value('aws_nfm_api_errors_total', refused)).toBe(2);
    }, WAIT);
    for (const query of ['prod-monitors:prod-sale-1', 'prod-monitors:prod-sale-2', 'prod-monitors:prod-sale-3']) {
      expect(await runs(daemon, query, 'start_failed'), query).toBe(0);
    }
  });

  test('adds a query by a reload, which resets no counter', async (scope) => {
    const { daemon, until } = await runStory(scope);
    const added = 'payments-retransmissions';
    await vi.waitFor(
      async () => expect(await runs(daemon, 'payments-top-flows:INTER_AZ', 'succeeded')).toBeGreaterThan(0),
      WAIT,
    );
    const before = await counters(daemon);
    expect(before.size).toBeGreaterThan(300);
    await until('A query is added');
    await vi.waitFor(async () => expect(await runs(daemon, added, 'succeeded')).toBe(1), WAIT);
    const after = await counters(daemon);
    for (const [series, value] of before) {
      expect(after.get(series), series).toBeGreaterThanOrEqual(value);
    }
    expect([...before.keys()].filter((series) => series.includes(added))).toEqual([]);
    const reloads = daemon.log.events.filter(({ msg }) => msg === 'configuration reloaded');
    expect(reloads).toMatchObject([{ fields: { added: 1, changed: 0, removed: 0 } }]);
  });

  test("shows AWS's degraded network in the health indicator, while the flows look alike", async (scope) => {
    const clock = quickClock(10);
    const scenario = demoFile('scenario.yml', {});
    const { url, simulator } = await runSimulator(scope, parse(scenario), { clock });
    // Only the part that reads metrics, at leisure: a minute of the service takes six seconds.
    const config = demoFile('nfm-exporter.yml', {
      '${NFM_SIMULATOR}': url,
      '${NFM_DEMO_FOLDER}': temporaryFolder(scope),
      'requestTimeout: 5s': 'requestTimeout: 1m',
      'monitorsEvery: 5s': 'monitorsEvery: 1m',
    });
    const daemon = await runDaemon(scope, { ...parse(config), queries: [] }, { clock });
    const degraded = async () => {
      const samples = (await daemon.metrics('monitors')).samples('aws_nfm_monitor_health_degraded', SHOP_US);
      return Object.fromEntries(samples.map(({ labels, value }) => [labels['monitor'], value]));
    };
    const others = { 'prod-orders': 0, 'prod-search': 0 };
    await vi.waitFor(async () => expect(await degraded()).toEqual({ ...others, checkout: 0 }), WAIT);
    const storyClock = new FakeClock();
    const story = beginStory({
      clock: storyClock,
      simulator,
      scenario: parseScenario(scenario),
      metricsUrl: `${daemon.url}/metrics`,
      addQuery: undefined,
      write: () => undefined,
    });
    scope.onTestFinished(story.end);
    const begun = clock.monotonic();
    await storyClock.advance(30_000);
    await vi.waitFor(async () => expect(await degraded()).toMatchObject({ ...others, checkout: 1 }), WAIT);
    // Before the scene that announces it.
    expect(clock.monotonic() - begun).toBeLessThan(160_000);
    await storyClock.advance(140_000);
    const { region, account } = { region: 'us-east-1', account: '111122223333' };
    const minute = Math.ceil(clock.now() / 60_000) * 60_000;
    const after = simulator.monitorTotals({ account, region, monitorName: 'checkout' }, minute, minute + 3_600_000);
    expect(after).toMatchObject({ observedMinutes: 60, degradedMinutes: 0 });
  });

  test('does not change a configuration file of the user', async (scope) => {
    const scenario = demoFile('scenario.yml', {});
    const { simulator } = await runSimulator(scope, parse(scenario));
    const clock = new FakeClock();
    const lines: string[] = [];
    beginStory({
      clock,
      simulator,
      scenario: parseScenario(scenario),
      metricsUrl: 'http://localhost/metrics',
      addQuery: undefined,
      write: (line) => lines.push(line),
    });
    await clock.advance(300_000);
    expect(lines.at(-1)).toContain('The story is over');
    expect(lines.join('')).not.toContain('configuration file');
  });

  test('ends at a signal, and reports that no query runs at the service', async (scope) => {
    const { service, daemon, clock, lines, story, until } = await runStory(scope);
    await until('prod-stuck is created');
    await vi.waitFor(() => expect(service.simulator.runningQueries()).not.toEqual([]), WAIT);
    const before = lines.length;
    story.end();
    await daemon.stop(5_000);
    await clock.advance(600_000);
    expect(lines).toHaveLength(before);
    story.printRemaining();
    expect(lines.at(-1)).toMatch(/^At the signal, [1-9]\d* quer\w+ ran at the service; after .*, 0 queries\.\n$/);
  });
});
