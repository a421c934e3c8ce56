import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, type ExpectStatic, test, vi } from 'vitest';
import type { TestScope } from '../support/daemon.ts';
import { freePort } from '../support/loopback-server.ts';
import { createNetwork, type Network, whyNoNamespaces } from '../support/network-namespaces.ts';
import {
  ENGINES,
  exporterProcess,
  leaderOf,
  type ReplicaProcess,
  replicaProcess,
} from '../support/replica-processes.ts';
import { endlessQueries, runSimulator, type SimulatedService } from '../support/simulated-service.ts';
import { keepLedger, type StartedRun, type StartLedger } from '../support/start-ledger.ts';

/** `npm run long:partitions` takes an hour. */
const MINUTE = 60_000;
const DURATION = Number(process.env['PARTITION_MINUTES'] ?? 0) * MINUTE;
const IS_LONG = DURATION > 0;
/** The short form does not wait for the default heartbeat, which `npm run long:partitions` has. */
const SETTINGS = IS_LONG ? { heartbeat: '5s' } : { heartbeat: '3s', deadAfter: '12s' };
/** Of a partition: longer than a takeover. */
const CUT_FOR = IS_LONG ? MINUTE : 25_000;
/** Before and after a partition, at least. */
const QUIET_FOR = IS_LONG ? 5 * MINUTE : 5_000;
/** Between windows: a partition, and time before and after it. */
const EVERY = IS_LONG ? MINUTE : 40_000;
const METRICS = IS_LONG ? ['RETRANSMISSIONS'] : ['RETRANSMISSIONS', 'TIMEOUTS', 'ROUND_TRIP_TIME'];
const SCHEDULE = IS_LONG ? { every: '1m', lookback: '1m' } : { every: '2m', lookback: '2m' };
/** From the beginning of a partition until windows are due. */
const WINDOW_AFTER = IS_LONG ? 10_000 : 6_000;
/**
 * Requests per second. In the long form, polls and seven runs per minute use nearly all. In the short form, the windows before
 * the start are due at once, and their runs use all until after the first partition. A process that is compared may not have
 * pauses by chance: a leader without the shared storage uses half of its budget, and a new leader all of its own.
 */
const BUDGET = IS_LONG ? 5 : 3;
const POLLED = IS_LONG ? 76 : 20;
const POLL_EVERY = '20s';
const RUNS = 7;
const MONITOR = 'monitor';
const PATIENT = { timeout: 3 * MINUTE, interval: 500 };
const NO_NAMESPACES = whyNoNamespaces();

type Host = 'first' | 'second' | 'engine' | 'aws';
type Unreachable = 'engine' | 'aws';

interface Cut {
  readonly name: string;
  /** Hosts that the leader cannot reach. */
  readonly hosts: readonly Unreachable[];
}

/** A group of replicas, and how its leader is cut off, one after another. */
interface Case {
  readonly kind: keyof typeof ENGINES;
  readonly cuts: readonly Cut[];
}

const CUTS: readonly Cut[] = [
  { name: 'the shared storage', hosts: ['engine'] },
  { name: 'AWS', hosts: ['aws'] },
  { name: 'the shared storage and AWS', hosts: ['engine', 'aws'] },
];

/** Each cut on each storage for an hour of its own, or all on one. */
const CASES: readonly Case[] = IS_LONG
  ? CUTS.flatMap((cut) => (['postgresql', 'dynamodb'] as const).map((kind) => ({ kind, cuts: [cut] })))
  : [{ kind: 'postgresql', cuts: CUTS }];

/** The service of one group, and what it has received. */
interface Aws {
  readonly service: SimulatedService;
  readonly ledger: StartLedger;
}

async function startAws(scope: TestScope): Promise<Aws> {
  const service = await runSimulator(scope, {
    accounts: [{ id: '111122223333', regions: { 'us-east-1': { monitors: [{ name: MONITOR }] } } }],
    startedQueries: [{ queuedFor: '1s', runningFor: '3s', rows: 5 }],
    queries: [endlessQueries('us-east-1', 'query-{n}', { count: POLLED, monitorName: MONITOR })],
  });
  return { service, ledger: await keepLedger(scope, service.url, () => Math.random() * 150) };
}

