import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { type Incident, parseScenario, type Simulator, startSimulator } from '../src/index.ts';
import { CLOCK_START, createManualClock, type ManualClock } from './manual-clock.ts';
import { readPages, scopedTo, send, startQuery } from './raw-client.ts';

const MONITOR = { account: '123456789012', region: 'us-east-1', monitorName: 'checkout' };
const CHECKOUT = '/monitors/checkout/topContributorsQueries';
const HOUR = 3_600_000;
const LOSSES = ['RETRANSMISSIONS', 'TIMEOUTS'] as const;

type Row = Readonly<Record<string, unknown>>;

let clock: ManualClock;
let simulator: Simulator;

/** Starts a simulator in which queries end at once, and whose incidents last from the first to the second hour. */
async function start(...kinds: readonly string[]): Promise<readonly Incident[]> {
  clock = createManualClock();
  const incidents = kinds.map((kind) => ({ kind, from: '1h', until: '2h', match: { monitorName: 'checkout' } }));
  const startedQueries = [{ queuedFor: 0, runningFor: 0, unit: null }];
  const scenario = parseScenario(JSON.stringify({ startedQueries, incidents, worlds: { pageSize: 500 } }));
  simulator = await startSimulator({ clock, scenario });
  return scenario.incidents;
}
afterEach(() => simulator.close());

interface Asked {
  metricName: string;
  destinationCategory?: string;
  /** Hours after the start of the simulator. */
  from: number;
  to?: number;
  parent?: string;
}

async function rowsOf({ metricName, destinationCategory = 'INTER_AZ', from, to = from + 1, parent = CHECKOUT }: Asked) {
  const [startTime, endTime] = [from, to].map((hours) => new Date(CLOCK_START + hours * HOUR).toISOString());
  const body = { metricName, destinationCategory, startTime, endTime, limit: 500 };
  const queryId = await startQuery(simulator, parent, body);
  return (await readPages(simulator, `${parent}/${queryId}/results`, 'topContributors')).flat();
}

/** The sum of the rows that `affects` selects as a share of all, without mirror rows. */
function shareOf(rows: readonly Row[], affects: (row: Row) => boolean): number {
  const sum = (of: readonly Row[]) => of.reduce((total, { value }) => total + Number(value ?? 0), 0);
  const own = rows.filter(({ targetPort }) => targetPort !== 0);
  return sum(own.filter(affects)) / sum(own);
}

const workloadsOf = ({ kubernetesMetadata }: Row): string[] => {
  const members: Row = { ...Object(kubernetesMetadata ?? {}) };
  return ['local', 'remote'].map((end) => `${members[`${end}PodNamespace`]}/${members[`${end}ServiceName`]}`);
};

/** Whether a row is about what an incident affects. */
const IS_ABOUT: Readonly<Record<string, (row: Row, subjects: readonly string[]) => boolean>> = {
  instance: (row, [id]) => row['localInstanceId'] === id || row['remoteInstanceId'] === id,
  zonePair: (row, zones) =>
    row['localAz'] !== row['remoteAz'] && [row['localAz'], row['remoteAz']].every((az) => zones.includes(String(az))),
  workload: (row, [workload = '']) => workloadsOf(row).includes(workload),
};

/** The health indicator's degraded minutes and the retransmissions of an hour. */
const totals = (hour: number) =>
  simulator.monitorTotals(MONITOR, CLOCK_START + hour * HOUR, CLOCK_START + (hour + 1) * HOUR);

