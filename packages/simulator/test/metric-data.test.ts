import {
  CloudWatchClient,
  GetMetricDataCommand,
  type GetMetricDataCommandInput,
  type MetricDataQuery,
} from '@aws-sdk/client-cloudwatch';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseScenario, type Simulator, startSimulator } from '../src/index.ts';
import { CLOCK_START, createManualClock, type ManualClock } from './manual-clock.ts';
import { send } from './raw-client.ts';

const ACCOUNT = '123456789012';
const REGION = 'eu-west-1';
const KEYS: Readonly<{ accessKeyId: string; secretAccessKey: string }> = {
  accessKeyId: 'AKIAPAYMENTS00000001',
  secretAccessKey: 'payments/secret+key',
};
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let clock: ManualClock;
let simulator: Simulator;
const opened: CloudWatchClient[] = [];

async function start(scenario: object = {}): Promise<void> {
  clock = createManualClock();
  simulator = await startSimulator({ clock, scenario: parseScenario(JSON.stringify(scenario)) });
}
beforeEach(() => start());
afterEach(async () => {
  for (const client of opened.splice(0)) {
    client.destroy();
  }
  await simulator.close();
});

function client(credentials = KEYS): CloudWatchClient {
  const made = new CloudWatchClient({
    region: REGION,
    endpoint: simulator.url,
    // The client adds members to the object.
    credentials: { ...credentials },
    maxAttempts: 1,
    systemClockOffset: clock.now() - Date.now(),
  });
  opened.push(made);
  return made;
}

/** The query of a metric; its ID is the metric's name in lower case. */
function metric(name: string, monitor = 'checkout', stat = 'Sum', period = 60): MetricDataQuery {
  const value = `arn:aws:networkflowmonitor:${REGION}:${ACCOUNT}:monitor/${monitor}`;
  const dimensions = [{ Name: 'MonitorId', Value: value }];
  return {
    Id: name.toLowerCase(),
    MetricStat: {
      Metric: { Namespace: 'AWS/NetworkFlowMonitor', MetricName: name, Dimensions: dimensions },
      Period: period,
      Stat: stat,
    },
  };
}

/** A request for metrics of the last hour. */
function lastHour(...queries: MetricDataQuery[]): GetMetricDataCommandInput {
  return { MetricDataQueries: queries, StartTime: new Date(clock.now() - HOUR), EndTime: new Date(clock.now()) };
}

function read(input: GetMetricDataCommandInput) {
  return client().send(new GetMetricDataCommand(input));
}

/** Values by minutes before the simulator's start, of the first metric. */
async function valuesOf(...queries: MetricDataQuery[]): Promise<ReadonlyMap<number, number>> {
  const { MetricDataResults: [result] = [] } = await read(lastHour(...queries));
  const { Timestamps = [], Values = [] } = result ?? {};
  expect(Timestamps).toHaveLength(Values.length);
  return new Map(Timestamps.map((at, i) => [(at.getTime() - CLOCK_START) / MINUTE, Values[i] ?? Number.NaN]));
}

const SUMS = ['Retransmissions', 'Timeouts', 'DataTransferred'];
const ALL = [metric('HealthIndicator', 'checkout', 'Maximum'), ...SUMS.map((name) => metric(name))];

test('returns one-minute points of all metrics, newest first', async () => {
  const output = await read(lastHour(...ALL, metric('RoundTripTime', 'checkout', 'Average')));
  expect(output.Messages).toEqual([]);
  expect(output.NextToken).toBeUndefined();
  const results = output.MetricDataResults ?? [];
  expect(results.map(({ Id, Label, StatusCode }) => [Id, Label, StatusCode])).toEqual(
    ['HealthIndicator', ...SUMS, 'RoundTripTime'].map((name) => [name.toLowerCase(), name, 'Complete']),
  );
  for (const { Id, Timestamps = [], Values = [] } of results) {
    expect(Timestamps).toHaveLength(Values.length);
    expect(Timestamps).toEqual(Timestamps.toSorted((a, b) => b.getTime() - a.getTime()));
    if (Id === 'roundtriptime') {
      // Sparse: never 0, and missing in most minutes.
      expect(Values.length).toBeGreaterThan(5);
      expect(Values.length).toBeLessThan(50);
      expect(Math.min(...Values)).toBeGreaterThan(100);
    } else {
      // The points of a minute appear one minute after its end.
      expect(Timestamps).toHaveLength(59);
      expect(Timestamps[0]?.getTime()).toBe(CLOCK_START - 2 * MINUTE);
      expect(Values.every((value) => Number.isSafeInteger(value))).toBe(true);
    }
  }
});