/** `windowAt`: when the first windows are due, in milliseconds modulo the interval of a query. */
function configOf(endpoint: string, windowAt: number): Readonly<Record<string, unknown>> {
  return {
    log: { level: 'debug' },
    aws: {
      region: 'us-east-1',
      endpoint,
      stsEndpoint: endpoint,
      requestsPerSecond: BUDGET,
      maxConcurrentRuns: 100,
    },
    discovery: { monitorsEvery: '0s' },
    queries: [
      // One after the other, since an interval is at least a minute.
      ...METRICS.map((metricName, n) => ({
        name: metricName,
        monitorName: MONITOR,
        metricName,
        destinationCategory: '*',
        schedule: { ...SCHEDULE, delay: `${(windowAt + n * EVERY) % (METRICS.length * EVERY)}ms`, timeout: '1m' },
      })),
      ...Array.from({ length: POLLED }, (_, n) => ({
        name: `watched-${n + 1}`,
        monitorName: MONITOR,
        queryId: `query-${n + 1}`,
        interval: POLL_EVERY,
      })),
    ],
  };
}

/** Requests of a period. */
function requestsOf({ service }: Aws, from: number, to: number): number {
  return service.requests.filter(({ at }) => at >= from && at < to).length;
}

/** Windows that two processes have started. */
function startedTwice(started: readonly StartedRun[]): readonly string[] {
  const starters = new Map<string, Set<string>>();
  for (const { path, asked, windowEnd, accessKeyId } of started) {
    const window = `${path} ${asked} ${windowEnd}`;
    starters.set(window, (starters.get(window) ?? new Set()).add(accessKeyId));
  }
  return Array.from(starters).flatMap(([window, by]) => (by.size > 1 ? [window] : []));
}

function repeated(keys: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  return keys.filter((key) => seen.size === seen.add(key).size);
}

/** The query and window of each run that a member has counted. */
function countedBy(members: readonly ReplicaProcess[]): readonly string[] {
  const events = members.flatMap((each) => each.log()).filter(({ msg }) => msg === 'run ended');
  return events.map(({ query, window_end }) => `${query} ${window_end}`);
}

/** Resolves to the started queries that no member has followed to its end, once these are only starts during the partition. */
async function orphansOf({ service, ledger }: Aws, until: number): Promise<readonly StartedRun[]> {
  const unread = () => {
    const stopped = new Set(
      service.requests.flatMap(({ operation, queryId }) => (operation.startsWith('Stop') ? [queryId] : [])),
    );
    return ledger.started.filter(({ queryId, at }) => at < until && !ledger.read.has(queryId) && !stopped.has(queryId));
  };
  for (const since = Date.now(); Date.now() - since < MINUTE && unread().length > 0; ) {
    await pause(500);
  }
  return unread();
}

interface Partition {
  readonly cut: Cut;
  readonly from: number;
  readonly to: number;
  /** Whether the leader is the same afterward. */
  readonly isKept: boolean;
}

/** Cuts the leader off for a time, and heals the network. */
async function partition(
  network: Network<Host>,
  members: readonly ReplicaProcess[],
  cut: Cut,
  windowAt: number,
): Promise<Partition> {
  await pause(QUIET_FOR);
  await pause((windowAt + 2 * EVERY - (Date.now() % EVERY) - WINDOW_AFTER) % EVERY);
  const leader = await leaderOf(members);
  const host = leader === members[0] ? 'first' : 'second';
  const from = Date.now();
  await Promise.all(cut.hosts.map((each) => network.cut(host, each)));
  await pause(CUT_FOR);
  const to = Date.now();
  await Promise.all(cut.hosts.map((each) => network.heal(host, each)));
  return { cut, from, to, isKept: (await leaderOf(members)) === leader };
}

function checkRuns(expect: ExpectStatic, { ledger }: Aws, members: readonly ReplicaProcess[]): string {
  const counted = countedBy(members);
  const twice = startedTwice(ledger.started);
  expect(twice, 'started by two processes').toEqual([]);
  expect(repeated(counted), 'counted twice').toEqual([]);
  return `${ledger.started.length} runs started, ${twice.length} by two processes; ${counted.length} counted, ${repeated(counted).length} twice`;
}

