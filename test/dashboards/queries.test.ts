import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { MONITOR_STATUS, QUERY_STATUS, RUN_OUTCOME, SCOPE_STATUS } from '../../grafana/src/state-sets.ts';
import { FAMILIES } from '../../src/metrics/families.ts';
import { RUN_OUTCOMES } from '../../src/model/run.ts';
import { KUBERNETES_LABELS, MONITOR_STATUSES, QUERY_STATUSES, SCOPE_STATUSES } from '../../src/model/vocabulary.ts';
import { RECORDS } from '../rules/rule-files.ts';
import {
  columnsOf,
  DASHBOARDS,
  labelsOfLegend,
  labelValues,
  PLAIN_DASHBOARDS,
  panelQueries,
  panelsOf,
  withValues,
} from '../support/dashboard-files.ts';
import { run } from '../support/project.ts';
import { namesIn } from '../support/promql.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Metrics of Prometheus and of the process. test/e2e/dashboards.test.ts checks that they exist. */
const FOREIGN: Readonly<Record<string, readonly string[]>> = {
  ALERTS: ['alertname', 'alertstate', 'severity'],
  up: [],
  scrape_duration_seconds: [],
  scrape_samples_scraped: [],
  process_start_time_seconds: [],
  process_cpu_seconds_total: [],
  process_resident_memory_bytes: [],
  process_open_fds: [],
  nodejs_heap_size_used_bytes: [],
  nodejs_heap_size_total_bytes: [],
  nodejs_external_memory_bytes: [],
  nodejs_eventloop_lag_max_seconds: [],
  nodejs_eventloop_lag_p50_seconds: [],
  nodejs_eventloop_lag_p99_seconds: [],
  nodejs_gc_duration_seconds_sum: ['kind'],
};
const MONITOR_LABELS = ['account', 'aws_region', 'monitor', 'destination_category'];
/** Series of config/rules, with the labels of each. */
const RECORDED: Readonly<Record<string, readonly string[]>> = {
  'aws_nfm:threshold': ['name'],
  'monitor:aws_nfm_verdict:info': ['account', 'aws_region', 'monitor', 'verdict', 'subject', 'rule'],
  'target:aws_nfm_service_level_failed:ratio1h': ['account', 'aws_region', 'sli'],
  'target:aws_nfm_service_level_failed:ratio3d': ['account', 'aws_region', 'sli'],
  'query:aws_nfm_counted_data_transferred_bytes:per_second': ['query', ...MONITOR_LABELS],
  'monitor_category:aws_nfm_cost_dollars:per_second': MONITOR_LABELS,
  'monitor_category:aws_nfm_cost_dollars:per_month': MONITOR_LABELS,
  'monitor_category:aws_nfm_cost_dollars:truncated': MONITOR_LABELS,
  'workload_pair:aws_nfm_cost_dollars:per_second': [...MONITOR_LABELS, ...KUBERNETES_LABELS],
  'zone_pair:aws_nfm_cost_dollars:per_second': [...MONITOR_LABELS, 'local_az', 'remote_az'],
  'monitor:aws_nfm_contributor_data_transferred_bytes:coverage': ['account', 'aws_region', 'monitor', 'mirror_rows'],
};
/** By expressions, with label_replace. */
const MADE_LABELS = ['remote_end', 'file_name', 'id', 'source', 'target', 'color'];
const TARGET_LABELS = ['job', 'instance', 'pod'];
/** Series of config/rules-replicas.yml. */
const OF_REPLICAS = [
  ['aws_nfm:recorded_job', []] as const,
  ...FAMILIES.filter(({ type }) => type === 'gauge').map(({ name, labels }) => [`replicas:${name}`, labels] as const),
];
const SERIES = new Map<string, readonly string[]>([
  ...Object.entries({ ...FOREIGN, ...RECORDED }),
  ...OF_REPLICAS,
  ...FAMILIES.map(({ name, type, labels }) =>
    type === 'histogram' ? ([`${name}_bucket`, [...labels, 'le']] as const) : ([name, labels] as const),
  ),
]);
/** `kind` is also what the Fleet dashboard calls scheduled and watched. */
const LABELS: ReadonlySet<string> = new Set([...TARGET_LABELS, ...MADE_LABELS, ...[...SERIES.values()].flat()]);
const COUNTERS = new Set(
  FAMILIES.flatMap(({ name, type }) => (type === 'counter' ? [name] : type === 'histogram' ? [`${name}_bucket`] : [])),
);

const PANEL_EXPRESSIONS = panelQueries().map(({ expression }) => expression);
/** The same for exporters without replicas only. */
const PLAIN_EXPRESSIONS = panelQueries({}, PLAIN_DASHBOARDS).map(({ expression }) => expression);
const VARIABLE_QUERIES = DASHBOARDS.flatMap((dashboard) =>
  dashboard.templating.list.flatMap(({ definition }) =>
    definition === undefined ? [] : [labelValues(withValues(definition, dashboard))],
  ),
);
const ANNOTATIONS = DASHBOARDS.flatMap((dashboard) =>
  dashboard.annotations.list.map(({ expr }) => withValues(expr, dashboard)),
);
const EXPRESSIONS = [...PANEL_EXPRESSIONS, ...VARIABLE_QUERIES.map(({ selector }) => selector), ...ANNOTATIONS];

it('lists only series that the rules record', () => {
  const recorded = new Set(RECORDS.map(({ record }) => record));
  expect(Object.keys(RECORDED).filter((name) => !recorded.has(name))).toEqual([]);
});