test('sums up to the totals of the monitor', async () => {
  clock.advance(HOUR + 2 * MINUTE);
  const { MetricDataResults = [] } = await read({
    MetricDataQueries: ALL,
    StartTime: new Date(CLOCK_START),
    EndTime: new Date(CLOCK_START + HOUR),
  });
  const [health = [], ...sums] = MetricDataResults.map(({ Values = [] }) => Values);
  const [retransmissions, timeouts, dataTransferred] = sums.map((values) => values.reduce((a, b) => a + b, 0));
  const monitor = { account: ACCOUNT, region: REGION, monitorName: 'checkout' };
  expect(simulator.monitorTotals(monitor, CLOCK_START, CLOCK_START + HOUR)).toEqual({
    observedMinutes: health.length,
    degradedMinutes: 0,
    retransmissions,
    timeouts,
    dataTransferred,
  });
  expect(health).toHaveLength(60);
});

test('returns the same points in every run', async () => {
  const first = await valuesOf(metric('DataTransferred'));
  await simulator.close();
  await start();
  expect(await valuesOf(metric('DataTransferred'))).toEqual(first);
  expect(await valuesOf(metric('DataTransferred', 'prod-orders'))).not.toEqual(first);
});

test('aggregates minutes to longer periods', async () => {
  const minutes = await valuesOf(metric('DataTransferred'));
  const fives = await valuesOf(metric('DataTransferred', 'checkout', 'Sum', 300));
  const expected = new Map<number, number>();
  for (const [at, value] of minutes) {
    const period = Math.floor(at / 5) * 5;
    expected.set(period, (expected.get(period) ?? 0) + value);
  }
  expect(fives).toEqual(expected);
  for (const [stat, of] of [
    ['Maximum', Math.max],
    ['Minimum', Math.min],
  ] as const) {
    const found = await valuesOf(metric('DataTransferred', 'checkout', stat, 3600));
    expect([...found.values()]).toEqual([of(...minutes.values())]);
  }
});

test('returns no points of unknown monitors, metrics, and namespaces, and of monitors that are not active', async () => {
  const other = metric('DataTransferred');
  const namespace = { ...other.MetricStat?.Metric, Namespace: 'AWS/EC2' };
  const { MetricDataResults = [] } = await read(
    lastHour(metric('HealthIndicator', 'missing'), metric('Jitter'), metric('Timeouts', 'batch'), {
      ...other,
      MetricStat: { Period: 60, Stat: 'Sum', Metric: namespace },
    }),
  );
  expect(MetricDataResults.map(({ StatusCode, Values }) => [StatusCode, Values])).toEqual(
    Array(4).fill(['Complete', []]),
  );
});

test('serves the request of botocore', async () => {
  // As captured from botocore 1.43.11, except for the signature.
  const body = `{"MetricDataQueries": [{"Id": "m1", "MetricStat": {"Metric": {"Namespace": "AWS/NetworkFlowMonitor", "MetricName": "HealthIndicator", "Dimensions": [{"Name": "MonitorId", "Value": "arn:aws:networkflowmonitor:eu-west-1:${ACCOUNT}:monitor/checkout"}]}, "Period": 60, "Stat": "Maximum"}, "ReturnData": true}], "StartTime": ${CLOCK_START / 1000 - 300}, "EndTime": ${CLOCK_START / 1000}}`;
  const reply = await send(simulator, 'POST', '/', {
    body,
    headers: {
      'accept-encoding': 'identity',
      'x-amz-target': 'GraniteServiceVersion20100801.GetMetricData',
      'content-type': 'application/x-amz-json-1.0',
      'x-amzn-query-mode': 'true',
      'x-amz-date': '20260101T000000Z',
      authorization:
        'AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260101/eu-west-1/monitoring/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target;x-amzn-query-mode, Signature=00',
    },
  });
  expect(reply).toMatchObject({ status: 200, headers: { 'content-type': 'application/x-amz-json-1.0' } });
  const times = [2, 3, 4, 5].map((minutes) => CLOCK_START / 1000 - 60 * minutes);
  expect(reply.json).toEqual({
    Messages: [],
    MetricDataResults: [
      { Id: 'm1', Label: 'HealthIndicator', StatusCode: 'Complete', Timestamps: times, Values: [0, 0, 0, 0] },
    ],
  });
});

