import { beforeAll, describe, expect, it, vi } from 'vitest';
import { humanRate, humanValue } from '../../src/results/human-values.ts';
import { zoneMatrix } from '../http/html-text.ts';
import { ALERTS, RECORDS } from '../rules/rule-files.ts';
import {
  columnsOf,
  DASHBOARDS,
  labelsOfLegend,
  labelValues,
  type PanelQuery,
  PLAIN_DASHBOARDS,
  panelQueries,
  withValues,
} from '../support/dashboard-files.ts';
import { fileScope } from '../support/file-scope.ts';
import { startCommand } from '../support/process.ts';
import { PROJECT } from '../support/project.ts';
import { type InstantSample, type Prometheus, type RangeSeries, startPrometheus } from '../support/prometheus.ts';

/** What has nothing to show of the demo at some time, and why: dashboard, panel, letter of the query. */
const MAY_BE_EMPTY: Readonly<Record<string, string>> = {
  'nfm-fleet: How runs ended badly A': 'no run of the demo does',
  'nfm-fleet: Never a result A': 'each query has results after some seconds',
  'nfm-fleet: Scopes that have not SUCCEEDED A': 'all have',
  'nfm-fleet: Firing alerts A': 'this Prometheus has no rules',
  'nfm-fleet: Failed windows and polls, 1h A': 'this Prometheus has no rules',
  'nfm-fleet: Failed windows and polls, 1h B': 'this Prometheus has no rules',
  'nfm-fleet: Failed windows and polls, 3d A': 'this Prometheus has no rules',
  'nfm-fleet: Failed windows and polls, 3d B': 'this Prometheus has no rules',
  'nfm-flows: Round-trip time by category B': 'the demo queries scopes for data transferred only',
  'nfm-flows: Retransmissions by category B': 'the demo queries scopes for data transferred only',
  'nfm-flows: Timeouts by category B': 'the demo queries scopes for data transferred only',
  'nfm-map: Is it AWS or me? A': 'this Prometheus has no rules',
  'nfm-map: New A': 'all pairs are in the results from the start',
  'nfm-map: Gone A': 'no pair ends',
  'nfm-exporter: Series left out A': 'no limit is reached',
};
/** Dashboards of recorded series, which this Prometheus does not have. */
const OF_RULES = ['nfm-cost'];
/** Records without a series in the demo, each with the reason. */
const RECORDED_LATER: Readonly<Record<string, string>> = {
  'monitor:aws_nfm_contributor_data_transferred_bytes:coverage':
    'takes results of the same window and sums of CloudWatch',
  'query:aws_nfm_contributor_data_transferred_bytes:monitor_share': 'takes sums of CloudWatch',
  'monitor_category:aws_nfm_contributor_retransmissions:usual_max': 'what is usual takes a day to know',
  'monitor_category:aws_nfm_contributor_round_trip_time_seconds:usual_max': 'what is usual takes a day to know',
  'monitor_category:aws_nfm_contributor_timeouts:usual_max': 'what is usual takes a day to know',
  'instance_id:aws_nfm_allowance_exceeded_packets:sum10m': 'no agents are scraped',
  'monitor_group:aws_nfm_contributor_retransmissions:concentrated_share': 'no group of flows has most retransmissions',
  'monitor_group:aws_nfm_contributor_retransmissions:share_over_allowance': 'no agents are scraped',
  'monitor:aws_nfm_monitor_round_trip_time_above_limit:ratio15m': 'no monitor has a limit',
  'monitor:aws_nfm_monitor_round_trip_time_above_limit:ratio1h': 'no monitor has a limit',
  'monitor:aws_nfm_monitor_round_trip_time_above_limit:ratio6h': 'no monitor has a limit',
  'instance:aws_nfm_api_unreachable:increase30m': 'no account is unreachable',
  'target:aws_nfm_outage:last1h': 'no account has an outage',
  'target:aws_nfm_known_failure:last1h': 'no account has a failure with an alert',
  'query:aws_nfm_query_failed_runs:increase_recent': 'an increase takes two values, one each two minutes',
  'target:aws_nfm_service_level_failed:ratio1h': 'the sum over 5-minute steps starts at the next step',
  'target:aws_nfm_service_level_failed:ratio30m': 'the sum over 5-minute steps starts at the next step',
  'target:aws_nfm_service_level_failed:ratio3d': 'the sum over 5-minute steps starts at the next step',
  'target:aws_nfm_service_level_failed:ratio6h': 'the sum over 5-minute steps starts at the next step',
};
/** The last series: a query that fails after 45 seconds, and increases of counters that change once per minute. */
const PATIENT = { timeout: 150_000, interval: 5_000 };
const SCRAPED = { scrape_interval: '5s' };
/** Of what is equal except in the seconds between new results and their scrapes. */
const SCRAPED_AGAIN = { timeout: 30_000, interval: 1_000 };
/** Steps of ranges, in seconds. */
const STEP = 10;
/** The same page under two jobs: joins and sums must keep them apart. */
const JOBS = ['network-flow-monitor', 'second'];

