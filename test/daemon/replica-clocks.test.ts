import { setTimeout as pause } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { faketimeLibrary } from '../../scripts/debian-tools.mjs';
import { ask } from '../support/api-client.ts';
import { ENGINES, leaderOf, type ReplicaProcess, replicaProcess } from '../support/replica-processes.ts';
import { endlessQueries, runSimulator } from '../support/simulated-service.ts';
import { STAGGERED_MONITORS, STAGGERED_QUERIES, staggeredWindows } from '../support/staggered-queries.ts';
import { keepLedger, keyOf, repeated } from '../support/start-ledger.ts';

/** `npm run long:pauses` observes each leader for longer, and both engines with each clock. */
const IS_LONG = process.env['LONG_PAUSES'] === '1';
const LED_MS = IS_LONG ? 120_000 : 12_000;
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
    const settings = { deadAfter: '10s' };
    const wrong = await replicaProcess(scope, 'wrong', config, settings, { env: { ...env, ...wrongClock(hours) } });
    const right = await replicaProcess(scope, 'right', config, settings, { env });
    const both = [wrong, right];
    const due: string[] = [];
    /** Waits while a member leads, and remembers the windows that are due. */
    const lead = async (leader: ReplicaProcess) => {
      expect(await leaderOf(both)).toBe(leader);
      const from = Date.now() + 2_000;
      await pause(LED_MS);
      due.push(...staggeredWindows(from, Date.now() - 2_000));
      const registered = await ask(leader.url, 'GET', '/api/v1/queries/kept');
      expect(registered.status, 'an ended query is kept for an hour').toBe(200);
    };

    await wrong.start();
    await leaderOf([wrong]);
    const body = { monitorName: 'checkout', queryId: 'ended' };
    await vi.waitFor(async () => {
      expect((await ask(wrong.url, 'PUT', '/api/v1/queries/kept', { body })).status).toBe(201);
    }, PATIENT);
    await right.start();
    await lead(wrong);
    const offset = async (replica: ReplicaProcess) =>
      (await replica.metrics(10_000))?.value('aws_nfm_replica_clock_offset_seconds') ?? Number.NaN;
    const offsets = [await offset(wrong), await offset(right)];

    await wrong.end('SIGTERM');
    await leaderOf([right]);
    await wrong.start();
    await lead(right);

    await right.end('SIGTERM');
    await leaderOf([wrong]);
    await right.start();
    await lead(wrong);

    const ends = () =>
      both.flatMap((each) => each.log()).flatMap(({ msg, query, window_end }) => {
        return msg === 'run ended' ? [`${query} ${window_end}`] : [];
      });
    await vi.waitFor(() => expect(due.filter((each) => !ends().includes(each))).toEqual([]), PATIENT);
    const early = ledger.started.filter(({ at, windowEnd }) => windowEnd > at || at - windowEnd > 180_000);
    const twice = repeated(ledger.started.map(keyOf));
    const refused = service.requests.filter(({ status = 0 }) => status === 403 || status === 400).length;
    process.stdout.write(
      `${kind}, clock wrong by ${hours}: ${due.length} windows due, all run; ${ledger.started.length} runs started, ${twice.length} of them twice, ${early.length} of a wrong window; ${repeated(ends()).length} counted twice; offsets ${offsets.map((each) => each.toFixed(1)).join(' and ')} s; ${refused} of ${service.requests.length} requests refused\n`,
    );
    expect(due.length).toBeGreaterThan(0);
    expect(twice).toEqual([]);
    expect(repeated(ends())).toEqual([]);
    expect(early).toEqual([]);
    expect(Math.abs((offsets[0] ?? 0) - (hours === '+1h' ? 3_600 : -3_600))).toBeLessThan(10);
    expect(Math.abs(offsets[1] ?? 0)).toBeLessThan(10);
  },
);
