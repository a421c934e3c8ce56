import { isIPv4 } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { parseScenario, type Simulator, startSimulator } from '../src/index.ts';
import { DESTINATION_CATEGORIES, METRIC_UNITS } from './api-facts.ts';
import { createManualClock } from './manual-clock.ts';
import { CHECKOUT, expectError, readPages, scopedTo, send, startQuery, workloadInsights } from './raw-client.ts';

type Row = Readonly<Record<string, unknown>>;

/** Queries end at once. */
const AT_ONCE = 'startedQueries: [{queuedFor: 0, runningFor: 0}]';
const running: Simulator[] = [];

async function start(scenario = AT_ONCE): Promise<Simulator> {
  const simulator = await startSimulator({ clock: createManualClock(), scenario: parseScenario(scenario) });
  running.push(simulator);
  return simulator;
}
afterEach(async () => {
  await Promise.all(running.splice(0).map((simulator) => simulator.close()));
});

async function rowsOf(simulator: Simulator, changes: object, parent = CHECKOUT): Promise<Row[]> {
  const queryId = await startQuery(simulator, parent, { ...changes });
  const list = parent.endsWith('DataQueries') ? 'datapoints' : 'topContributors';
  return (await readPages(simulator, `${parent}/${queryId}/results`, list)).flat();
}

const valuesOf = (rows: readonly Row[]) => rows.flatMap(({ value }) => (typeof value === 'number' ? [value] : []));

test('returns up to 25 rows per page, and all rows up to the limit', async () => {
  const simulator = await start();
  for (const [limit, sizes] of [
    [60, [25, 25, 10]],
    [50, [25, 25]],
    [7, [7]],
    [1, [1]],
  ] as const) {
    const queryId = await startQuery(simulator, CHECKOUT, { limit });
    const path = `${CHECKOUT}/${queryId}/results`;
    expect((await readPages(simulator, path, 'topContributors')).map((page) => page.length)).toEqual(sizes);
    expect((await readPages(simulator, path, 'topContributors', 'maxResults=100')).map((p) => p.length)).toEqual(sizes);
  }
});

test('returns at least 60 rows per query', async () => {
  const simulator = await start();
  const counts: number[] = [];
  for (const destinationCategory of DESTINATION_CATEGORIES) {
    for (const kind of ['Queries', 'DataQueries'] as const) {
      const parent = await workloadInsights(simulator, kind);
      counts.push((await rowsOf(simulator, { destinationCategory, limit: 500 }, parent)).length);
    }
    counts.push((await rowsOf(simulator, { destinationCategory, limit: 500 })).length);
  }
  expect(Math.min(...counts)).toBeGreaterThanOrEqual(60);
  expect(Math.max(...counts)).toBeGreaterThan(100);
});

test('returns the same rows for any page size', async () => {
  const simulator = await start();
  const path = `${CHECKOUT}/${await startQuery(simulator, CHECKOUT, { limit: 61 })}/results`;
  const whole = (await readPages(simulator, path, 'topContributors')).flat();
  const small = await readPages(simulator, path, 'topContributors', 'maxResults=7');
  expect(small.map((page) => page.length)).toEqual([7, 7, 7, 7, 7, 7, 7, 7, 5]);
  expect(small.flat()).toEqual(whole);
});

test('rejects a token of another query, and a truncated one', async () => {
  const simulator = await start();
  const path = `${CHECKOUT}/${await startQuery(simulator)}/results`;
  const other = `${CHECKOUT}/${await startQuery(simulator, CHECKOUT, { metricName: 'TIMEOUTS' })}/results`;
  const token = String((await send(simulator, 'GET', path)).json['nextToken']);
  expect((await send(simulator, 'GET', `${path}?nextToken=${token}`)).status).toBe(200);
  for (const wrong of [
    `${other}?nextToken=${token}`,
    `${path}?nextToken=garbage`,
    `${path}?nextToken=`,
    `${path}?nextToken=25`,
    `${path}?nextToken=${token.slice(1)}`,
    `${path}?nextToken=${token}A`,
    `${path}?nextToken=%00%ff`,
  ]) {
    expectError(await send(simulator, 'GET', wrong), 'ValidationException', 400);
  }
});

