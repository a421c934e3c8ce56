import { setTimeout as pause } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { METRIC_NAMES } from '../../src/model/vocabulary.ts';
import { ENGINES, type ReplicaProcess, replicaProcess } from '../support/replica-processes.ts';
import { runSimulator, type SimulatedService } from '../support/simulated-service.ts';
import { keepLedger, keyOf, repeated, type StartLedger } from '../support/start-ledger.ts';

/** `npm run long:takeovers` kills more often, for at most a number of minutes. */
const KILLS = Number(process.env['REPLICA_KILLS'] ?? 3);
const LIMIT_MS = Number(process.env['REPLICA_KILL_MINUTES'] ?? 10) * 60_000;
const PROGRESS_EVERY = 25;
const IDS = ['first', 'second', 'third'];
/** Runs of each monitor that start at the same time. */
const METRICS = KILLS > 10 ? METRIC_NAMES : METRIC_NAMES.slice(0, 2);
const MONITORS = Array.from({ length: 20 }, (_, n) => `monitor-${n}`);
/** Time between the windows of two monitors, so that runs start at any time of the minute. */
const STEP_S = 60 / MONITORS.length;
/** Age of a start, in milliseconds, at which its ID is written even on a busy machine. A run takes longer. */
const WRITTEN_AFTER = 3_000;
/** In milliseconds, on a busy machine. */
const LEAD_WITHIN = 120_000;
/** Longest wait for a start before a kill, in milliseconds. */
const START_WITHIN = 5_000;

interface Member {
  readonly replica: ReplicaProcess;
  readonly killedAt: number[];
  isUp: boolean;
}

test.concurrent.for(['dynamodb', 'postgresql'] as const)(
  `replicas on %s killed ${KILLS} times, at any moment: no window is started twice, and no run is lost or counted twice`,
  { timeout: 10 * 60_000 + LIMIT_MS },
  async (kind, scope) => {
    const engine = await ENGINES[kind](scope);
    const service = await runSimulator(scope, {
      accounts: [{ id: '111122223333', regions: { 'us-east-1': { monitors: MONITORS.map((name) => ({ name })) } } }],
      startedQueries: [{ queuedFor: '1s', runningFor: '5s', rows: 5 }],
    });
    const ledger = await keepLedger(scope, service.url, () => Math.random() * 150);
    const members = await Promise.all(
      IDS.map(async (id): Promise<Member> => {
        const replica = await replicaProcess(scope, id, configOf(ledger.url, engine.storage), { deadAfter: '9s' });
        return { replica, killedAt: [], isUp: false };
      }),
    );
    await Promise.all(members.map((each) => start(each)));
    const kills = await killOften(members, ledger, (count) => {
      process.stdout.write(`${kind}: ${resultOf(count, members, ledger).text}\n`);
    });
    await leaderOf(members);
    const lastAt = Date.now();
    const { counted } = resultOf(kills, members, ledger);
    await vi.waitFor(() => expect(resultOf(kills, members, ledger).counted).toBeGreaterThan(counted), {
      timeout: 120_000,
      interval: 500,
    });
    // The runs of killed members are followed to their ends.
    const ages = () => agesOfLost(members, ledger, service, lastAt);
    for (const since = Date.now(); Date.now() - since < 60_000 && ages().some((age) => age > WRITTEN_AFTER); ) {
      await pause(500);
    }
    await Promise.all(members.map(({ replica }) => replica.end('SIGTERM')));

    const result = resultOf(kills, members, ledger);
    const lost = ages();
    process.stdout.write(
      `${kind}: ${result.text}; ${lost.length} without a written ID, started at most ${Math.max(0, ...lost)} ms before a kill\n`,
    );
    expect(result.twice, 'started twice').toEqual([]);
    expect(result.countedTwice, 'counted twice').toEqual([]);
    expect(
      lost.filter((age) => age > WRITTEN_AFTER),
      'lost',
    ).toEqual([]);
    expect(result.errors).toEqual([]);
    expect(result.started, 'the test has had something to lose').toBeGreaterThan(kills);
  },
);

