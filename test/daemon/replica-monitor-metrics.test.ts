import { expect, onTestFinished, test } from 'vitest';
import { type RegisterEngine, RegisterError, type RegisterWrite, type Reply } from '../../src/replicas/registers.ts';
import { MemoryEngine } from '../support/memory-engine.ts';
import { ACCOUNT_ID, HOUR, type MetricDaemon, MINUTE, runMetricService } from '../support/metric-service.ts';
import { addSums, type MonitorSums, sumsOf, trueSums } from '../support/monitor-sums.ts';
import { ENGINE_SERVERS } from '../support/register-engines.ts';
import type { SteppedClock } from '../support/stepped-clock.ts';

const MONITORS = ['checkout', 'search'];
const FAULTS = [
  { kind: 'missing', rate: 0.02 },
  { kind: 'late', by: '9m', rate: 0.1 },
  { kind: 'corrected', factor: 0.5, after: '6m', rate: 0.1 },
  { kind: 'repeated', rate: 0.1 },
];
/** Points exist only after this time, so that all of them are counted. */
const FIRST = 10 * MINUTE;
/** No points in this time at the end, so that none is late. */
const END = 20 * MINUTE;

/** A connection to the shared storage. `cut`: no request arrives. `deaf`: requests arrive, and their replies are lost. */
interface Connection extends RegisterEngine {
  state: 'good' | 'cut' | 'deaf';
}

/** Connects to an engine, which has the time of the clock. The clock does not advance during a call. */
function connect(engine: RegisterEngine, clock: SteppedClock, written: (write: RegisterWrite) => void): Connection {
  const over = async <T>(send: () => Promise<Reply<T>>): Promise<Reply<T>> => {
    const { state } = connection;
    const reply = state === 'cut' ? undefined : await clock.wait(send());
    if (reply === undefined || state === 'deaf') {
      throw new RegisterError('unreachable', 'cut off by the test');
    }
    return { ...reply, time: clock.now() };
  };
  const connection: Connection = {
    state: 'good',
    kind: engine.kind,
    description: engine.description,
    get: (key, signal) => over(() => engine.get(key, signal)),
    async put(write, signal) {
      written(write);
      return over(() => engine.put(write, signal));
    },
    page: (partition, after, signal) => over(() => engine.page(partition, after, signal)),
    close: async () => undefined,
  };
  return connection;
}

interface Member {
  readonly daemon: MetricDaemon;
  readonly connection: Connection;
  leads(): Promise<boolean>;
  /** Adds what its counters show to the sums. Returns the largest count of seconds that it has observed of a monitor. */
  add(): Promise<number>;
}

/** Members whose counters are summed up, with a service whose points begin and end within `length`. */
async function setUp(scope: Parameters<typeof runMetricService>[0], length: number, heartbeat: number) {
  const { clock, simulator, start } = await runMetricService(scope, {
    names: MONITORS,
    scenario: {
      cloudwatch: { faults: FAULTS },
      incidents: [
        { kind: 'metricsMissing', until: `${FIRST / MINUTE}m` },
        { kind: 'metricsMissing', from: `${(length - END) / MINUTE}m` },
        { kind: 'awsNetwork', from: '15m', until: '30m' },
      ],
    },
  });
  const begin = clock.now();
  const total = new Map<string, MonitorSums>();
  const writes: RegisterWrite[] = [];
  const member = async (id: string, engine: RegisterEngine): Promise<Member> => {
    const connection = connect(engine, clock, (write) => writes.push(write));
    const config = {
      storage: { postgresql: { url: 'postgresql://nfm:x@127.0.0.1:1/nfm' } },
      replicas: { id, heartbeat: `${heartbeat}ms`, deadAfter: `${3 * heartbeat}ms` },
    };
    const daemon = await start(config, connection);
    await clock.advance(MINUTE);
    return {
      daemon,
      connection,
      leads: async () => (await daemon.metrics()).value('aws_nfm_replica_leader', {}) === 1,
      async add() {
        const page = await daemon.metrics();
        const observed = MONITORS.map((name) => {
          const sums = sumsOf(page, name);
          total.set(name, addSums(total.get(name), sums));
          return sums.observed;
        });
        return Math.max(...observed);
      },
    };
  };
  const verify = () => {
    for (const monitorName of MONITORS) {
      const place = { account: ACCOUNT_ID, region: 'us-east-1', monitorName };
      const truth = simulator.monitorTotals(place, begin + FIRST, begin + length - END);
      expect(total.get(monitorName), monitorName).toEqual(trueSums(truth));
      expect(truth.degradedMinutes).toBeGreaterThan(10);
    }
  };
  return { clock, until: (at: number) => clock.advance(at - (clock.now() - begin)), member, verify, writes };
}