test.each(['0', '-1', 'ten', '1.5', '', '99999999999'])(
  'returns a ValidationException for maxResults=%s',
  async (maxResults) => {
    const simulator = await start();
    const path = `${CHECKOUT}/${await startQuery(simulator)}/results`;
    for (const target of [path, '/monitors', '/scopes']) {
      expectError(await send(simulator, 'GET', `${target}?maxResults=${maxResults}`), 'ValidationException', 400);
    }
  },
);

test('accepts a maxResults of up to 25 for lists', async () => {
  const simulator = await start();
  for (const target of ['/monitors', '/scopes']) {
    expectError(await send(simulator, 'GET', `${target}?maxResults=26`), 'ValidationException', 400);
    expect((await send(simulator, 'GET', `${target}?maxResults=25`)).status).toBe(200);
  }
});

test('returns equal rows for equal seeds and arguments only', async () => {
  const changes = { metricName: 'RETRANSMISSIONS', limit: 60 };
  const [first, second, other] = await Promise.all([start(), start(), start(`${AT_ONCE}\nseed: 42`)]);
  const rows = await rowsOf(first, changes);
  // Earlier requests have no effect.
  await rowsOf(second, { metricName: 'TIMEOUTS' });
  expect(await rowsOf(second, changes)).toEqual(rows);
  expect(await rowsOf(other, changes)).not.toEqual(rows);
});

test('returns other values but mostly the same flows for another window', async () => {
  const simulator = await start();
  const flows = (rows: readonly Row[]) =>
    new Set(rows.map((row) => `${row['localIp']} ${row['remoteIp']} ${row['targetPort']}`));
  const first = await rowsOf(simulator, { limit: 60, metricName: 'RETRANSMISSIONS' });
  const next = { startTime: '2026-01-01T01:00:00Z', endTime: '2026-01-01T02:00:00Z' };
  const second = await rowsOf(simulator, { limit: 60, metricName: 'RETRANSMISSIONS', ...next });
  expect(valuesOf(second)).not.toEqual(valuesOf(first));
  expect([...flows(first)].filter((flow) => flows(second).has(flow)).length).toBeGreaterThan(40);
});

test.each(['/workloadInsights', '/monitors'])('sorts rows under %s by value, some without one', async (family) => {
  const simulator = await start();
  const parent = family === '/monitors' ? CHECKOUT : await workloadInsights(simulator, 'Queries');
  const rows = await rowsOf(simulator, { limit: 60 }, parent);
  const values = valuesOf(rows);
  expect(values).toEqual([...values].sort((a, b) => b - a));
  expect(Math.min(...values)).toBeGreaterThan(0);
  expect(values[0]).toBeGreaterThan(values[50] ?? 0);
  const without = rows.filter((row) => !('value' in row));
  expect(without.length).toBeGreaterThan(0);
  expect(without.length).toBeLessThan(10);
  expect(rows[0]).toHaveProperty('value');
});

test('returns mirror rows with port 0 for flows in the region', async () => {
  const simulator = await start();
  const rows = await rowsOf(simulator, { destinationCategory: 'INTER_AZ', limit: 60 });
  const mirrors = rows.flatMap((row, i) => (row['targetPort'] === 0 ? [{ mirror: row, flow: rows[i - 1] ?? {} }] : []));
  expect(mirrors.length).toBeGreaterThan(5);
  for (const { mirror, flow } of mirrors) {
    expect(flow['targetPort']).toBeGreaterThan(0);
    for (const [near, far] of [
      ['localIp', 'remoteIp'],
      ['localAz', 'remoteAz'],
      ['localSubnetId', 'remoteSubnetId'],
      ['localVpcArn', 'remoteVpcArn'],
    ] as const) {
      expect(mirror[near]).toBe(flow[far]);
      expect(mirror[far]).toBe(flow[near]);
    }
  }
  const outside = await rowsOf(simulator, { destinationCategory: 'INTERNET', limit: 60 });
  expect(outside.filter((row) => row['targetPort'] === 0)).toEqual([]);
});

