import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { assemble, type Section } from './assembly.ts';
import { drillDown } from './navigation.ts';
import { badIfAny, stat, text, timeSeries } from './panels.ts';
import { OF_IDENTITY, OF_MONITOR } from './promql.ts';
import { type LabelColumn, table, type ValueColumn } from './table.ts';

/** What transferred data costs: estimates with their coverage. All of them are from the recording rules. */
export function cost(): Dashboard {
  return assemble('cost', {
    description:
      'Estimated cost of transferred data by monitor, pair of workloads, and pair of zones, with the coverage of the estimate. Needs the recording rules, and prices in the configuration.',
    sections: [estimate(), byMonitor(), byPair()],
  });
}

const ROWS = 100;
const DOLLARS = 'currencyUSD';
/** Seconds of 730 hours. */
const MONTH = 2_628_000;
/** Labels of a monitor and category, to which a query belongs. */
const SUBJECT = ['account', 'aws_region', 'monitor', 'destination_category'];
const ON_SUBJECT = `on (job, instance, ${SUBJECT.join(', ')})`;

type Level = 'monitor_category' | 'workload_pair' | 'zone_pair';

/** The labels of a level beside those of the monitor and category. */
const LABELS: Readonly<Record<Level, readonly string[]>> = {
  monitor_category: [],
  workload_pair: ['local_pod_namespace', 'local_service_name', 'remote_pod_namespace', 'remote_service_name'],
  zone_pair: ['local_az', 'remote_az'],
};

/** Recorded costs, or whether they are truncated. Of the queries that count, only the chosen ones. */
function recorded(level: Level, property: 'per_second' | 'per_month' | 'truncated'): string {
  return `${level}:aws_nfm_cost_dollars:${property}{${OF_MONITOR}} and ${ON_SUBJECT} query:aws_nfm_counted_data_transferred_bytes:per_second{${OF_IDENTITY}}`;
}

/** One value for a monitor that several exporters query. */
function once(level: Level, expression: string): string {
  return `max by (${[...SUBJECT, ...LABELS[level]].join(', ')}) (${expression})`;
}

function inRange(level: Level): string {
  return once(level, `300 * sum_over_time((${recorded(level, 'per_second')})[$__range:5m])`);
}

/** Share of a monitor's bytes in the newest windows for which it is known. */
function coverage(mirrorRows: 'excluded' | 'included'): string {
  return `last_over_time(monitor:aws_nfm_contributor_data_transferred_bytes:coverage{mirror_rows="${mirrorRows}", ${OF_MONITOR}}[2h])`;
}

const LIMITS = `**An estimate, not a bound.** It leaves out rows below the limit of a query, connections with an agent at the far end only, UDP, headers, and traffic between VPCs across zones. It is too high if AWS does not charge for traffic. Compare it with the bill.`;

function estimate(): Section {
  const panels = [
    stat('Cost per month', 'Cost of a month of 730 hours at the mean rate of the last day.', [
      `sum(${once('monitor_category', recorded('monitor_category', 'per_month'))})`,
      'per month',
    ])
      .unit(DOLLARS)
      .span(4),
    stat('Cost in range', 'Cost in the time range, from the rate of each fifth minute.', [
      `sum(${inRange('monitor_category')})`,
      'in the time range',
    ])
      .unit(DOLLARS)
      .span(4),
    badIfAny(
      'Truncated',
      'Monitors and categories whose cost is too low, because the rows of their queries reached the limit.',
      [`sum(${once('monitor_category', recorded('monitor_category', 'truncated'))})`, 'truncated'],
    ).span(3),
    stat(
      'Lowest coverage',
      "Share of a monitor's bytes in CloudWatch that its rows have, of the monitor with the lowest share. Whether CloudWatch counts both ends of a connection is unknown, hence two values.",
      [`min(${coverage('excluded')})`, 'without mirror rows'],
      [`min(${coverage('included')})`, 'with mirror rows'],
    )
      .unit('percentunit')
      .noValue('no coverage, or no data')
      .span(5),
    text('Limits of the estimate', LIMITS).span(8),
  ];
  return { title: 'Estimate', panels: panels.map((panel) => panel.height(5)) };
}

