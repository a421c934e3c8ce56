import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ENGINES, leaderOf, queriesOf, replicaProcess } from '../support/replica-processes.ts';
import { runSimulator } from '../support/simulated-service.ts';
import { keepLedger, type StartedRun } from '../support/start-ledger.ts';

/** `npm run long:takeovers` kills more often. */
const KILLS = Number(process.env['REPLICA_KILLS'] ?? 3);
const IDS = ['first', 'second', 'third'];
const MONITORS = Array.from({ length: 4 }, (_, n) => `monitor-${n}`);
/** Age of a start, in milliseconds, at which its ID is written even on a busy machine. A run takes longer. */
const WRITTEN_AFTER = 2_000;

test.concurrent.for(['dynamodb', 'postgresql'] as const)(
  `replicas on %s killed ${KILLS} times, at any moment: no window is started twice, and no run is lost or counted twice`,
  { timeout: 120_000 + KILLS * 20_000 },
  async (kind, scope) => {
    const engine = await ENGINES[kind](scope);
    const service = await runSimulator(scope, {
      accounts: [{ id: '111122223333', regions: { 'us-east-1': { monitors: MONITORS.map((name) => ({ name })) } } }],
      startedQueries: [{ queuedFor: '1s', runningFor: '3s', rows: 5 }],
    });
    const ledger = await keepLedger(scope, service.url, () => Math.random() * 150);
    const members = await Promise.all(
      IDS.map(async (id) => {
        const killedAt: number[] = [];
        return { replica: await replicaProcess(scope, id, configOf(ledger.url, engine.storage)), killedAt };
      }),
    );
    const replicas = members.map(({ replica }) => replica);
    await Promise.all(replicas.map((each) => each.start()));
    for (let kill = 0; kill < KILLS; kill += 1) {
      const leader = await leaderOf(replicas);
      await pause(Math.random() * 3_000);
      const isLeader = Math.random() < 0.75;
      const victims = members.filter(({ replica }) => (replica === leader) === isLeader);
      const victim = victims[Math.floor(Math.random() * victims.length)];
      victim?.killedAt.push(Date.now());
      await victim?.replica.end('SIGKILL');
      await victim?.replica.start();
    }
    await leaderOf(replicas);
    const lastAt = Date.now();
    const stopped = () =>
      new Set(service.requests.flatMap(({ operation, queryId }) => (operation?.startsWith('Stop') ? [queryId] : [])));
    // Milliseconds from the start of each to the kill of its process.
    const orphans = () => {
      const stops = stopped();
      const unread = ledger.started.filter(
        ({ queryId, at }) => at <= lastAt && !ledger.read.has(queryId) && !stops.has(queryId),
      );
      return unread.map(({ accessKeyId, at }) => {
        const kills = members.find(({ replica }) => replica.id === accessKeyId)?.killedAt ?? [];
        return (kills.find((kill) => kill > at - 500) ?? Number.POSITIVE_INFINITY) - at;
      });
    };
    // The runs of killed members are followed to their ends.
    for (const since = Date.now(); Date.now() - since < 60_000 && orphans().some((age) => age > WRITTEN_AFTER); ) {
      await pause(500);
    }
    await Promise.all(replicas.map((each) => each.end('SIGTERM')));

    const { started } = ledger;
    const twice = repeated(started.map((run) => keyOf(run)));
    const events = replicas.flatMap((each) => each.log());
    const named = (name: string) => events.filter(({ msg }) => msg === name);
    const counted = named('run ended').map(({ query, window_end }) => `${query} ${window_end}`);
    const lost = orphans();
    process.stdout.write(
      `${kind}: ${KILLS} kills, ${named('replica leads').length} leads; ${started.length} runs started, ${twice.length} of them twice; ${counted.length} counted, ${repeated(counted).length} of them twice; ${lost.length} without a written ID, started at most ${Math.max(0, ...lost)} ms before a kill\n`,
    );
    expect(twice, 'started twice').toEqual([]);
    expect(repeated(counted), 'counted twice').toEqual([]);
    expect(
      lost.filter((age) => age > WRITTEN_AFTER),
      'lost',
    ).toEqual([]);
    expect(events.filter(({ level }) => level === 'error')).toEqual([]);
    expect(counted.length, 'the test has had something to lose').toBeGreaterThan(KILLS);
  },
);

function configOf(endpoint: string, storage: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return {
    log: { level: 'debug' },
    aws: { region: 'us-east-1', endpoint, stsEndpoint: endpoint, requestsPerSecond: 200, maxConcurrentRuns: 100 },
    discovery: { monitorsEvery: '0s' },
    storage,
    queries: queriesOf(MONITORS, { every: '1m', lookback: '1m', delay: '0s', timeout: '1m' }),
  };
}

function keyOf({ path, asked, windowEnd }: StartedRun): string {
  return `${path} ${asked} ${windowEnd}`;
}

function repeated(keys: readonly string[]): string[] {
  const seen = new Set<string>();
  return keys.filter((key) => seen.size === seen.add(key).size);
}