describe('rejects', () => {
  const bad = (change: Partial<MetricDataQuery>): MetricDataQuery => ({ ...metric('Timeouts'), ...change });

  test.each<[string, (valid: GetMetricDataCommandInput) => Partial<GetMetricDataCommandInput>, RegExp]>([
    ['an empty range', ({ EndTime }) => ({ StartTime: EndTime }), /StartTime must not equal parameter EndTime/],
    ['a reversed range', ({ StartTime }) => ({ EndTime: new Date(Number(StartTime) - 1) }), /StartTime must be less/],
    ['a missing start', () => ({ StartTime: undefined }), /StartTime is required/],
    [
      '501 metrics',
      () => ({ MetricDataQueries: Array.from({ length: 501 }, (_, i) => bad({ Id: `m${i}` })) }),
      /must not have a size greater than 500/,
    ],
    ['no metrics', () => ({ MetricDataQueries: [] }), /MetricDataQueries is required/],
    ['a period of 90 seconds', () => ({ MetricDataQueries: [metric('Timeouts', 'a', 'Sum', 90)] }), /multiple of 60/],
    ['equal IDs', () => ({ MetricDataQueries: [bad({}), bad({})] }), /not unique/],
    ['an ID in upper case', () => ({ MetricDataQueries: [bad({ Id: 'M1' })] }), /not matching the expected pattern/],
    ['an unknown statistic', () => ({ MetricDataQueries: [metric('Timeouts', 'a', 'Most')] }), /is not supported/],
    ['100,801 points', () => ({ MaxDatapoints: 100_801 }), /MaxDatapoints/],
  ])('%s', async (_, change, message) => {
    const valid = lastHour(metric('Timeouts'));
    const failure = await read({ ...valid, ...change(valid) }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'ValidationException', message: expect.stringMatching(message) });
    expect(failure).toMatchObject({ $metadata: { httpStatusCode: 400 } });
    // A rejected request is not billed.
    expect(simulator.metricsRequested()).toBe(0);
  });
});

test('counts the metrics requested per account', async () => {
  await read(lastHour(...ALL));
  await read(lastHour(metric('Timeouts')));
  expect(simulator.metricsRequested()).toBe(5);
  expect(simulator.metricsRequested(ACCOUNT)).toBe(5);
  expect(simulator.metricsRequested('999999999999')).toBe(0);
});

test('checks signatures for the service name of CloudWatch', async () => {
  await simulator.close();
  await start({ accounts: [{ id: ACCOUNT, credentials: [KEYS] }] });
  expect(await valuesOf(metric('Timeouts'))).toHaveProperty('size', 59);
  const wrong = client({ ...KEYS, secretAccessKey: 'other' });
  await expect(wrong.send(new GetMetricDataCommand(lastHour(metric('Timeouts'))))).rejects.toMatchObject({
    $metadata: { httpStatusCode: 403 },
    message: expect.stringContaining('signature we calculated does not match'),
  });
});