test('returns the members of flows in the rows of a monitor', async () => {
  const simulator = await start();
  const present = new Set<string>();
  const emptyTexts = new Set<string>();
  const componentTypes = new Set<unknown>();
  for (const destinationCategory of DESTINATION_CATEGORIES) {
    for (const row of await rowsOf(simulator, { destinationCategory, limit: 60 })) {
      expect(row['destinationCategory']).toBe(destinationCategory);
      expect(isIPv4(String(row['localIp']))).toBe(true);
      expect(isIPv4(String(row['remoteIp']))).toBe(true);
      for (const [name, value] of Object.entries(row)) {
        (value === '' ? emptyTexts : present).add(name);
      }
      for (const type of JSON.stringify(row['traversedConstructs']).matchAll(/"componentType":"([^"]+)"/g)) {
        componentTypes.add(type[1]);
      }
      const end = { INTRA_AZ: row['localAz'], LOCAL_ZONE: 'use1-lax1-az1' }[destinationCategory];
      if (end !== undefined) {
        expect(row['remoteAz']).toBe(end);
      }
      if (destinationCategory === 'INTER_AZ') {
        expect(row['remoteAz']).not.toBe(row['localAz']);
        expect(row['remoteVpcId']).toBe(row['localVpcId']);
      }
      if (destinationCategory === 'INTER_VPC') {
        expect(row['remoteVpcId']).not.toBe(row['localVpcId']);
      }
    }
  }
  expect([...present]).toEqual(
    expect.arrayContaining([
      ...[
        'localIp',
        'snatIp',
        'localInstanceId',
        'localVpcId',
        'localRegion',
        'localAz',
        'localSubnetId',
        'targetPort',
      ],
      ...[
        'remoteVpcId',
        'remoteRegion',
        'remoteAz',
        'remoteSubnetId',
        'remoteInstanceId',
        'remoteIp',
        'dnatIp',
        'value',
      ],
      ...['traversedConstructs', 'kubernetesMetadata', 'localInstanceArn', 'localSubnetArn', 'localVpcArn'],
      ...['remoteInstanceArn', 'remoteSubnetArn', 'remoteVpcArn'],
    ]),
  );
  expect([...emptyTexts]).toEqual(expect.arrayContaining(['snatIp', 'remoteInstanceId', 'remoteVpcId']));
  expect([...componentTypes]).toEqual(
    expect.arrayContaining(['AWS::EC2::Instance', 'AWS::EC2::NetworkInterface', 'AWS::EC2::NatGateway']),
  );
});

test('returns zone IDs of the region of the signature', async () => {
  const simulator = await start();
  for (const [region, zone] of [
    ['us-east-1', /^use1-az\d$/],
    ['eu-central-1', /^euc1-az\d$/],
    ['ap-northeast-3', /^apne3-az\d$/],
  ] as const) {
    const headers = scopedTo(region);
    const queryId = await startQuery(simulator, CHECKOUT, {}, headers);
    const { json } = await send(simulator, 'GET', `${CHECKOUT}/${queryId}/results`, { headers });
    const rows = json['topContributors'];
    expect(Array.isArray(rows) && rows.every((row) => zone.test(row.localAz) && row.localRegion === region)).toBe(true);
  }
});

test('returns accounts of the scope in rows of workload insights', async () => {
  const simulator = await start(`
    ${AT_ONCE}
    accounts:
      - id: "111122223333"
        regions: {us-east-1: {scopes: [{scopeId: org, accounts: ["111122223333", "444455556666"]}]}}
  `);
  const rows = await rowsOf(simulator, { limit: 60 }, '/workloadInsights/org/topContributorsQueries');
  expect(new Set(rows.map((row) => row['accountId']))).toEqual(new Set(['111122223333', '444455556666']));
  expect(new Set(rows.map((row) => row['localSubnetId'])).size).toBe(60);
});

test('returns data points for each five minutes, in series by zone', async () => {
  const simulator = await start();
  const parent = await workloadInsights(simulator, 'DataQueries');
  const window = { startTime: '2026-01-01T19:00:00Z', endTime: '2026-01-01T19:15:00Z' };
  const series = await rowsOf(simulator, window, parent);
  const full = ['2026-01-01T19:00:00Z', '2026-01-01T19:05:00Z', '2026-01-01T19:10:00Z'];
  expect(series[0]?.['timestamps']).toEqual(full);
  expect(new Set(series.map(({ label }) => label))).toEqual(new Set(['use1-az1', 'use1-az2', 'use1-az4', 'use1-az6']));
  const points = series.map(({ timestamps, values }) => ({
    timestamps: Array.isArray(timestamps) ? timestamps : [],
    values: Array.isArray(values) ? values : [],
  }));
  for (const { timestamps, values } of points) {
    expect(values).toHaveLength(timestamps.length);
    expect(full).toEqual(expect.arrayContaining(timestamps));
  }
  expect(points.some(({ timestamps }) => timestamps.length === 2)).toBe(true);
  expect(points.some(({ values }) => values.some((value) => !Number.isInteger(value)))).toBe(true);
});