describe('the expressions of the dashboards', () => {
  it('are there, in panels, variables and annotations', () => {
    expect(PANEL_EXPRESSIONS.length).toBeGreaterThan(80);
    expect(VARIABLE_QUERIES.length).toBeGreaterThan(15);
    expect(ANNOTATIONS).toHaveLength(DASHBOARDS.length);
  });

  it('are PromQL', () => {
    const rules = EXPRESSIONS.map((expr, index) => ({ record: `dashboard:expression${index}`, expr }));
    const file = join(temporaryFolder(), 'rules.yml');
    writeFileSync(file, stringify({ groups: [{ name: 'dashboards', rules }] }));
    expect(run('promtool', ['check', 'rules', file])).toMatchObject({ status: 0, stderr: '' });
  });

  it('name only exported series, and only labels of these series', () => {
    const wrong = EXPRESSIONS.flatMap((expression) => {
      const { selectors, labels } = namesIn(expression);
      return [
        ...labels.filter((label) => !LABELS.has(label)),
        ...selectors.flatMap(({ metric, matchers }) => {
          const known = knownLabels(metric, matchers.find(({ label }) => label === '__name__')?.value);
          return known === undefined ? [metric] : matchers.map(({ label }) => label).filter((it) => !known.has(it));
        }),
      ].map((name) => ({ name, expression }));
    });
    expect(wrong).toEqual([]);
  });

  it('show only existing labels in legends, tables, and variables', () => {
    const legends = panelQueries().flatMap(labelsOfLegend);
    const columns = DASHBOARDS.flatMap(panelsOf).flatMap(columnsOf);
    const choices = VARIABLE_QUERIES.map(({ label }) => label);
    const shown = [...legends, ...columns, ...choices];
    expect(columns.length).toBeGreaterThan(50);
    expect(shown.filter((label) => !LABELS.has(label))).toEqual([]);
  });

  it('leave mirror rows out of contributors', () => {
    const contributors = PANEL_EXPRESSIONS.flatMap((expression) => namesIn(expression).selectors).filter(
      ({ metric, matchers }) => metric.startsWith('aws_nfm_contributor_') || matchers.some(isAnyContributor),
    );
    expect(contributors.length).toBeGreaterThan(30);
    for (const { matchers } of contributors) {
      expect(matchers).toContainEqual({ label: 'mirror', operator: '=', value: '' });
    }
  });

  it('take rates of counters only, and never add up raw gauges over time', () => {
    const rated = PLAIN_EXPRESSIONS.flatMap((each) => [...each.matchAll(/\b(?:rate|increase)\((\w*)/g)]);
    const names = rated.map(([, name = '']) => name);
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter((name) => !COUNTERS.has(name) && !/^(process|nodejs)_\w+_(total|sum)$/.test(name))).toEqual([]);
    const sums = PLAIN_EXPRESSIONS.flatMap((each) => [...each.matchAll(/sum_over_time\(\(?([\w:]+).*?(\/|\))/g)]);
    expect(sums.length).toBeGreaterThan(5);
    for (const [, name = '', next] of sums.filter(([, name = '']) => !name.endsWith(':per_second'))) {
      expect([name.startsWith('aws_nfm_contributor_'), next]).toEqual([true, '/']);
    }
  });

  it('join what is of one exporter only', () => {
    const joins = PLAIN_EXPRESSIONS.flatMap((expression) => expression.match(/\bon \([^)]*\)/g) ?? []);
    expect(joins.length).toBeGreaterThan(80);
    // The edges of the map are sums over all exporters.
    const loose = joins.filter((each) => !each.startsWith('on (job, instance'));
    expect(new Set(loose)).toEqual(new Set(['on (source, target)']));
  });

  it('use each of the variables', () => {
    for (const dashboard of DASHBOARDS) {
      const text = JSON.stringify(dashboard.panels.map(({ targets }) => targets));
      const names = dashboard.templating.list.filter(({ type }) => type === 'query').map(({ name }) => name);
      expect(names.filter((name) => !new RegExp(`\\$${name}\\b`).test(text))).toEqual([]);
    }
  });
});

it.each([
  [QUERY_STATUS, QUERY_STATUSES],
  [RUN_OUTCOME, RUN_OUTCOMES],
  [MONITOR_STATUS, MONITOR_STATUSES],
  [SCOPE_STATUS, SCOPE_STATUSES],
])('lists exactly the documented states of $metric, each with its own color', ({ states }, names) => {
  expect(states.map(({ name }) => name).sort()).toEqual([...names].sort());
  expect(new Set(states.map(({ color }) => color)).size).toBe(states.length);
});

/** Undefined when there is no such series. */
function knownLabels(metric: string, pattern: string | undefined): ReadonlySet<string> | undefined {
  const found =
    pattern === undefined
      ? [SERIES.get(metric)]
      : [...SERIES].filter(([name]) => new RegExp(`^(${pattern})$`).test(name)).map(([, labels]) => labels);
  const labels = found.flatMap((each) => each ?? []);
  return found.length === 0 || found.includes(undefined)
    ? undefined
    : new Set([...labels, ...TARGET_LABELS, '__name__', ...(metric === 'ALERTS' ? LABELS : [])]);
}

function isAnyContributor({ label, value }: { readonly label: string; readonly value: string }): boolean {
  return label === '__name__' && value.startsWith('aws_nfm_contributor_');
}