describe.each(Object.keys(IS_ABOUT))('an incident of the kind %s', (kind) => {
  const isAbout = IS_ABOUT[kind] ?? (() => false);

  test.each(LOSSES)(
    'concentrates %s on what it affects, and does not degrade the health indicator',
    async (metricName) => {
      const [incident] = await start(kind);
      const subjects = incident ? simulator.affectedBy(incident, MONITOR) : [];
      expect(subjects).toHaveLength(kind === 'zonePair' ? 2 : 1);
      const affected = (row: Row) => isAbout(row, subjects);
      const during = await rowsOf({ metricName, from: 1 });
      expect(shareOf(during, affected)).toBeGreaterThan(0.75);
      for (const from of [0, 2]) {
        expect(shareOf(await rowsOf({ metricName, from }), affected)).toBeLessThan(0.5);
      }
      expect(totals(1).degradedMinutes).toBe(0);
      expect(totals(1).retransmissions).toBeGreaterThan(5 * totals(0).retransmissions);
    },
  );

  test('concentrates losses on nothing else', async () => {
    const [incident] = await start(kind);
    const subjects = incident ? simulator.affectedBy(incident, MONITOR) : [];
    const rows = await rowsOf({ metricName: 'RETRANSMISSIONS', from: 1 });
    const keys: Readonly<Record<string, (row: Row) => string>> = {
      instance: (row) => String(row['localInstanceId']),
      zonePair: (row) => [row['localAz'], row['remoteAz']].sort().join(),
      workload: (row) => workloadsOf(row)[0] ?? '',
    };
    for (const [other, keyOf] of Object.entries(keys).filter(([name]) => name !== kind)) {
      const known = new Set(rows.map(keyOf).filter((key) => !key.includes('undefined')));
      const shares = [...known].map((key) => shareOf(rows, (row) => keyOf(row) === key));
      expect.soft(Math.max(...shares), `${other} in ${kind} of ${subjects}`).toBeLessThan(0.7);
    }
  });
});

test('values are in descending order, mirror rows follow their flows, and data transferred is as usual', async () => {
  await start('zonePair', 'workload', 'awsNetwork');
  for (const metricName of ['RETRANSMISSIONS', 'TIMEOUTS', 'ROUND_TRIP_TIME']) {
    const rows = await rowsOf({ metricName, from: 1 });
    const values = rows.flatMap(({ value }) => (value === undefined ? [] : [Number(value)]));
    expect(values).toEqual(values.toSorted((a, b) => b - a));
    const mirrors = rows.flatMap((row, i) => (row['targetPort'] === 0 ? [{ row, before: rows[i - 1] }] : []));
    expect(mirrors.length).toBeGreaterThan(10);
    for (const { row, before } of mirrors) {
      expect([row['remoteIp'], row['localIp']]).toEqual([before?.['localIp'], before?.['remoteIp']]);
    }
  }
  const during = await rowsOf({ metricName: 'DATA_TRANSFERRED', from: 1 });
  await simulator.close();
  await start();
  expect(await rowsOf({ metricName: 'DATA_TRANSFERRED', from: 1 })).toEqual(during);
});

test('a degraded network loses packets in all flows alike', async () => {
  await start('awsNetwork');
  const during = await rowsOf({ metricName: 'RETRANSMISSIONS', from: 1 });
  expect(totals(1)).toMatchObject({ observedMinutes: 60, degradedMinutes: 60 });
  expect(totals(0)).toMatchObject({ observedMinutes: 60, degradedMinutes: 0 });
  expect(totals(2)).toMatchObject({ observedMinutes: 60, degradedMinutes: 0 });
  await simulator.close();
  await start();
  const usual = await rowsOf({ metricName: 'RETRANSMISSIONS', from: 1 });
  expect(during.map((row) => ({ ...row, value: 0 }))).toEqual(usual.map((row) => ({ ...row, value: 0 })));
  for (const [i, { value }] of during.entries()) {
    if (value !== undefined) {
      // Both values are rounded.
      expect(Math.abs(Number(value) - 4 * Number(usual[i]?.['value']))).toBeLessThanOrEqual(3);
    }
  }
});

test('an incident affects a window by the share of its time', async () => {
  await start('awsNetwork');
  const [half, none] = await Promise.all(
    [0.5, 0].map((from) => rowsOf({ metricName: 'RETRANSMISSIONS', from, to: from + 1 })),
  );
  await simulator.close();
  await start();
  const [usual, same] = await Promise.all(
    [0.5, 0].map((from) => rowsOf({ metricName: 'RETRANSMISSIONS', from, to: from + 1 })),
  );
  expect(none).toEqual(same);
  expect(Number(half?.[0]?.['value']) / Number(usual?.[0]?.['value'])).toBeCloseTo(2.5, 1);
});

test('missing metrics do not change the flows', async () => {
  await start('metricsMissing');
  expect(totals(1)).toEqual({
    observedMinutes: 0,
    degradedMinutes: 0,
    retransmissions: 0,
    timeouts: 0,
    dataTransferred: 0,
  });
  expect(totals(0).observedMinutes).toBe(60);
  const rows = await rowsOf({ metricName: 'RETRANSMISSIONS', from: 1 });
  await simulator.close();
  await start();
  expect(await rowsOf({ metricName: 'RETRANSMISSIONS', from: 1 })).toEqual(rows);
});