test('counts each period once over all replicas, whatever happens to the leader', {
  timeout: 240_000,
}, async (scope) => {
  const { clock, until, member, verify, writes } = await setUp(scope, 2 * HOUR, 10_000);
  const engine = new MemoryEngine(() => clock.now());
  const first = await member('first', engine);
  const second = await member('second', engine);
  await until(24 * MINUTE);
  // The leader shuts down: the other one continues.
  expect(await first.add()).toBeGreaterThan(0);
  await first.daemon.end();
  await clock.advance(MINUTE);
  const third = await member('third', engine);
  expect([await second.leads(), await third.leads()]).toEqual([true, false]);
  // The leader is cut off from the storage, and reads monitor metrics further. So does its successor.
  await until(42 * MINUTE);
  second.connection.state = 'cut';
  await clock.advance(10 * MINUTE);
  expect([await second.leads(), await third.leads()]).toEqual([true, true]);
  second.connection.state = 'good';
  await clock.advance(MINUTE);
  expect([await second.leads(), await third.leads()]).toEqual([false, true]);
  // Writes of the leader succeed, but it does not know it.
  await until(60 * MINUTE);
  third.connection.state = 'deaf';
  await clock.advance(7 * MINUTE);
  third.connection.state = 'good';
  // No member reaches the storage for a while.
  await until(72 * MINUTE);
  second.connection.state = 'cut';
  third.connection.state = 'cut';
  await clock.advance(9 * MINUTE);
  second.connection.state = 'good';
  await clock.advance(MINUTE);
  third.connection.state = 'good';
  // The leader is killed: nothing is received from it anymore.
  await until(85 * MINUTE);
  const [killed, left] = (await second.leads()) ? [second, third] : [third, second];
  killed.connection.state = 'cut';
  expect(await killed.add()).toBeGreaterThan(0);
  await killed.daemon.end();
  await until(2 * HOUR);
  expect(await left.leads()).toBe(true);
  expect(await left.add()).toBeGreaterThan(0);
  verify();
  // All metrics are read every 5 minutes, and HealthIndicator every minute: a write for each monitor and read.
  const written = writes.filter(({ key }) => key.partition === 'default/periods');
  expect(written.length).toBeGreaterThan(100 * MONITORS.length);
  expect(written.length).toBeLessThan(150 * MONITORS.length);
  // Five metrics with 90 values: 4 KB at most.
  expect(Math.max(...written.map(({ value }) => value.length))).toBeLessThan(4_000);
});

test.each(Object.keys(ENGINE_SERVERS))(
  'counts each period once over two replicas, through %s',
  {
    timeout: 120_000,
  },
  async (kind) => {
    const scope = { onTestFinished };
    const { clock, until, member, verify } = await setUp(scope, 50 * MINUTE, 60_000);
    const server = await ENGINE_SERVERS[kind]?.(scope);
    if (server === undefined) {
      throw new Error(`no engine ${kind}`);
    }
    const first = await member('first', server.open(scope));
    const second = await member('second', server.open(scope));
    await until(16 * MINUTE);
    first.connection.state = 'deaf';
    await clock.advance(6 * MINUTE);
    first.connection.state = 'good';
    await clock.advance(MINUTE);
    expect([await first.leads(), await second.leads()]).toEqual([false, true]);
    await until(26 * MINUTE);
    expect(await second.add()).toBeGreaterThan(0);
    await second.daemon.end();
    await until(50 * MINUTE);
    expect(await first.leads()).toBe(true);
    expect(await first.add()).toBeGreaterThan(0);
    verify();
  },
);