describe('pages', () => {
  test('have at most the configured number of points, and PartialData until the last page of a metric', async () => {
    await simulator.close();
    await start({ cloudwatch: { pageSize: 50 } });
    const collected = new Map<string, number[]>();
    const statuses: unknown[] = [];
    let token: string | undefined;
    do {
      const page = await read({ ...lastHour(metric('Timeouts'), metric('DataTransferred')), NextToken: token });
      token = page.NextToken;
      const results = page.MetricDataResults ?? [];
      statuses.push(results.map(({ Id, StatusCode }) => `${Id} ${StatusCode}`));
      expect(results.flatMap(({ Values = [] }) => Values).length).toBeLessThanOrEqual(50);
      for (const { Id = '', Values = [] } of results) {
        collected.set(Id, [...(collected.get(Id) ?? []), ...Values]);
      }
    } while (token !== undefined);
    expect(statuses).toEqual([
      ['timeouts PartialData'],
      ['timeouts Complete', 'datatransferred PartialData'],
      ['datatransferred Complete'],
    ]);
    await simulator.close();
    await start();
    for (const name of ['Timeouts', 'DataTransferred']) {
      expect(collected.get(name.toLowerCase())).toEqual([...(await valuesOf(metric(name))).values()]);
    }
  });

  test('reject the token of another request', async () => {
    const { NextToken } = await read({ ...lastHour(metric('Timeouts')), MaxDatapoints: 10 });
    expect(NextToken).toEqual(expect.any(String));
    const other = { ...lastHour(metric('DataTransferred')), MaxDatapoints: 10, NextToken };
    await expect(read(other)).rejects.toMatchObject({ name: 'InvalidNextToken' });
  });
});

describe('faults', () => {
  const withFaults = async (...faults: object[]) => {
    await simulator.close();
    await start({ cloudwatch: { faults } });
  };

  test('delay points', async () => {
    const all = await valuesOf(metric('Timeouts'));
    await withFaults({ kind: 'late', by: '10m' });
    const early = await valuesOf(metric('Timeouts'));
    expect([...early]).toEqual([...all].filter(([at]) => at <= -12));
  });

  test('remove points', async () => {
    await withFaults({ kind: 'missing', rate: 0.5, match: { metricName: 'Time*' } });
    const { size } = await valuesOf(metric('Timeouts'));
    expect(size).toBeGreaterThan(10);
    expect(size).toBeLessThan(50);
    expect(await valuesOf(metric('DataTransferred'))).toHaveProperty('size', 59);
  });

  test('repeat points', async () => {
    await withFaults({ kind: 'repeated' });
    const { MetricDataResults: [result] = [] } = await read(lastHour(metric('Timeouts')));
    expect(result?.Timestamps).toHaveLength(2 * 59);
    expect(new Set(result?.Timestamps?.map(Number)).size).toBe(59);
  });

  test.each([0.5, 2])('correct points that had %f times their value', async (factor) => {
    const truth = await valuesOf(metric('DataTransferred'));
    await withFaults({ kind: 'corrected', factor, after: '5m' });
    for (const [at, value] of await valuesOf(metric('DataTransferred'))) {
      expect(value).toBe(at <= -7 ? truth.get(at) : Math.round((truth.get(at) ?? 0) * factor));
    }
    const monitor = { account: ACCOUNT, region: REGION, monitorName: 'checkout' };
    const largest = [...truth.values()].reduce((sum, value) => sum + Math.max(value, Math.round(value * factor)), 0);
    const totals = simulator.monitorTotals(monitor, CLOCK_START - HOUR, CLOCK_START - MINUTE);
    expect(totals.dataTransferred).toBe(largest);
  });

  test('leave out IDs, repeat them, and return partial data', async () => {
    await withFaults(
      { kind: 'idMissing', match: { metricName: 'Timeouts' } },
      { kind: 'idRepeated', match: { metricName: 'Retransmissions' } },
      { kind: 'partial', match: { metricName: 'DataTransferred' } },
    );
    const { MetricDataResults = [] } = await read(lastHour(...SUMS.map((name) => metric(name))));
    expect(MetricDataResults.map(({ Id, StatusCode, Values }) => [Id, StatusCode, Values?.length])).toEqual([
      ['retransmissions', 'Complete', 59],
      ['retransmissions', 'Complete', 59],
      ['datatransferred', 'PartialData', 29],
    ]);
    // The missing points are the newest.
    expect(MetricDataResults[2]?.Timestamps?.[0]).toEqual(new Date(CLOCK_START - 32 * MINUTE));
  });

  test('throttle with the name that clients retry', async () => {
    await simulator.close();
    await start({ faults: [{ kind: 'throttle', match: { operation: 'GetMetricData' }, retryAfter: '2s' }] });
    await expect(read(lastHour(...ALL))).rejects.toMatchObject({
      name: expect.stringMatching(/^Throttling/),
      message: 'Rate exceeded',
    });
    expect(simulator.metricsRequested()).toBe(0);
  });
});