const scope = fileScope();
let prometheus: Prometheus;
/** Another one, which evaluates config/rules: their series have no place in what the dashboards show of each job. */
let withRules: Prometheus;
/** The demo's page, with a slash at the end. */
let address: string;
/** Seconds since the epoch, before the first scrape. */
let start: number;

beforeAll(async () => {
  const demo = startCommand(scope, ['demo', '--web.listen-address=127.0.0.1:0']);
  address = await demo.url();
  const targets = [new URL(address).host];
  start = Date.now() / 1_000;
  prometheus = await startPrometheus(
    scope,
    JOBS.map((job_name) => ({ job_name, ...SCRAPED, static_configs: [{ targets }] })),
  );
  withRules = await startPrometheus(
    scope,
    [{ job_name: 'network-flow-monitor', ...SCRAPED, static_configs: [{ targets }] }],
    [`${PROJECT}config/rules/*.yml`],
    [],
    '5s',
  );
  // Evaluates only the queries that were empty: most have a result long before the last ones.
  let empty = queries().map(nameOf);
  await vi.waitFor(async () => {
    empty = namesOfEmpty(await now({}, (query) => empty.includes(nameOf(query))));
    expect(empty).toEqual([]);
  }, PATIENT);
  await vi.waitFor(async () => expect(namesOfEmpty(await now())).toEqual([]), PATIENT);
}, 180_000);

