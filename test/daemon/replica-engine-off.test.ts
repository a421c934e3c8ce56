import { setTimeout as pause } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import type { ExpositionPage } from '../support/exposition-page.ts';
import { ENGINES, replicaProcess } from '../support/replica-processes.ts';
import { endlessQueries, runSimulator } from '../support/simulated-service.ts';
import { STAGGERED_MONITORS, STAGGERED_QUERIES, staggeredWindows } from '../support/staggered-queries.ts';
import { keepLedger, keyOf, repeated } from '../support/start-ledger.ts';

/** `npm run long:pauses` stops the shared storage for ten minutes, with the default heartbeat. */
const IS_LONG = process.env['LONG_PAUSES'] === '1';
const OFF_MS = IS_LONG ? 600_000 : 20_000;
const ON_MS = IS_LONG ? 120_000 : 15_000;
const SETTINGS = IS_LONG ? { heartbeat: '5s' } : { heartbeat: '2s', deadAfter: '12s' };
const PATIENT = { timeout: 120_000, interval: 500 };
const WATCHED = Array.from({ length: IS_LONG ? 10 : 5 }, (_, n) => `watched-${n}`);
const REQUESTS_PER_SECOND = 40;

test.concurrent.for(['dynamodb', 'postgresql'] as const)(
  'a leader polls and serves while %s is off, starts nothing, and continues afterward',
  { timeout: 300_000 + OFF_MS + 2 * ON_MS },
  async (kind, scope) => {
    const engine = await ENGINES[kind](scope);
    const service = await runSimulator(scope, {
      accounts: [
        { id: '111122223333', regions: { 'us-east-1': { monitors: STAGGERED_MONITORS.map((name) => ({ name })) } } },
      ],
      queries: WATCHED.map((queryId) => endlessQueries('us-east-1', queryId)),
      startedQueries: [{ queuedFor: '0s', runningFor: '2s', rows: 3 }],
    });
    const ledger = await keepLedger(scope, service.url, () => 0);
    const config = {
      log: { level: 'debug' },
      aws: {
        region: 'us-east-1',
        endpoint: ledger.url,
        stsEndpoint: ledger.url,
        requestsPerSecond: REQUESTS_PER_SECOND,
      },
      discovery: { monitorsEvery: '0s' },
      storage: engine.storage,
      queries: [
        ...STAGGERED_QUERIES,
        {
          ...STAGGERED_QUERIES[0],
          name: 'daily',
          metricName: 'RETRANSMISSIONS',
          schedule: { every: '24h', lookback: '1m', delay: '0s' },
        },
        ...WATCHED.map((name) => ({ name, monitorName: 'checkout', queryId: name, interval: '2s' })),
      ],
    };
    const replicas = [
      await replicaProcess(scope, 'first', config, SETTINGS),
      await replicaProcess(scope, 'second', config, SETTINGS),
    ] as const;
    const [leader, standby] = replicas;
    await leader.start();
    await vi.waitFor(() => expect(leader.leads()).toBe(true), PATIENT);
    await standby.start();
    const page = () =>
      vi.waitFor(async () => {
        const found = await leader.metrics(10_000);
        if (found === undefined) {
          throw new Error('no metrics');
        }
        return found;
      }, PATIENT);
    const shown = (each: ExpositionPage) => each.samples('aws_nfm_contributor_retransmissions', { query: 'daily' });
    await vi.waitFor(async () => expect(shown(await page())).not.toEqual([]), PATIENT);

    const onAt = Date.now();
    await pause(ON_MS);
    const before = await page();
    const offAt = Date.now();
    await engine.stop();
    await pause(OFF_MS);
    const during = await page();
    const backAt = Date.now();
    await engine.start();
    await vi.waitFor(async () => expect((await page()).value('aws_nfm_replica_engine_up')).toBe(1), PATIENT);
    const upAt = Date.now();
    await pause(ON_MS);
    const endAt = Date.now();
    const after = await page();

    const polls = (from: number, to: number) =>
      WATCHED.flatMap((id) => service.arrivals(id)).filter((at) => at >= from && at < to).length /
      ((to - from) / 1_000);
    const starts = (from: number, to: number) => ledger.started.filter(({ at }) => at >= from && at < to).length;
    const skipped = (each: ExpositionPage) =>
      each.samples('aws_nfm_query_runs_total', { outcome: 'skipped' }).reduce((sum, { value }) => sum + value, 0);
    const ended = replicas
      .flatMap((each) => each.log())
      .flatMap(({ msg, query, window_end }) => (msg === 'run ended' ? [`${query} ${window_end}`] : []));
    const twice = repeated(ledger.started.map(keyOf));
    const leads = replicas.map((each) => each.log().filter(({ msg }) => msg === 'replica leads').length);
    const due = staggeredWindows(offAt, backAt).length;
    process.stdout.write(
      `${kind} off for ${((backAt - offAt) / 1_000).toFixed(0)} s: ${polls(onAt, offAt).toFixed(2)} polls per second before, ${polls(offAt, backAt).toFixed(2)} while off, ${polls(upAt, endAt).toFixed(2)} after; ${starts(offAt + 1_000, backAt)} runs started while off of ${due} due, ${skipped(during) - skipped(before)} windows skipped; ${starts(upAt, endAt)} started after; ${twice.length} started twice, ${repeated(ended).length} counted twice; takeovers ${leads.join(' and ')}\n`,
    );
    // Slots are missed on a busy machine, before as well.
    expect(polls(offAt, backAt)).toBeGreaterThan(0.8 * polls(onAt, offAt));
    expect(polls(upAt, endAt)).toBeGreaterThan(0.8 * polls(onAt, offAt));
    expect(shown(during), 'results are served').toEqual(shown(before));
    expect(starts(offAt + 1_000, backAt)).toBe(0);
    if (IS_LONG) {
      // A window that is due less than its interval ago may still start.
      expect(skipped(during)).toBeGreaterThan(skipped(before));
    }
    expect(starts(upAt, endAt)).toBeGreaterThan(0);
    expect(twice).toEqual([]);
    expect(repeated(ended)).toEqual([]);
    expect(leads, 'the leader stays').toEqual([1, 0]);
    expect(before.value('aws_nfm_replica_engine_up')).toBe(1);
    expect(during.value('aws_nfm_replica_engine_up')).toBe(0);
    const budgets = [before, during, after].map(
      (each) => each.samples('aws_nfm_api_budget_requests_per_second')[0]?.value,
    );
    expect(budgets).toEqual([REQUESTS_PER_SECOND, REQUESTS_PER_SECOND / 2, REQUESTS_PER_SECOND]);
  },
);
