import {
  GetQueryResultsMonitorTopContributorsCommand,
  GetQueryResultsWorkloadInsightsTopContributorsCommand,
  GetQueryResultsWorkloadInsightsTopContributorsDataCommand,
  NetworkFlowMonitorClient,
} from '@aws-sdk/client-networkflowmonitor';
import { parseScenario, type Simulator, startSimulator } from 'network-flow-monitor-simulator';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CHECKOUT, readPages, send, startQuery, workloadInsights } from '../../packages/simulator/test/raw-client.ts';
import { InvalidResponse } from '../../src/aws/errors.ts';
import { TolerantProtocol } from '../../src/aws/protocol/tolerant-protocol.ts';
import { METRIC_NAMES, type MetricName, type RowLabel } from '../../src/model/vocabulary.ts';
import { type ContributorSeries, mergeRows, newestDatapoints } from '../../src/results/contributors.ts';
import {
  type DataPage,
  joinDataPages,
  joinRowPages,
  type RowPage,
  readDataPage,
  readRowPage,
} from '../../src/results/results.ts';
import { rowsJson } from '../../src/results/results-json.ts';
import { unitConversion } from '../../src/results/units.ts';
import { MILLIONTHS, seriesOf } from '../support/wire-results.ts';

// Responses of the simulator are read twice: by the client and the code under test, and raw over HTTP.

/** The units of each metric. The first one is assumed if a response has none. */
const FITTING: Readonly<Record<MetricName, readonly [string, ...string[]]>> = {
  ROUND_TRIP_TIME: ['Microseconds', 'Milliseconds', 'Seconds'],
  TIMEOUTS: ['Count'],
  RETRANSMISSIONS: ['Count'],
  DATA_TRANSFERRED: [
    ...(['Bytes', 'Kilobytes', 'Megabytes', 'Gigabytes', 'Terabytes'] as const),
    ...['Bits', 'Kilobits', 'Megabits', 'Gigabits', 'Terabits'],
  ],
};

/** Units that a scenario can set, including `null` and `absent`, with the unit that values have then. */
const cases = METRIC_NAMES.flatMap((metricName) => [
  ...FITTING[metricName].map((unit) => ({ metricName, unit, meant: unit })),
  ...['None', 'none', '', 'null', 'absent'].map((unit) => ({ metricName, unit, meant: FITTING[metricName][0] })),
]);

async function start(unit: string): Promise<{ simulator: Simulator; client: NetworkFlowMonitorClient }> {
  const pinned = unit === 'null' ? 'null' : JSON.stringify(unit);
  const scenario = parseScenario(`startedQueries: [{queuedFor: 0, runningFor: 0, unit: ${pinned}}]`);
  const simulator = await startSimulator({ scenario });
  const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'secret' };
  const client = new NetworkFlowMonitorClient({
    endpoint: simulator.url,
    region: 'us-east-1',
    credentials,
    protocol: TolerantProtocol,
  });
  onTestFinished(async () => {
    client.destroy();
    await simulator.close();
  });
  return { simulator, client };
}

/** Returns all pages of a result, each requested with the token of the previous one. */
async function collect<Page extends { readonly nextToken: string | undefined }>(
  fetchPage: (nextToken: string | undefined) => Promise<Page>,
): Promise<Page[]> {
  const pages: Page[] = [];
  do {
    pages.push(await fetchPage(pages.at(-1)?.nextToken));
  } while (pages.at(-1)?.nextToken !== undefined);
  return pages;
}

function monitorPages(client: NetworkFlowMonitorClient, queryId: string): Promise<RowPage[]> {
  const input = { monitorName: 'checkout', queryId };
  return collect(async (nextToken) =>
    readRowPage(await client.send(new GetQueryResultsMonitorTopContributorsCommand({ ...input, nextToken }))),
  );
}

function workloadPages(client: NetworkFlowMonitorClient, scopeId: string, queryId: string): Promise<RowPage[]> {
  const input = { scopeId, queryId };
  return collect(async (nextToken) =>
    readRowPage(await client.send(new GetQueryResultsWorkloadInsightsTopContributorsCommand({ ...input, nextToken }))),
  );
}

function dataPages(client: NetworkFlowMonitorClient, scopeId: string, queryId: string): Promise<DataPage[]> {
  const input = { scopeId, queryId };
  return collect(async (nextToken) =>
    readDataPage(
      await client.send(new GetQueryResultsWorkloadInsightsTopContributorsDataCommand({ ...input, nextToken })),
    ),
  );
}

/** Returns the fields of a monitor's row from the raw response. */
const WIRE_FIELDS: Readonly<Record<string, string>> = {
  local_az: 'localAz',
  remote_az: 'remoteAz',
  local_instance_id: 'localInstanceId',
  remote_ip: 'remoteIp',
  target_port: 'targetPort',
};
const LABELS: readonly RowLabel[] = ['local_az', 'remote_az', 'local_instance_id', 'remote_ip', 'target_port'];

function byLabels(series: readonly ContributorSeries[]): Map<string, number> {
  return new Map(series.map(({ labels, value }) => [JSON.stringify(Object.fromEntries(labels)), value]));
}

function sorted(series: ReadonlyMap<string, number>): [string, number][] {
  return [...series].sort(([a], [b]) => (a < b ? -1 : 1));
}