const TO_FLOWS = drillDown('Flows of these monitors', 'flows', { query: '$__all' });
const MONITOR: LabelColumn = { label: 'monitor', title: 'Monitor', link: TO_FLOWS };
const PLACE: readonly LabelColumn[] = [
  { label: 'account', title: 'Account', width: 95 },
  { label: 'aws_region', title: 'Region', width: 95 },
  { label: 'destination_category', title: 'Category', width: 130 },
];
const EMPTY = 'No costs: no prices, no queries for data transferred, or no recording rules';

function byMonitor(): Section {
  return {
    title: 'By monitor',
    panels: [
      table(
        'Cost by monitor',
        `The ${ROWS} monitors and categories with the highest cost per month at the rate of the last window, with the coverage of each monitor.`,
        [MONITOR, ...PLACE],
        costs('monitor_category'),
        EMPTY,
      ).height(7),
      timeSeries('Cost per hour by monitor', 'Cost of each monitor in an hour at the rate of the last window.', [
        `3600 * sum by (account, aws_region, monitor) (${once('monitor_category', recorded('monitor_category', 'per_second'))})`,
        '{{account}} {{aws_region}} {{monitor}}',
      ]).unit(DOLLARS),
      timeSeries(
        'Coverage by monitor',
        "Share of each monitor's bytes in CloudWatch that its rows have, with and without mirror rows.",
        [
          `max by (account, aws_region, monitor, mirror_rows) (monitor:aws_nfm_contributor_data_transferred_bytes:coverage{${OF_MONITOR}})`,
          '{{account}} {{aws_region}} {{monitor}}, mirror rows {{mirror_rows}}',
        ],
      ).unit('percentunit'),
    ],
  };
}

function byPair(): Section {
  return {
    title: 'By pair of workloads and of zones',
    panels: [
      pairs('workload_pair', 'workloads', 'Workloads of rows without such labels are called other.'),
      pairs('zone_pair', 'zones', 'Needs local_az and remote_az among contributorLabels.'),
    ],
  };
}

function pairs(level: Exclude<Level, 'monitor_category'>, ends: string, note: string) {
  return table(
    `Cost by ${ends}`,
    `The ${ROWS} pairs of ${ends} with the highest cost per month at the rate of the last window, with the coverage of their monitors. ${note}`,
    [{ label: 'id', title: 'From → to', width: 280 }, { label: 'monitor', title: 'Monitor' }, ...PLACE],
    costs(level).map((column) => ({ ...column, expression: withPair(level, column.expression) })),
    EMPTY,
  );
}

/** Columns of costs, with the truncation and coverage of their monitors. */
function costs(level: Level): readonly ValueColumn[] {
  const perSecond = recorded(level, 'per_second');
  const beside = (join: string, property: string) =>
    once(level, `0 * (${perSecond}) + ${join} group_left () (${property})`);
  const ofMonitor = (mirrorRows: 'excluded' | 'included') =>
    beside('on (job, instance, account, aws_region, monitor)', coverage(mirrorRows));
  return [
    {
      title: 'Per month',
      unit: DOLLARS,
      bar: true,
      expression: `topk(${ROWS}, ${once(level, `${MONTH} * (${perSecond})`)})`,
    },
    { title: 'In range', unit: DOLLARS, expression: inRange(level) },
    {
      title: 'Truncated',
      unit: 'bool_yes_no',
      expression: beside(ON_SUBJECT, recorded('monitor_category', 'truncated')),
    },
    { title: 'Coverage', unit: 'percentunit', expression: ofMonitor('excluded') },
    { title: 'With mirrors', unit: 'percentunit', expression: ofMonitor('included') },
  ];
}

/** Adds the label `id` with the names of both ends. */
function withPair(level: Exclude<Level, 'monitor_category'>, expression: string): string {
  if (level === 'zone_pair') {
    return `label_join(${expression}, "id", " → ", "local_az", "remote_az")`;
  }
  const withEnd = (inner: string, label: string, side: string) =>
    `label_replace(label_join(${inner}, "${label}", "/", "${side}_pod_namespace", "${side}_service_name"), "${label}", "other", "${label}", "/")`;
  return `label_join(${withEnd(withEnd(expression, 'source', 'local'), 'target', 'remote')}, "id", " → ", "source", "target")`;
}