test('returns units of the metric by default, and four forms of a missing unit', async () => {
  const fitting = {
    ROUND_TRIP_TIME: /^((Micro|Milli)?seconds|None|)$/i,
    RETRANSMISSIONS: /^(Count|None|)$/,
    DATA_TRANSFERRED: /^((Kilo|Mega|Giga|Tera)?(bytes|bits)|None|)$/i,
  };
  const simulator = await start();
  const seen = await unitsOf(simulator, Object.keys(fitting), 40);
  for (const [metricName, pattern] of Object.entries(fitting)) {
    for (const unit of seen.get(metricName) ?? []) {
      expect(unit === null || unit === undefined || pattern.test(String(unit))).toBe(true);
    }
  }
  const all = [...seen.values()].flatMap((units) => [...units]);
  expect(all).toEqual(expect.arrayContaining([null, undefined, '', 'None', 'Bytes', 'Count', 'Microseconds']));
});

test('returns all units of the model if any unit is allowed', async () => {
  const simulator = await start(`${AT_ONCE}\nworlds: {units: any}`);
  const seen = (await unitsOf(simulator, ['DATA_TRANSFERRED'], 400)).get('DATA_TRANSFERRED');
  expect(seen).toEqual(new Set([...METRIC_UNITS, '', null, undefined]));
});

/** The units of `count` queries of each metric with different windows. */
async function unitsOf(
  simulator: Simulator,
  metrics: readonly string[],
  count: number,
): Promise<Map<string, Set<unknown>>> {
  const seen = new Map<string, Set<unknown>>();
  for (const metricName of metrics) {
    for (let i = 0; i < count; i++) {
      const startTime = new Date(Date.UTC(2026, 0, 1) + i * 60_000).toISOString();
      const endTime = new Date(Date.UTC(2026, 0, 1, 1) + i * 60_000).toISOString();
      const queryId = await startQuery(simulator, CHECKOUT, { metricName, startTime, endTime });
      const { json } = await send(simulator, 'GET', `${CHECKOUT}/${queryId}/results?maxResults=1`);
      seen.set(metricName, (seen.get(metricName) ?? new Set()).add(json['unit']));
    }
  }
  return seen;
}

test.each([...METRIC_UNITS.map((unit) => JSON.stringify(unit)), '"furlongs"', 'null', '""'])(
  'returns the unit %s from the scenario',
  async (unit) => {
    const simulator = await start(`startedQueries: [{queuedFor: 0, runningFor: 0, unit: ${unit}}]`);
    const queryId = await startQuery(simulator);
    const { json } = await send(simulator, 'GET', `${CHECKOUT}/${queryId}/results`);
    expect(json['unit']).toBe(JSON.parse(unit));
  },
);

test('converts values to the unit', async () => {
  const top = async (unit: string) => {
    const simulator = await start(`startedQueries: [{queuedFor: 0, runningFor: 0, unit: ${unit}}]`);
    return valuesOf(await rowsOf(simulator, { limit: 1 }))[0] ?? 0;
  };
  const bytes = await top('Bytes');
  expect(await top('Kilobytes')).toBe(Math.round(bytes / 1000));
  expect((await top('Bits')) / 8).toBeCloseTo(bytes, -1);
  expect(await top('absent')).toBe(bytes);
});

test('returns longer round trips for greater distances', async () => {
  const simulator = await start('startedQueries: [{queuedFor: 0, runningFor: 0, unit: Microseconds}]');
  const longest: number[] = [];
  for (const destinationCategory of ['INTRA_AZ', 'INTERNET', 'INTER_REGION']) {
    const rows = await rowsOf(simulator, { metricName: 'ROUND_TRIP_TIME', destinationCategory, limit: 5 });
    longest.push(valuesOf(rows)[0] ?? 0);
  }
  expect(longest).toEqual([...longest].sort((a, b) => a - b));
  expect(longest[0]).toBeLessThan(1000);
  expect(longest[2]).toBeGreaterThan(50_000);
});

test('returns no unit with rows of workload insights', async () => {
  const simulator = await start('startedQueries: [{queuedFor: 0, runningFor: 0, unit: Bytes}]');
  const parent = await workloadInsights(simulator, 'Queries');
  const { json } = await send(simulator, 'GET', `${parent}/${await startQuery(simulator, parent)}/results`);
  expect(json).not.toHaveProperty('unit');
});