describe('contributors of simulated results', () => {
  it.each(cases)('equal the rows of a monitor: $metricName in $unit', async ({ metricName, unit, meant }) => {
    const { simulator, client } = await start(unit);
    const queryId = await startQuery(simulator, CHECKOUT, { metricName, limit: 60 });
    const wire = (await readPages(simulator, `${CHECKOUT}/${queryId}/results`, 'topContributors')).flat();
    const answer = joinRowPages(await monitorPages(client, queryId));
    const conversion = unitConversion(metricName, answer.unit, 'MICROSECONDS');
    const options = {
      metricName,
      conversion,
      labels: LABELS,
      mirrorRows: 'keep',
      maxSeriesPerQuery: 500,
      limit: 60,
    } as const;
    const { series, rows, total } = mergeRows(answer.rows, options);

    expect(rows).toBe(60);
    const expected = seriesOf(wire, WIRE_FIELDS, metricName, meant);
    expect(expected.size).toBeGreaterThan(20);
    expect(sorted(byLabels(series))).toEqual(sorted(expected));
    const counted = wire.filter((row) => row['targetPort'] !== 0);
    expect(total).toBe(
      metricName === 'ROUND_TRIP_TIME' ? undefined : seriesOf(counted, {}, metricName, meant).get('{}'),
    );
    expect(rowsJson(answer, conversion).rows.map(({ baseValue: _, ...row }) => row)).toEqual(wire);
  });

  it.each(['TIMEOUTS', 'RETRANSMISSIONS', 'DATA_TRANSFERRED'] as const)(
    'equal the rows of workload insights without a unit: %s',
    async (metricName) => {
      const { simulator, client } = await start('Bytes');
      const parent = await workloadInsights(simulator, 'Queries');
      const scopeId = parent.split('/')[2] ?? '';
      const queryId = await startQuery(simulator, parent, { metricName, limit: 60 });
      const wire = (await readPages(simulator, `${parent}/${queryId}/results`, 'topContributors')).flat();
      const answer = joinRowPages(await workloadPages(client, scopeId, queryId));
      const labels: RowLabel[] = ['account_id', 'local_az', 'remote_identifier'];
      const { series } = mergeRows(answer.rows, {
        metricName,
        conversion: unitConversion(metricName, answer.unit, 'MICROSECONDS'),
        labels,
        mirrorRows: 'drop',
        maxSeriesPerQuery: 500,
        limit: undefined,
      });
      const fields = { account_id: 'accountId', local_az: 'localAz', remote_identifier: 'remoteIdentifier' };
      const expected = seriesOf(wire, fields, metricName, metricName === 'DATA_TRANSFERRED' ? 'Bytes' : 'Count');
      expect(expected.size).toBeGreaterThan(5);
      expect(sorted(byLabels(series))).toEqual(sorted(expected));
    },
  );

  it.each(['Bytes', 'Kilobytes', 'Megabytes', 'Bits', 'Kilobits', 'None', ''])(
    'equal the data points in %j',
    async (unit) => {
      const { simulator, client } = await start(unit);
      const parent = await workloadInsights(simulator, 'DataQueries');
      const scopeId = parent.split('/')[2] ?? '';
      const queryId = await startQuery(simulator, parent, { metricName: 'DATA_TRANSFERRED' });
      const wire = (await readPages(simulator, `${parent}/${queryId}/results`, 'datapoints')).flat();
      const answer = joinDataPages(await dataPages(client, scopeId, queryId));
      const conversion = unitConversion('DATA_TRANSFERRED', answer.unit, 'MICROSECONDS');
      const { series, rows, newestAt, step } = newestDatapoints(answer.datapoints, conversion, 500);

      const sums = new Map<string, Map<string, number>>();
      for (const { label, timestamps, values } of wire) {
        const byTime = sums.get(String(label)) ?? new Map<string, number>();
        sums.set(String(label), byTime);
        const points =
          Array.isArray(timestamps) && Array.isArray(values) ? timestamps.map((at, i) => [at, values[i]]) : [];
        for (const [at, value] of points) {
          byTime.set(at, (byTime.get(at) ?? 0) + value);
        }
      }
      const factor = Number(MILLIONTHS[unit] ?? MILLIONTHS['Bytes']) / 1_000_000;
      const expected = new Map(
        [...sums].map(([label, byTime]) => [label, (byTime.get('2026-01-01T00:55:00Z') ?? 0) * factor]),
      );
      expect(expected.size).toBeGreaterThan(2);
      expect(series).toHaveLength(expected.size);
      for (const { labels, value } of series) {
        expect(value).toBe(expected.get(labels[0]?.[1] ?? ''));
      }
      expect({ rows, newestAt, step }).toEqual({
        rows: wire.length,
        newestAt: Date.parse('2026-01-01T00:55:00Z'),
        step: 300_000,
      });
    },
  );
});

it.each([
  ['ROUND_TRIP_TIME', 'Bytes'],
  ['ROUND_TRIP_TIME', 'Percent'],
  ['DATA_TRANSFERRED', 'Bytes/Second'],
  ['DATA_TRANSFERRED', 'Microseconds'],
  ['RETRANSMISSIONS', 'Count/Second'],
  ['TIMEOUTS', 'furlongs'],
] as const)('rejects a response about %s in %s', async (metricName, unit) => {
  const { simulator, client } = await start(unit);
  const queryId = await startQuery(simulator, CHECKOUT, { metricName, limit: 1 });
  const answer = joinRowPages(await monitorPages(client, queryId));
  expect(() => unitConversion(metricName, answer.unit, 'MICROSECONDS')).toThrow(InvalidResponse);
});

it.each(['list', 'absent'])('accepts a response without rows: %s', async (emptyResults) => {
  const scenario = parseScenario(`
    startedQueries: [{queuedFor: 0, runningFor: 0, rows: 0}]
    worlds: {emptyResults: ${emptyResults}}
  `);
  const simulator = await startSimulator({ scenario });
  onTestFinished(() => simulator.close());
  const queryId = await startQuery(simulator);
  const { json } = await send(simulator, 'GET', `${CHECKOUT}/${queryId}/results`);
  expect(readRowPage(json)).toMatchObject({ rows: [], nextToken: undefined });
});