describe('the dashboards, of the demo in a real Prometheus,', () => {
  it('have something to show for each query of each panel over time, too', async () => {
    const answers: Answer[] = [];
    for (const query of queries()) {
      answers.push({ query, series: await overTime(prometheus, query.expression) });
    }
    expect(answers.length).toBeGreaterThan(80);
    expect(namesOfEmpty(answers)).toEqual([]);
  });

  it('show the same as expressions without the parts for replicas', async () => {
    const to = Date.now() / 1_000;
    const plain = queries({}, PLAIN_DASHBOARDS);
    const pairs = queries().map((query, index) => ({ query, expected: plain[index]?.expression ?? '' }));
    const different = pairs.filter(({ query, expected }) => query.expression !== expected);
    expect(different.length).toBeGreaterThan(80);
    for (const { query, expected } of different) {
      const [shown, before] = await Promise.all(
        // All series: of equal values, topk takes any.
        [query.expression, expected]
          .map((expression) => expression.replace(/topk\(\d+,/g, 'topk(100000,'))
          .map((expression) => prometheus.queryRange(expression, to - 15, to, 15)),
      );
      expect(differences(shown, before), nameOf(query)).toEqual([]);
    }
  });

  it('know what may be empty', () => {
    expect(queries().map(nameOf)).toEqual(expect.arrayContaining(Object.keys(MAY_BE_EMPTY)));
  });

  it('show labels that the series have', async () => {
    const missing = (await now())
      .filter(({ series }) => series.length > 0)
      .flatMap(({ query, series }) =>
        [...columnsOf(query.panel), ...labelsOfLegend(query)]
          .filter((label) => !series.some(({ labels }) => label in labels))
          .map((label) => `${nameOf(query)}: ${label}`),
      );
    // Series of monitors have no scope, and series of scopes have no monitor.
    expect(missing.filter((each) => !/: (monitor|scope_id)$/.test(each))).toEqual([]);
  });

  it('find values for each variable', async () => {
    for (const dashboard of DASHBOARDS) {
      for (const { name, definition } of dashboard.templating.list) {
        if (definition !== undefined) {
          const { selector, label } = labelValues(withValues(definition, dashboard));
          const found = await prometheus.query(`count by (${label}) (${selector})`);
          const values = found.filter(({ labels }) => label in labels);
          expect(values.length, `${dashboard.uid}: ${name}`).toBeGreaterThan(0);
        }
      }
    }
  });

  it.each([
    ['job', 'job', 'second'],
    ['account', 'account', 'payments'],
    ['region', 'aws_region', 'eu-west-1'],
    ['monitor', 'monitor', 'checkout'],
    ['query', 'query', 'checkout-top:RETRANSMISSIONS'],
  ])('show nothing of another %s than the chosen one', async (variable, label, value) => {
    const shown = (await now({ [variable]: value })).flatMap(({ series }) => series.map(({ labels }) => labels));
    expect(valuesOf(label, shown)).toEqual(new Set([value]));
    const itsQueries = await prometheus.query(`aws_nfm_query_info{${label}="${value}"}`);
    expect(valuesOf('query', shown)).toEqual(
      valuesOf(
        'query',
        itsQueries.map(({ labels }) => labels),
      ),
    );
  });

  it('lead to a single flow', async () => {
    const [worst] = await prometheus.query('topk(1, aws_nfm_contributor_timeouts{job="second", mirror=""})');
    const flow = {
      local_subnet: worst?.labels['local_subnet_id'] ?? '',
      local_instance: worst?.labels['local_instance_id'] ?? '',
      remote_ip: worst?.labels['remote_ip'] ?? '',
    };
    const answers = await now({ job: 'second', ...flow });
    const rows = answers.find(({ query }) => query.panel.title === 'Timeouts: flows by badness')?.series ?? [];
    expect(new Set(rows.map(({ labels }) => labels['local_instance_id']))).toEqual(new Set([flow.local_instance]));
    expect(new Set(rows.map(({ labels }) => labels['remote_ip']))).toEqual(new Set([flow.remote_ip]));
  });

  it('show the same values between zones as the page /flows', async () => {
    const panels: Readonly<Record<string, Shown>> = {
      'Round-trip time by zones': {
        caption: 'Highest round-trip time',
        shown: (value) => humanValue(value, 'seconds'),
      },
      'Retransmissions by zones': { caption: 'Retransmissions', shown: (value) => humanRate(value, 'count') },
      'Data transferred by zones': { caption: 'Data transferred', shown: (value) => humanRate(value, 'bytes') },
    };
    const ofZones = ({ panel }: PanelQuery) => panel.title in panels;
    // New results are on the page some moments before Prometheus has scraped them.
    await vi.waitFor(async () => {
      const html = await (await fetch(new URL('flows', address))).text();
      for (const { query, series } of await now({}, ofZones)) {
        const { caption = '', shown = String } = panels[query.panel.title] ?? {};
        const pairs = series.map(({ labels, value }) => [
          `${labels['local_az']} → ${labels['remote_az']}`,
          shown(value),
        ]);
        expect(pairs.length).toBeGreaterThan(2);
        expect(zonePairs(html, caption)).toMatchObject(Object.fromEntries(pairs));
      }
      const onMap = (await now({ level: '$1' }, (query) => nameOf(query) === 'nfm-map: Traffic A')).flatMap(
        ({ series }) => series.map(({ labels, value }) => [labels['id'], humanRate(value * 1e6, 'bytes')] as const),
      );
      expect(Object.fromEntries(onMap)).toMatchObject(zonePairs(html, 'Data transferred'));
    }, SCRAPED_AGAIN);
  });

  it('count flows once, also where two jobs scrape the same exporter', async () => {
    const ofAdded = ({ panel }: PanelQuery) => / by (monitor|zones|category|workload)$/.test(panel.title);
    expect(queries().filter(ofAdded).length).toBeGreaterThan(15);
    // Each minute one job sees new results some moments before the other.
    await vi.waitFor(async () => {
      const totals = async (job: string) =>
        (await now({ job }, ofAdded)).map(({ query, series }) => [nameOf(query), total(series)]);
      expect(await totals(JOBS.join('|'))).toEqual(await totals('second'));
    }, SCRAPED_AGAIN);
  });
});

describe('the rules, of the demo in a real Prometheus,', () => {
  it('record what they are to record, now and over time', async () => {
    let empty = [...new Set(RECORDS.map(({ record = '' }) => record))].filter((name) => !(name in RECORDED_LATER));
    expect(empty.length).toBeGreaterThan(40);
    // What takes results of the same window has no value between the new results of two queries.
    await vi.waitFor(async () => {
      const still: string[] = [];
      for (const name of empty) {
        const series = await withRules.query(name);
        const history = await overTime(withRules, name);
        if (series.length === 0 || history.length === 0) {
          still.push(name);
        }
      }
      empty = still;
      expect(empty).toEqual([]);
    }, PATIENT);
  });

  it('record all that the dashboards of recorded series show', async () => {
    const ofRules = queries().filter(({ dashboard }) => OF_RULES.includes(dashboard));
    expect(ofRules.length).toBeGreaterThan(15);
    for (const query of ofRules) {
      await vi.waitFor(async () => {
        const series = await overTime(withRules, query.expression);
        expect(series, nameOf(query)).not.toEqual([]);
      }, PATIENT);
    }
  }, 180_000);

  it('contain only expressions that Prometheus can evaluate, at one time and over a range', async () => {
    for (const { expr } of [...RECORDS, ...ALERTS]) {
      await expect(withRules.query(expr)).resolves.toBeDefined();
      await expect(overTime(withRules, expr)).resolves.toBeDefined();
    }
    expect((await withRules.rules()).filter(({ health }) => health !== 'ok')).toEqual([]);
  });

  it('fire alerts for the failures of the demo', async () => {
    const alerts = await withRules.query('ALERTS');
    const names = alerts.map(({ labels }) => labels['alertname']);
    expect(names).toEqual(expect.arrayContaining(['NfmPermissionDenied', 'NfmWatchedQueryFailed']));
    // No query uses the monitors that are not active.
    expect(names).not.toContain('NfmMonitorNotActive');
  });
});

interface Answer {
  readonly query: PanelQuery;
  readonly series: readonly Pick<InstantSample, 'labels'>[];
}

/** Part of a caption on the page, and the text of a value there. */
interface Shown {
  readonly caption: string;
  readonly shown: (value: number) => string;
}

/** Series of a query at one instant. */
interface AnswerNow {
  readonly query: PanelQuery;
  readonly series: readonly InstantSample[];
}

function queries(values: Readonly<Record<string, string>> = {}, dashboards = DASHBOARDS): PanelQuery[] {
  // A total is estimated from one value per five minutes: the first such time may not have been reached.
  return panelQueries({ __range: '5m', compare: '10s', ...values }, dashboards).map((query) => ({
    ...query,
    expression: query.expression.replace('[5m:5m]', '[5m:5s]'),
  }));
}

/** The result of an expression since the first scrape. The last point is of this moment. */
function overTime(server: Prometheus, expression: string): Promise<RangeSeries[]> {
  const to = Date.now() / 1_000;
  return server.queryRange(expression, to - STEP * Math.ceil((to - start) / STEP), to, STEP);
}

/** What each query gives at this moment. Rejects when Prometheus refuses one. */
async function now(
  values?: Readonly<Record<string, string>>,
  wanted: (query: PanelQuery) => boolean = () => true,
): Promise<AnswerNow[]> {
  const answers = [];
  for (const query of queries(values).filter(wanted)) {
    answers.push({ query, series: await prometheus.query(query.expression) });
  }
  return answers;
}

/** Texts of the cells of a matrix on the page, by pair of zones. */
function zonePairs(html: string, caption: string): Record<string, string> {
  const [[, ...remotes] = [], ...rows] = zoneMatrix(html, caption);
  const cells = rows.flatMap(([local, ...texts]) =>
    texts.map((text, index) => [`${local} → ${remotes[index]}`, text] as const),
  );
  return Object.fromEntries(cells.filter(([, text]) => text !== '–'));
}

function nameOf({ dashboard, panel, refId }: PanelQuery): string {
  return `${dashboard}: ${panel.title} ${refId}`;
}

/** Of those that have no series, the ones that should have. */
function namesOfEmpty(answers: readonly Answer[]): string[] {
  return answers
    .filter(({ query, series }) => series.length === 0 && !mayBeEmpty(query))
    .map(({ query }) => nameOf(query));
}

function mayBeEmpty(query: PanelQuery): boolean {
  return OF_RULES.includes(query.dashboard) || nameOf(query) in MAY_BE_EMPTY;
}

/** Points of either that the other one does not have. Sums differ in their last digits, because Prometheus adds up in any order. */
function differences(one: readonly RangeSeries[] = [], other: readonly RangeSeries[] = []): string[] {
  const pointsOf = (all: readonly RangeSeries[]) =>
    new Map(
      all.flatMap(({ labels, points }) => {
        const name = JSON.stringify(Object.entries(labels).sort());
        return points.map(({ at, value }) => [`${name} at ${at}`, value] as const);
      }),
    );
  const [ones, others] = [pointsOf(one), pointsOf(other)];
  return [...new Set([...ones.keys(), ...others.keys()])].filter((point) => {
    const [a = Number.POSITIVE_INFINITY, b = Number.NEGATIVE_INFINITY] = [ones.get(point), others.get(point)];
    return !(Object.is(a, b) || Math.abs(a - b) <= 1e-6 + 1e-9 * Math.abs(b));
  });
}

function valuesOf(label: string, all: readonly InstantSample['labels'][]): ReadonlySet<string> {
  return new Set(all.flatMap((labels) => labels[label] ?? []));
}

function total(series: readonly InstantSample[]): number {
  return Number(series.reduce((sum, { value }) => sum + value, 0).toPrecision(9));
}
