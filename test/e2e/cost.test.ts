import { beforeAll, describe, expect, it, vi } from 'vitest';
import { readPages, send } from '../../packages/simulator/test/raw-client.ts';
import { groupBy } from '../../src/lib/group-by.ts';
import { adjustedClock } from '../support/adjusted-clock.ts';
import { type RunningDaemon, runDaemon, setAwsEnvironment, TEST_CREDENTIALS } from '../support/daemon.ts';
import { panelQueries } from '../support/dashboard-files.ts';
import type { ExpositionPage } from '../support/exposition-page.ts';
import { fileScope } from '../support/file-scope.ts';
import { patientClock } from '../support/patient-clock.ts';
import { PROJECT } from '../support/project.ts';
import { type Prometheus, startPrometheus } from '../support/prometheus.ts';
import { runSimulator, type SimulatedService } from '../support/simulated-service.ts';
import { MILLIONTHS, type Wire } from '../support/wire-results.ts';

const REGION = 'us-east-1';
const NOON = Date.UTC(2026, 5, 1, 12);
const HOUR = 3_600_000;
const WINDOWS = 3;
const HOURS_PER_MONTH = 730;
const PATIENT = { timeout: 60_000, interval: 1_000 };

const COUNTED = 'bill';
const ZONES = ['local_az', 'remote_az'];
const WORKLOADS = ['local_pod_namespace', 'local_service_name', 'remote_pod_namespace', 'remote_service_name'];

/** The query that counts, and others that do not: a lower limit, a category without a price, and workload insights. */
const QUERIES = [
  { name: COUNTED, limit: 500, monitorName: 'checkout', destinationCategory: 'INTER_AZ' },
  { name: 'again', limit: 60, monitorName: 'checkout', destinationCategory: 'INTER_AZ' },
  { name: 'internet', monitorName: 'checkout', destinationCategory: 'INTERNET' },
  { name: 'scope', type: 'workload-insights-top-contributors', scopeId: 's', destinationCategory: 'INTER_AZ' },
];

/** Numbers by the values of some labels, as JSON. */
type Costs = ReadonlyMap<string, number>;

/** The costs of one window, in dollars. */
interface Costing {
  readonly total: number;
  readonly byWorkloads: Costs;
  readonly byZones: Costs;
}

/** The costs of one window by hand, and those that the rules recorded. */
interface Billed {
  readonly byHand: Costing;
  readonly mirrors: number;
  readonly byRules: Costing;
}

const scope = fileScope();
let service: SimulatedService;
let daemon: RunningDaemon;
let prometheus: Prometheus;
let page: ExpositionPage;
const windows: Billed[] = [];

beforeAll(async () => {
  setAwsEnvironment(TEST_CREDENTIALS);
  const clock = adjustedClock(NOON + HOUR / 6, patientClock);
  service = await runSimulator(
    scope,
    {
      accounts: [{ id: '123456789012', regions: { [REGION]: { scopes: [{ scopeId: 's' }] } } }],
      startedQueries: [{ queuedFor: 0, runningFor: 0 }],
    },
    { clock },
  );
  daemon = await runDaemon(
    scope,
    {
      aws: { endpoint: service.url, stsEndpoint: service.url, requestsPerSecond: 100, maxConcurrentRuns: 9 },
      queryDefaults: { metricName: 'DATA_TRANSFERRED', schedule: { every: '1h', delay: '0s' } },
      contributors: { labels: [...ZONES, ...WORKLOADS] },
      queries: QUERIES,
    },
    { clock },
  );
  prometheus = await startPrometheus(
    scope,
    [{ job_name: 'nfm', static_configs: [{ targets: [new URL(daemon.url).host] }] }],
    [`${PROJECT}config/rules/recording-cost.yml`],
  );
  for (let window = 0; window < WINDOWS; window += 1) {
    await vi.waitFor(async () => {
      page = await daemon.metrics();
      for (const { name } of QUERIES) {
        const end = page.value('aws_nfm_query_results_timestamp_seconds', { query: name });
        expect(end, name).toBe((NOON + window * HOUR) / 1_000);
      }
    }, PATIENT);
    windows.push(await bill());
    clock.jump(HOUR);
  }
}, 240_000);