test('a client that counts each minute once counts the totals of a day with all faults', async () => {
  await simulator.close();
  const faults = [
    { kind: 'late', by: '20m', rate: 0.1 },
    { kind: 'missing', rate: 0.02 },
    { kind: 'repeated', rate: 0.1 },
    { kind: 'corrected', factor: 0.5, after: '15m', rate: 0.1 },
    { kind: 'corrected', factor: 1.5, after: '40m', rate: 0.1 },
    { kind: 'idMissing', rate: 0.02 },
    { kind: 'idRepeated', rate: 0.05 },
    { kind: 'partial', rate: 0.02 },
  ];
  await start({ cloudwatch: { faults, pageSize: 100 }, incidents: [{ kind: 'awsNetwork', from: '5h', until: '6h' }] });
  const counted = new Map<string, Map<number, number>>(ALL.map(({ Id = '' }) => [Id, new Map()]));
  const reader = client();
  let requested = 0;
  // One hour more, in which the last points appear.
  for (let elapsed = 0; elapsed < 25 * HOUR; elapsed += 15 * MINUTE) {
    clock.advance(15 * MINUTE);
    let token: string | undefined;
    do {
      const input = { ...lastHour(...ALL), NextToken: token };
      const output = await reader.send(new GetMetricDataCommand(input));
      requested += ALL.length;
      token = output.NextToken;
      for (const { Id = '', Timestamps = [], Values = [] } of output.MetricDataResults ?? []) {
        for (const [i, at] of Timestamps.entries()) {
          const minutes = counted.get(Id);
          minutes?.set(at.getTime(), Math.max(minutes.get(at.getTime()) ?? 0, Values[i] ?? 0));
        }
      }
    } while (token !== undefined);
  }
  const inDay = (id: string) =>
    [...(counted.get(id) ?? [])].filter(([at]) => at >= CLOCK_START && at < CLOCK_START + 24 * HOUR);
  const sum = (id: string) => inDay(id).reduce((total, [, value]) => total + value, 0);
  const monitor = { account: ACCOUNT, region: REGION, monitorName: 'checkout' };
  expect(simulator.monitorTotals(monitor, CLOCK_START, CLOCK_START + 24 * HOUR)).toEqual({
    observedMinutes: inDay('healthindicator').length,
    degradedMinutes: inDay('healthindicator').filter(([, value]) => value > 0).length,
    retransmissions: sum('retransmissions'),
    timeouts: sum('timeouts'),
    dataTransferred: sum('datatransferred'),
  });
  expect(simulator.metricsRequested()).toBe(requested);
});

test.each([1, 100])('reports a degraded network as %i', async (degradedValue) => {
  await simulator.close();
  const match = { monitorName: 'check*' };
  await start({
    cloudwatch: { degradedValue },
    incidents: [{ kind: 'awsNetwork', from: '10m30s', until: '19m1s', match }],
  });
  clock.advance(HOUR);
  const health = await valuesOf(metric('HealthIndicator', 'checkout', 'Maximum'));
  expect([...health].filter(([, value]) => value > 0).map(([at]) => at)).toEqual([
    19, 18, 17, 16, 15, 14, 13, 12, 11, 10,
  ]);
  expect(new Set(health.values())).toEqual(new Set([0, degradedValue]));
  const others = await valuesOf(metric('HealthIndicator', 'prod-orders', 'Maximum'));
  expect(new Set(others.values())).toEqual(new Set([0]));
});