describe.concurrent('a leader in a network of its own', () => {
  const ends: (() => Promise<void> | void)[] = [];
  const scope: TestScope = { onTestFinished: (end) => ends.push(end) };
  let alone: Aws;
  let windowAt: number;

  beforeAll(async () => {
    if (NO_NAMESPACES !== undefined) {
      return;
    }
    alone = await startAws(scope);
    // The replicas have time to start.
    windowAt = IS_LONG ? 0 : (Date.now() + 25_000) % (METRICS.length * EVERY);
    const only = exporterProcess(scope, 'alone', configOf(alone.ledger.url, windowAt), `127.0.0.1:${await freePort()}`);
    await only.start();
  });

  afterAll(async () => {
    for (const end of ends.reverse()) {
      await end();
    }
  });

  for (const { kind, cuts } of CASES) {
    const names = cuts.map(({ name }) => name).join(', from ');
    const title = `is cut off from ${names}: no window is started twice on ${kind}, and each run is counted once`;
    test(title, { timeout: 20 * MINUTE + DURATION }, async (local) => {
      local.skip(NO_NAMESPACES !== undefined, NO_NAMESPACES);
      const { expect } = local;
      const network = await createNetwork<Host>(local, ['first', 'second', 'engine', 'aws']);
      const aws = await startAws(local);
      const engine = await ENGINES[kind](local);
      const { first, second } = network.hosts;
      const endpoint = `http://${await network.hosts.aws.forward(Number(new URL(aws.ledger.url).port))}`;
      const storage = engine.storageAt(await network.hosts.engine.forward(engine.port));
      const config = { ...configOf(endpoint, windowAt), storage };
      const members = [
        await replicaProcess(local, 'first', config, SETTINGS, { host: first }),
        await replicaProcess(local, 'second', config, SETTINGS, { host: second }),
      ];
      for (const member of members) {
        await member.start();
      }
      await leaderOf(members);
      const start = Date.now();
      const partitions: Partition[] = [];
      for (const cut of cuts) {
        partitions.push(await partition(network, members, cut, windowAt));
      }
      await pause(Math.max(QUIET_FOR, start + DURATION - Date.now()));
      const end = Date.now();
      await vi.waitFor(() => expect(countedBy(members).length).toBeGreaterThanOrEqual(RUNS * cuts.length), PATIENT);
      const orphans = await orphansOf(aws, end);
      await Promise.all(members.map((each) => each.end('SIGTERM')));

      const ratio = (from: number, to: number) => requestsOf(aws, from, to) / requestsOf(alone, from, to);
      const lines = partitions.map(
        ({ cut, from, to, isKept }) =>
          `${cut.name} cut off for ${Math.round((to - from) / 1_000)} s: requests ${ratio(from, to).toFixed(2)} times the ${requestsOf(alone, from, to)} of one process, leader ${isKept ? 'kept' : 'replaced'}`,
      );
      process.stdout.write(
        `${kind}, ${lines.join('; ')}; ${checkRuns(expect, aws, members)}; ${orphans.length} without an ID; requests ${ratio(start, end).toFixed(3)} times over ${Math.round((end - start) / 1_000)} s\n`,
      );
      for (const { cut, from, to, isKept } of partitions) {
        expect(isKept, 'a leader keeps the lead if it reaches the shared storage').toBe(!cut.hosts.includes('engine'));
        expect(ratio(from, to)).toBeLessThanOrEqual(1.5);
      }
      expect(ratio(start, end)).toBeLessThanOrEqual(IS_LONG ? 1.02 : 1.5);
      // The response to a start may be lost on the way.
      const withoutAws = partitions.filter(({ cut }) => cut.hosts.includes('aws'));
      const isLostOnTheWay = (at: number) => withoutAws.some(({ from, to }) => at >= from - 1_000 && at <= to);
      expect(orphans.filter(({ at }) => !isLostOnTheWay(at))).toEqual([]);
    });
  }
});
