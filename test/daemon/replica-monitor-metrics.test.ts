import { expect, test } from 'vitest';
import { type RegisterEngine, RegisterError } from '../../src/replicas/registers.ts';
import { MemoryEngine } from '../support/memory-engine.ts';
import { ACCOUNT_ID, HOUR, type MetricDaemon, MINUTE, runMetricService } from '../support/metric-service.ts';
import { addSums, type MonitorSums, sumsOf, trueSums } from '../support/monitor-sums.ts';

const MONITORS = ['checkout', 'search'];
const FAULTS = [
  { kind: 'missing', rate: 0.02 },
  { kind: 'late', by: '9m', rate: 0.1 },
  { kind: 'corrected', factor: 0.5, after: '6m', rate: 0.1 },
  { kind: 'repeated', rate: 0.1 },
];
const LENGTH = 2 * HOUR;
/** Points exist only from here to here after the start, so that all of them are counted, and none is late at the end. */
const FIRST = 10 * MINUTE;
const LAST = LENGTH - 30 * MINUTE;
const INCIDENTS = [
  { kind: 'metricsMissing', until: `${FIRST / MINUTE}m` },
  { kind: 'metricsMissing', from: `${LAST / MINUTE}m` },
  { kind: 'awsNetwork', from: '30m', until: '50m' },
];
const REPLICAS = {
  storage: { postgresql: { url: 'postgresql://nfm:x@127.0.0.1:1/nfm' } },
  discovery: { monitorsEvery: '1h' },
};

/** A connection to the shared storage. `cut`: no request arrives. `deaf`: requests arrive, and their replies are lost. */
interface Connection extends RegisterEngine {
  state: 'good' | 'cut' | 'deaf';
}

function connectTo(engine: RegisterEngine): Connection {
  const over = async <T>(send: () => Promise<T>): Promise<T> => {
    const { state } = connection;
    const result = state === 'cut' ? undefined : await send();
    if (result === undefined || state === 'deaf') {
      throw new RegisterError('unreachable', 'cut off by the test');
    }
    return result;
  };
  const connection: Connection = {
    state: 'good',
    kind: engine.kind,
    description: engine.description,
    get: (key, signal) => over(() => engine.get(key, signal)),
    put: (write, signal) => over(() => engine.put(write, signal)),
    page: (partition, after, signal) => over(() => engine.page(partition, after, signal)),
    close: async () => undefined,
  };
  return connection;
}

test('counts each period once over all replicas, whatever happens to the leader', {
  timeout: 240_000,
}, async (scope) => {
  const { clock, simulator, start } = await runMetricService(scope, {
    names: MONITORS,
    scenario: { cloudwatch: { faults: FAULTS }, incidents: INCIDENTS },
  });
  const begin = clock.now();
  const engine = new MemoryEngine(() => clock.now());
  const until = (at: number) => clock.advance(at - (clock.now() - begin));
  const member = async (id: string) => {
    const connection = connectTo(engine);
    const daemon = await start({ ...REPLICAS, replicas: { id, heartbeat: '10s', deadAfter: '30s' } }, connection);
    await clock.advance(MINUTE);
    return { daemon, connection };
  };
  const leads = async ({ daemon }: { readonly daemon: MetricDaemon }) =>
    (await daemon.metrics()).value('aws_nfm_replica_leader', {});
  const total = new Map<string, MonitorSums>();
  const each = new Map<string, number[]>();
  const add = async ({ daemon }: { readonly daemon: MetricDaemon }) => {
    const page = await daemon.metrics();
    for (const name of MONITORS) {
      const sums = sumsOf(page, name);
      total.set(name, addSums(total.get(name), sums));
      each.set(name, [...(each.get(name) ?? []), sums.observed]);
    }
  };

  const first = await member('first');
  const second = await member('second');
  await until(0.2 * LENGTH);
  // The leader shuts down: the other one continues.
  await add(first);
  await first.daemon.end();
  await clock.advance(MINUTE);
  const third = await member('third');
  expect(await leads(second)).toBe(1);
  // The leader is cut off from the storage, and reads monitor metrics further. So does its successor.
  await until(0.35 * LENGTH);
  second.connection.state = 'cut';
  await clock.advance(10 * MINUTE);
  expect([await leads(second), await leads(third)]).toEqual([1, 1]);
  second.connection.state = 'good';
  await clock.advance(MINUTE);
  expect([await leads(second), await leads(third)]).toEqual([0, 1]);
  // Writes of the leader succeed, but it does not know it.
  await until(0.5 * LENGTH);
  third.connection.state = 'deaf';
  await clock.advance(7 * MINUTE);
  third.connection.state = 'good';
  // No member reaches the storage for a while.
  await until(0.6 * LENGTH);
  second.connection.state = 'cut';
  third.connection.state = 'cut';
  await clock.advance(9 * MINUTE);
  second.connection.state = 'good';
  await clock.advance(MINUTE);
  third.connection.state = 'good';
  // The leader is killed: nothing is received from it anymore.
  await until(0.7 * LENGTH);
  const [killed, left] = (await leads(second)) === 1 ? [second, third] : [third, second];
  killed.connection.state = 'cut';
  await add(killed);
  await killed.daemon.end();
  await until(LENGTH);
  expect(await leads(left)).toBe(1);
  await add(left);

  for (const monitorName of MONITORS) {
    const place = { account: ACCOUNT_ID, region: 'us-east-1', monitorName };
    const truth = simulator.monitorTotals(place, begin + FIRST, begin + LAST);
    expect(total.get(monitorName), monitorName).toEqual(trueSums(truth));
    expect(truth.degradedMinutes).toBeGreaterThan(10);
    // Every member has counted.
    expect(Math.min(...(each.get(monitorName) ?? [0]))).toBeGreaterThan(0);
  }
});