describe('the cost of simulated traffic', () => {
  it('has mirror rows, which are not billed', () => {
    for (const { byHand, mirrors } of windows) {
      expect(mirrors).toBeGreaterThan(byHand.total / 10);
    }
  });

  it('is recorded to the cent, for a window and at its rate for a month', () => {
    for (const { byHand, byRules } of windows) {
      expect(byHand.total).toBeGreaterThan(0.1);
      expect(cents(byRules.total)).toBe(cents(byHand.total));
      expect(cents(byRules.total * HOURS_PER_MONTH)).toBe(cents(byHand.total * HOURS_PER_MONTH));
    }
  });

  it('is recorded to the cent for each pair of workloads and of zones', () => {
    for (const { byHand, byRules } of windows) {
      expect(byHand.byWorkloads.size).toBeGreaterThan(5);
      expect(byHand.byZones.size).toBeGreaterThan(2);
      expect(monthly(byRules.byWorkloads)).toEqual(monthly(byHand.byWorkloads));
      expect(monthly(byRules.byZones)).toEqual(monthly(byHand.byZones));
    }
  });

  it('is shown for a month by the dashboard Cost, by workloads and by zones', async () => {
    const last = windows.at(-1)?.byRules;
    for (const [title, costs = new Map()] of [
      ['Cost by workloads', last?.byWorkloads],
      ['Cost by zones', last?.byZones],
    ] as const) {
      const own = panelQueries({ job: 'nfm' }).filter(({ dashboard }) => dashboard === 'nfm-cost');
      const shown = await prometheus.query(own.find(({ panel }) => panel.title === title)?.expression ?? '');
      expect(shown.map(({ value }) => cents(value)).sort()).toEqual([...monthly(costs).values()].sort());
    }
  });

  it('is equal, over several windows, to the price of the counted bytes', () => {
    const bill = windows.reduce((sum, { byRules }) => sum + byRules.total, 0);
    const bytes = page.value('aws_nfm_query_data_transferred_bytes_total', { query: COUNTED }) ?? 0;
    const price = page.value('aws_nfm_price_dollars_per_byte', { destination_category: 'INTER_AZ' }) ?? 0;
    expect(cents(bill)).toBe(cents(bytes * price));
  });

  it('is marked as too low if the rows of its query reached the limit', async () => {
    const truncated = await prometheus.query('aws_nfm_query_results_truncated');
    const rows = await prometheus.query('aws_nfm_query_contributors');
    for (const { name, limit = 100 } of QUERIES) {
      const of = (series: typeof rows) => series.find(({ labels }) => labels['query'] === name)?.value;
      expect(of(truncated), name).toBe(Number((of(rows) ?? 0) >= limit));
    }
    expect(new Set(truncated.map(({ value }) => value))).toEqual(new Set([0, 1]));
  });
});

/** The costs of the current window. Resolves when the rules have seen it. */
async function bill(): Promise<Billed> {
  const { items, unit } = await wireRows();
  const dollars = (rows: readonly Wire[]) =>
    rows.reduce((sum, { value }) => sum + (typeof value === 'number' ? dollarsOf(value, unit) : 0), 0);
  const [mirrors, counted] = [items.filter(isMirror), items.filter((row) => !isMirror(row))];
  const by = (labels: readonly string[]): Costs => {
    const groups = groupBy(
      counted.filter(({ value }) => typeof value === 'number'),
      (row) => JSON.stringify(labels.map((label) => textOf(row, label))),
    );
    return new Map([...groups].map(([key, rows]) => [key, dollars(rows)]));
  };
  const byHand = { total: dollars(counted), byWorkloads: by(WORKLOADS), byZones: by(ZONES) };
  let byRules = await recorded();
  await vi.waitFor(async () => {
    byRules = await recorded();
    // The rules on pairs are evaluated after the others.
    expect(byRules.total).toBeCloseTo(byHand.total, 6);
    expect(sumOf(byRules.byWorkloads)).toBeCloseTo(byHand.total, 6);
    expect(sumOf(byRules.byZones)).toBeCloseTo(byHand.total, 6);
  }, PATIENT);
  return { byHand, mirrors: dollars(mirrors), byRules };
}

/** All rows of the query that counts, as sent by the service. */
async function wireRows(): Promise<{ readonly items: readonly Wire[]; readonly unit: string }> {
  const [run] = page.samples('aws_nfm_query_run_info', { query: COUNTED });
  const path = `/monitors/checkout/topContributorsQueries/${run?.labels['query_id']}/results`;
  const { json } = await send(service.simulator, 'GET', path);
  const unit = String(json['unit'] ?? '');
  const items = (await readPages(service.simulator, path, 'topContributors')).flat();
  return { items, unit: ['', 'none'].includes(unit.toLowerCase()) ? 'Bytes' : unit };
}

/** Two cents for 2^30 bytes. */
function dollarsOf(value: number, unit: string): number {
  const millionths = BigInt(value) * (MILLIONTHS[unit] ?? 0n);
  return Number(millionths) / 1e6 / 2 ** 30 / 50;
}

function isMirror({ targetPort }: Wire): boolean {
  return targetPort === 0;
}

/** The field of a row for a label, for example `localAz` for `local_az`. */
function textOf(row: Wire, label: string): string {
  const field = label.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  const metadata = row['kubernetesMetadata'];
  const fields: Wire = { ...row, ...(typeof metadata === 'object' ? metadata : {}) };
  return String(fields[field] ?? '');
}

/** The costs of a window of an hour, from the recorded dollars per second. */
async function recorded(): Promise<Costing> {
  const by = async (pair: string, labels: readonly string[]): Promise<Costs> => {
    const series = await prometheus.query(`${pair}:aws_nfm_cost_dollars:per_second`);
    return new Map(
      series.map(({ labels: own, value }) => [JSON.stringify(labels.map((label) => own[label] ?? '')), value * 3_600]),
    );
  };
  return {
    total: sumOf(await by('monitor_category', [])),
    byWorkloads: await by('workload_pair', WORKLOADS),
    byZones: await by('zone_pair', ZONES),
  };
}

function sumOf(costs: Costs): number {
  return [...costs.values()].reduce((sum, value) => sum + value, 0);
}

function cents(dollars: number): number {
  return Math.round(dollars * 100);
}

/** Cents per month, by pair. */
function monthly(costs: Costs): Costs {
  return new Map([...costs].map(([pair, value]) => [pair, cents(value * HOURS_PER_MONTH)] as const).sort());
}