test('other monitors are unaffected, and incidents can be replaced', async () => {
  const asked = { metricName: 'RETRANSMISSIONS', from: 1, parent: '/monitors/prod-orders/topContributorsQueries' };
  const incidents = await start('instance', 'zonePair', 'workload', 'awsNetwork');
  const other = await rowsOf(asked);
  const during = await rowsOf({ ...asked, parent: CHECKOUT });
  simulator.setIncidents([]);
  expect(await rowsOf(asked)).toEqual(other);
  expect(await rowsOf({ ...asked, parent: CHECKOUT })).not.toEqual(during);
  expect(totals(1).degradedMinutes).toBe(0);
  simulator.setIncidents(incidents);
  expect(await rowsOf({ ...asked, parent: CHECKOUT })).toEqual(during);
});

test('the agent of the affected instance counts packets since the previous scrape', async () => {
  const [incident] = await start('instance');
  const [id] = incident ? simulator.affectedBy(incident, MONITOR) : [];
  await send(simulator, 'GET', '/monitors', { headers: scopedTo('us-east-1') });
  const scrape = async () => {
    const { status, headers, text } = await send(simulator, 'GET', '/agent/metrics');
    expect(status).toBe(200);
    expect(headers['content-type']).toMatch(/^text\/plain/);
    const samples = text.matchAll(/^(\w+_allowance_exceeded)\{instance_id="(i-\w+)",eni="eni-\w+"\} (\d+)$/gm);
    return [...samples].map(([, name, instance, value]) => ({ name, instance, value: Number(value) }));
  };
  const before = await scrape();
  expect(new Set(before.map(({ name }) => name)).size).toBe(5);
  expect(before).toHaveLength(5 * 192);
  expect(before.every(({ value }) => value === 0)).toBe(true);
  clock.advance(HOUR + 60_000);
  expect((await scrape()).filter(({ value }) => value > 0)).toEqual([
    { name: 'bw_out_allowance_exceeded', instance: id, value: 2400 },
  ]);
  clock.advance(15_000);
  expect((await scrape()).filter(({ value }) => value > 0)).toMatchObject([{ value: 600 }]);
  clock.advance(HOUR);
  await scrape();
  clock.advance(HOUR);
  expect((await scrape()).every(({ value }) => value === 0)).toBe(true);
});

test('zones and the workload of an incident can be chosen', async () => {
  const incidents = [
    { kind: 'zonePair', zones: ['use1-az1', 'use1-az6'] },
    { kind: 'workload', workload: 'payments/ledger' },
  ];
  await start();
  const { incidents: read } = parseScenario(JSON.stringify({ incidents }));
  expect(read.map((incident) => simulator.affectedBy(incident, MONITOR))).toEqual([
    ['use1-az1', 'use1-az6'],
    ['payments/ledger'],
  ]);
});

test('rows of a window never sum up to more than the totals of its minutes', async () => {
  await start();
  const categories = [
    'INTRA_AZ',
    'INTER_AZ',
    'INTER_VPC',
    'UNCLASSIFIED',
    'AMAZON_S3',
    'AMAZON_DYNAMODB',
    'INTER_REGION',
  ];
  const shares: number[] = [];
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        monitorName: fc.constantFrom('checkout', 'prod-orders', 'prod-search'),
        from: fc.integer({ min: 0, max: 1440 }),
        length: fc.constantFrom(5, 15, 60),
      }),
      async ({ monitorName, from, length }) => {
        const parent = `/monitors/${monitorName}/topContributorsQueries`;
        const window = { from: from / 60, to: (from + length) / 60, parent };
        const results = await Promise.all(
          categories.map((destinationCategory) =>
            rowsOf({ metricName: 'DATA_TRANSFERRED', destinationCategory, ...window }),
          ),
        );
        const own = results.flat().filter(({ targetPort }) => targetPort !== 0);
        const sum = own.reduce((total, { value }) => total + Number(value ?? 0), 0);
        const start = CLOCK_START + from * 60_000;
        const { dataTransferred } = simulator.monitorTotals(
          { ...MONITOR, monitorName },
          start,
          start + length * 60_000,
        );
        shares.push(sum / dataTransferred);
        expect(sum).toBeLessThanOrEqual(dataTransferred);
      },
    ),
    { numRuns: 5 },
  );
  // Most of the traffic is in the rows, so that a coverage can be seen.
  expect(Math.max(...shares)).toBeGreaterThan(0.3);
});
