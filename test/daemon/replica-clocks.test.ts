import { setTimeout as pause } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { faketimeLibrary } from '../../scripts/debian-tools.mjs';
import { ask } from '../support/api-client.ts';
import { ENGINES, type ReplicaProcess, replicaProcess } from '../support/replica-processes.ts';
import { endlessQueries, runSimulator } from '../support/simulated-service.ts';
import { STAGGERED_MONITORS, STAGGERED_QUERIES, staggeredWindows } from '../support/staggered-queries.ts';
import { keepLedger, keyOf, repeated } from '../support/start-ledger.ts';

/** `npm run long:pauses` observes each leader for longer, and both engines with each clock. */
const IS_LONG = process.env['LONG_PAUSES'] === '1';
const LED_MS = IS_LONG ? 120_000 : 12_000;
const SETTINGS = IS_LONG ? { heartbeat: '5s' } : { heartbeat: '2s', deadAfter: '12s' };
const PATIENT = { timeout: 120_000, interval: 200 };
const KEY = { accessKeyId: 'AKIACLOCKSCLOCKSCLOC', secretAccessKey: 'test' };
/** Shifts the wall clock of a process only. */
const wrongClock = (hours: string) => ({
  LD_PRELOAD: faketimeLibrary(),
  FAKETIME: hours,
  FAKETIME_DONT_FAKE_MONOTONIC: '1',
});
const ALL = [
  ['dynamodb', '+1h'],
  ['postgresql', '-1h'],
  ['dynamodb', '-1h'],
  ['postgresql', '+1h'],
] as const;

test.concurrent.for(IS_LONG ? ALL : ALL.slice(0, 2))(
  'replicas on %s run and count every window once if the clock of one is wrong by %s, whichever of them leads',
  { timeout: 300_000 + 6 * LED_MS },
  async ([kind, hours], scope) => {
    const { storage } = await ENGINES[kind](scope);
    const service = await runSimulator(scope, {
      accounts: [
        {
          id: '111122223333',
          credentials: [KEY],
          regions: { 'us-east-1': { monitors: STAGGERED_MONITORS.map((name) => ({ name })) } },
        },
      ],
      queries: [{ ...endlessQueries('us-east-1', 'ended'), outcome: 'SUCCEEDED', runningFor: 0 }],
      startedQueries: [{ queuedFor: '0s', runningFor: '2s', rows: 3 }],
    });
    const ledger = await keepLedger(scope, service.url, () => 0);
    const config = {
      log: { level: 'debug' },
      aws: { region: 'us-east-1', endpoint: ledger.url, stsEndpoint: ledger.url },
      discovery: { monitorsEvery: '0s' },
      storage,
      queries: STAGGERED_QUERIES,
    };
    const env = { AWS_ACCESS_KEY_ID: KEY.accessKeyId };
    const wrong = await replicaProcess(scope, 'wrong', config, SETTINGS, { env: { ...env, ...wrongClock(hours) } });
    const right = await replicaProcess(scope, 'right', config, SETTINGS, { env });
    const both = [wrong, right];
    const due: string[] = [];
    /** Waits until a member leads, and for a while. Remembers the windows that are due in this time. */
    const lead = async (leader: ReplicaProcess) => {
      await vi.waitFor(() => expect(leader.leads()).toBe(true), PATIENT);
      const from = Date.now() + 2_000;
      await pause(LED_MS);
      due.push(...staggeredWindows(from, Date.now() - 2_000));
      const kept = await ask(leader.url, 'GET', '/api/v1/queries/kept');
      expect(kept.status, 'an ended query is kept for an hour').toBe(200);
    };

    await wrong.start();
    await vi.waitFor(async () => {
      const body = { monitorName: 'checkout', queryId: 'ended' };
      expect((await ask(wrong.url, 'PUT', '/api/v1/queries/kept', { body })).status).toBe(201);
    }, PATIENT);
    await right.start();
    await lead(wrong);
    const offsets = await vi.waitFor(async () => {
      const pages = await Promise.all(both.map((each) => each.metrics(10_000)));
      const found = pages.map((page) => page?.value('aws_nfm_replica_clock_offset_seconds') ?? Number.NaN);
      expect(found.every(Number.isFinite)).toBe(true);
      return found;
    }, PATIENT);

    await wrong.end('SIGTERM');
    await vi.waitFor(() => expect(right.leads()).toBe(true), PATIENT);
    await wrong.start();
    await lead(right);

    await right.end('SIGTERM');
    await vi.waitFor(() => expect(wrong.leads()).toBe(true), PATIENT);
    await right.start();
    await lead(wrong);

    // A start without a reply in time counts as a skipped window.
    const ends = () =>
      both
        .flatMap((each) => each.log())
        .flatMap(({ msg, query, window_end }) =>
          msg === 'run ended' || (msg === 'window skipped' && window_end !== undefined)
            ? [`${query} ${window_end}`]
            : [],
        );
    // Starts are spread over seconds. A window that a busy machine skips has no entry.
    const withoutEnd = (windows: readonly string[]) => {
      const ended = new Set(ends());
      return windows.filter((each) => !ended.has(each));
    };
    const allRun = () => expect(withoutEnd(due)).toEqual([]);
    await vi.waitFor(allRun, { timeout: 40_000, interval: 500 }).catch(() => undefined);
    const started = ledger.started.map(({ path, windowEnd }) => {
      return `${/monitor-\d+/.exec(path)?.[0]} ${new Date(windowEnd).toISOString()}`;
    });
    await vi.waitFor(() => expect(withoutEnd(started)).toEqual([]), PATIENT);
    const ran = due.filter((each) => started.includes(each)).length;
    const displaced = ledger.started.filter(({ at, windowEnd }) => windowEnd > at || at - windowEnd > 180_000);
    const twice = repeated(ledger.started.map(keyOf));
    const countedTwice = repeated(ends());
    const refused = service.requests.filter(({ status = 0 }) => status === 403 || status === 400).length;
    process.stdout.write(
      `${kind}, one clock wrong by ${hours}: ${ran} of ${due.length} windows run; ${started.length} runs started, ${twice.length} of them twice, ${displaced.length} of a wrong window; ${new Set(ends()).size} counted, ${countedTwice.length} of them twice; clock offsets ${offsets.map((each) => each.toFixed(1)).join(' and ')} s; ${refused} of ${service.requests.length} requests refused\n`,
    );
    // The others are skipped if the machine is too busy.
    expect(ran).toBeGreaterThan(due.length / 2);
    expect(twice).toEqual([]);
    expect(countedTwice).toEqual([]);
    expect(displaced).toEqual([]);
    const hour = hours === '+1h' ? 3_600 : -3_600;
    expect(offsets.map((each, i) => Math.abs(each - (i === 0 ? hour : 0)) < 10)).toEqual([true, true]);
  },
);