/** Kills members at any moment, the leader three times of four, and starts them again at once or seconds later. Returns how often. */
async function killOften(
  members: readonly Member[],
  ledger: StartLedger,
  progress: (kills: number) => void,
): Promise<number> {
  const until = Date.now() + LIMIT_MS;
  const restarts: Promise<void>[] = [];
  let kills = 0;
  for (; kills < KILLS && Date.now() < until; kills += 1) {
    if (kills > 0 && kills % PROGRESS_EVERY === 0) {
      progress(kills);
    }
    const { length } = ledger.started;
    const leader = await leaderOf(members);
    // A kill before the first start has nothing to lose.
    for (const since = Date.now(); ledger.started.length === length && Date.now() - since < START_WITHIN; ) {
      await pause(20);
    }
    await pause(Math.random() * 1_000);
    const isLeader = Math.random() < 0.75;
    const victims = members.filter((each) => each.isUp && (each === leader) === isLeader);
    const victim = victims[Math.floor(Math.random() * victims.length)] ?? leader;
    victim.isUp = false;
    victim.killedAt.push(Date.now());
    await victim.replica.end('SIGKILL');
    restarts.push(pause(Math.random() < 0.2 ? 0 : 2_500 + Math.random() * 2_500).then(() => start(victim)));
  }
  await Promise.all(restarts);
  return kills;
}

async function start(member: Member): Promise<void> {
  await member.replica.start();
  member.isUp = true;
}

async function leaderOf(members: readonly Member[]): Promise<Member> {
  for (const since = Date.now(); Date.now() - since < LEAD_WITHIN; ) {
    const found = members.find(({ isUp, replica }) => isUp && replica.leads());
    if (found !== undefined) {
      return found;
    }
    await pause(20);
  }
  throw new Error(`no leader within ${LEAD_WITHIN} ms`);
}

function resultOf(kills: number, members: readonly Member[], { started }: StartLedger) {
  const twice = repeated(started.map((run) => keyOf(run)));
  const events = members.flatMap(({ replica }) => replica.log());
  const named = (name: string) => events.filter(({ msg }) => msg === name);
  const counted = named('run ended').map(({ query, window_end }) => `${query} ${window_end}`);
  const countedTwice = repeated(counted);
  const reasons = ['refused', 'dead', 'released'].map(
    (each) => `${named('replica leads').filter(({ reason }) => reason === each).length} ${each}`,
  );
  return {
    started: started.length,
    twice,
    counted: counted.length,
    countedTwice,
    errors: events.filter(({ level }) => level === 'error'),
    text: `${kills} kills; takeovers: ${reasons.join(', ')}; ${started.length} runs started, ${twice.length} of them twice; ${counted.length} counted, ${countedTwice.length} of them twice`,
  };
}

/** Milliseconds from each start of a run that no member has followed to the kill of its process. */
function agesOfLost(
  members: readonly Member[],
  ledger: StartLedger,
  service: SimulatedService,
  until: number,
): readonly number[] {
  const stopped = new Set(
    service.requests.flatMap(({ operation, queryId }) => (operation?.startsWith('Stop') ? [queryId] : [])),
  );
  const unread = ledger.started.filter(
    ({ queryId, at }) => at <= until && !ledger.read.has(queryId) && !stopped.has(queryId),
  );
  return unread.map(({ accessKeyId, at }) => {
    const kills = members.find(({ replica }) => replica.id === accessKeyId)?.killedAt ?? [];
    return (kills.find((kill) => kill > at - 500) ?? Number.POSITIVE_INFINITY) - at;
  });
}

function configOf(endpoint: string, storage: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return {
    log: { level: 'debug' },
    aws: { region: 'us-east-1', endpoint, stsEndpoint: endpoint, requestsPerSecond: 200, maxConcurrentRuns: 100 },
    discovery: { monitorsEvery: '0s' },
    storage,
    queries: MONITORS.map((monitorName, n) => ({
      name: monitorName,
      monitorName,
      metricName: METRICS,
      destinationCategory: 'INTER_AZ',
      schedule: { every: '1m', lookback: '1m', delay: `${n * STEP_S}s`, timeout: '1m' },
    })),
  };
}
