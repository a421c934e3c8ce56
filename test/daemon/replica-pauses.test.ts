import { setTimeout as pause } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { ENGINES, replicaProcess } from '../support/replica-processes.ts';
import { endlessQueries, runSimulator } from '../support/simulated-service.ts';
import { STAGGERED_MONITORS, STAGGERED_QUERIES } from '../support/staggered-queries.ts';
import { keepLedger, keyOf, repeated } from '../support/start-ledger.ts';

/** `npm run long:pauses` pauses for a minute, with the default heartbeat, and compares the number of requests. */
const IS_LONG = process.env['LONG_PAUSES'] === '1';
const PAUSED_MS = IS_LONG ? 60_000 : 25_000;
const USUAL_MS = IS_LONG ? 180_000 : 15_000;
const SETTINGS = IS_LONG ? { heartbeat: '5s' } : { heartbeat: '2s', deadAfter: '12s' };
const HOUR_S = 3_600;
const PATIENT = { timeout: 120_000, interval: 200 };
/** The long form compares their requests. */
const WATCHED = Array.from({ length: IS_LONG ? 20 : 5 }, (_, n) => `watched-${n}`);

test.concurrent.for(['dynamodb', 'postgresql'] as const)(
  'a leader on %s that is paused and continues starts no window twice, and costs few requests',
  { timeout: 300_000 + PAUSED_MS + 2 * USUAL_MS },
  async (kind, scope) => {
    const { storage } = await ENGINES[kind](scope);
    const service = await runSimulator(scope, {
      accounts: [
        { id: '111122223333', regions: { 'us-east-1': { monitors: STAGGERED_MONITORS.map((name) => ({ name })) } } },
      ],
      queries: WATCHED.map((queryId) => endlessQueries('us-east-1', queryId)),
      startedQueries: [{ queuedFor: '0s', runningFor: '2s', rows: 3 }],
    });
    const ledger = await keepLedger(scope, service.url, () => Math.random() * 150);
    const config = {
      log: { level: 'debug' },
      aws: { region: 'us-east-1', endpoint: ledger.url, stsEndpoint: ledger.url },
      discovery: { monitorsEvery: '0s' },
      storage,
      queries: [
        ...STAGGERED_QUERIES,
        ...WATCHED.map((name) => ({ name, monitorName: 'checkout', queryId: name, interval: '10s' })),
      ],
    };
    const leader = await replicaProcess(scope, 'first', config, SETTINGS);
    const standby = await replicaProcess(scope, 'second', config, SETTINGS);
    await leader.start();
    await vi.waitFor(() => expect(leader.leads()).toBe(true), PATIENT);
    await standby.start();
    await pause(USUAL_MS / 3);

    const requests = (from: number, to: number) => service.requests.filter(({ at }) => at >= from && at < to).length;
    const usualAt = Date.now();
    await pause(USUAL_MS);
    const pausedAt = Date.now();
    leader.signal('SIGSTOP');
    await pause(PAUSED_MS);
    const resumedAt = Date.now();
    leader.signal('SIGCONT');
    await vi.waitFor(() => expect([leader.leads(), standby.leads()]).toEqual([false, true]), PATIENT);
    await pause(USUAL_MS);
    const endAt = Date.now();
    await Promise.all([leader.end('SIGTERM'), standby.end('SIGTERM')]);

    const usual = requests(usualAt, pausedAt) / ((pausedAt - usualAt) / 1_000);
    const ratio = requests(pausedAt, resumedAt) / ((resumedAt - pausedAt) / 1_000) / usual;
    const led = standby.log().find(({ msg }) => msg === 'replica leads');
    const ledAt = Date.parse(led?.['ts'] ?? '');
    // The requests without a leader are not subtracted.
    const more = requests(ledAt, endAt) - (usual * (endAt - ledAt)) / 1_000;
    const overHour = 1 + Math.max(0, more) / (usual * HOUR_S);
    const twice = repeated(ledger.started.map(keyOf));
    const ended = [leader, standby]
      .flatMap((each) => each.log())
      .flatMap(({ msg, query, window_end }) => (msg === 'run ended' ? [`${query} ${window_end}`] : []));
    process.stdout.write(
      `${kind}: leader paused for ${((resumedAt - pausedAt) / 1_000).toFixed(0)} s, successor after ${((ledAt - pausedAt) / 1_000).toFixed(1)} s (${led?.['reason']}); ${ledger.started.length} runs started, ${twice.length} of them twice; ${ended.length} counted, ${repeated(ended).length} of them twice; ${usual.toFixed(2)} requests per second before, ${ratio.toFixed(2)} times as many in the pause, ${overHour.toFixed(4)} times as many over an hour of this plan\n`,
    );
    expect(twice).toEqual([]);
    expect(repeated(ended)).toEqual([]);
    expect(led?.['reason']).toBe('dead');
    expect(ledAt).toBeLessThan(resumedAt);
    if (IS_LONG) {
      expect(ratio).toBeLessThanOrEqual(1.5);
      expect(overHour).toBeLessThanOrEqual(1.02);
    }
  },
);
