import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { assemble, type Section } from './assembly.ts';
import { FLOW_METRICS, type FlowMetric, PER_SECOND_METRICS } from './flow-metrics.ts';
import { cell, drillDown, label } from './navigation.ts';
import { bars, stat, timeSeries } from './panels.ts';
import { OF_FLOW, OF_QUERY, ofChosen, perSecond, whereAsked, withRemoteEnd } from './promql.ts';
import { type LabelColumn, queryColumns, table } from './table.ts';
import { flowVariables } from './variables.ts';

/** Which flows are bad: the top contributors, one by one and added up. */
export function flows(): Dashboard {
  return assemble('flows', {
    description:
      'The flows with the worst round-trip time, the most retransmissions, timeouts and data. A click on a row leads to its query, its local end or its remote end alone. Flows under the limit of a query are not seen.',
    variables: flowVariables(),
    sections: [
      coverage(),
      worstOverTime(),
      worstNow(),
      byMonitor(),
      byZonePair(),
      byCategory(),
      byWorkload(),
      totals(),
      dataPoints(),
    ],
  });
}

const ROWS = 100;
const LINES = 10;
/** What a panel can show with readable names and values. */
const BARS = 10;
const FLOW = '{{monitor}}{{scope_id}} {{local_az}} {{local_instance_id}} {{remote_end}}';
const SUBJECT = '{{account}} {{aws_region}} {{monitor}}{{scope_id}}';

const THIS_QUERY = drillDown('This query only', 'flows', { query: cell('query') });
const THIS_MONITOR = drillDown('This monitor only', 'flows', { monitor: cell('monitor'), query: '$__all' });

/** The two ends of a flow; a click leads to it. */
const FLOW_COLUMNS: readonly LabelColumn[] = [
  ...queryColumns(THIS_QUERY).map((column) =>
    column.label === 'monitor' ? { ...column, link: THIS_MONITOR } : column,
  ),
  { label: 'destination_category', title: 'Category', width: 110 },
  { label: 'local_az', title: 'Zone', width: 90 },
  {
    label: 'local_subnet_id',
    title: 'Subnet',
    link: drillDown('Flows of this subnet only', 'flows', { local_subnet: cell('local_subnet_id') }),
  },
  {
    label: 'local_instance_id',
    title: 'Instance',
    link: drillDown('This flow only', 'flows', {
      query: cell('query'),
      local_instance: cell('local_instance_id'),
      remote_ip: cell('remote_ip'),
    }),
  },
  { label: 'remote_az', title: 'To zone', width: 95 },
  {
    label: 'remote_ip',
    title: 'To IP',
    link: drillDown('Flows to this address only', 'flows', { remote_ip: cell('remote_ip') }),
  },
  { label: 'target_port', title: 'Port', width: 60 },
];

function coverage(): Section {
  return {
    title: 'Data',
    panels: [
      stat('Flows', 'Contributor series of the last runs, less mirror rows: the worst flows that the queries found.', [
        `count({__name__=~"aws_nfm_contributor_.+", ${OF_FLOW}})`,
        'flows',
      ]).span(6),
      stat('Rows read', 'Rows in the last results of all chosen queries, before rows of equal labels were merged.', [
        `sum(${ofChosen(`aws_nfm_query_contributors{${OF_QUERY}}`)})`,
        'rows',
      ]).span(6),
      stat(
        'Series left out',
        'Series of the last results that contributors.maxSeriesPerQuery or contributors.maxSeries left out; the worst are kept.',
        [`sum(${ofChosen(`aws_nfm_query_contributors_dropped{${OF_QUERY}}`)})`, 'series'],
      ).span(6),
      stat(
        'Oldest window',
        'Time since the end of the oldest displayed window. A query keeps its last results until they are stale.',
        [
          `max(${ofChosen(`time() - aws_nfm_query_results_timestamp_seconds{${OF_QUERY}} and on (job, instance, query) aws_nfm_query_contributors`)})`,
          'age',
        ],
      )
        .unit('s')
        .span(6),
    ],
  };
}

function worstOverTime(): Section {
  return {
    title: 'Worst flows over time',
    panels: FLOW_METRICS.map(({ title, unit, what, value }) =>
      timeSeries(
        `${title}: worst flows`,
        `The ${LINES} flows with the most at each moment: ${what}. Each run replaces the flows of its query. A flow that ends here is not among the top contributors anymore, or has ended.`,
        [withRemoteEnd(`topk(${LINES}, ${value()})`), FLOW],
      )
        .unit(unit)
        .dataLinks([
          drillDown('This flow only', 'flows', {
            query: label('query'),
            local_instance: label('local_instance_id'),
            remote_ip: label('remote_ip'),
          }),
        ]),
    ),
  };
}

function worstNow(): Section {
  return {
    title: 'Worst flows now',
    panels: FLOW_METRICS.map(({ title, unit, what, value }) =>
      table(
        `${title}: flows by badness`,
        `The ${ROWS} flows with the most in the last results: ${what}. Which columns have values depends on contributorLabels.`,
        FLOW_COLUMNS,
        [{ title, unit, bar: true, expression: `topk(${ROWS}, ${value()})` }],
        'No flows: no query for this metric, or it found none',
      ),
    ),
  };
}

function byMonitor(): Section {
  return {
    title: 'By monitor and scope',
    panels: FLOW_METRICS.map((metric) =>
      timeSeries(`${metric.title} by monitor`, `All flows of each monitor or scope together: ${together(metric)}.`, [
        metric.together(metric.value(), 'account', 'aws_region', 'monitor', 'scope_id'),
        SUBJECT,
      ]).unit(metric.unit),
    ),
  };
}

function byZonePair(): Section {
  return {
    title: 'By pair of availability zones',
    panels: FLOW_METRICS.map((metric) =>
      bars(
        `${metric.title} by zones`,
        `The ${BARS} pairs of zones with the most now: ${together(metric)}. Flows of monitors that overlap count in each of them; scopes, whose rows name no remote zone, are left out.`,
        [
          `sort_desc(topk(${BARS}, ${metric.together(metric.value('local_az!="", remote_az!=""'), 'local_az', 'remote_az')}))`,
          '{{local_az}} → {{remote_az}}',
        ],
      ).unit(metric.unit),
    ),
  };
}

function byCategory(): Section {
  return {
    title: 'By destination category',
    panels: FLOW_METRICS.map((metric) =>
      timeSeries(
        `${metric.title} by category`,
        `Flows of each destination category: ${together(metric)}. Monitors and scopes apart, since both may see the same flow.`,
        [metric.together(metric.value('monitor!=""'), 'destination_category'), 'monitors: {{destination_category}}'],
        [metric.together(metric.value('scope_id!=""'), 'destination_category'), 'scopes: {{destination_category}}'],
      ).unit(metric.unit),
    ),
  };
}

function byWorkload(): Section {
  return {
    title: 'By Kubernetes workload',
    panels: FLOW_METRICS.map((metric) =>
      table(
        `${metric.title} by workload`,
        `The ${ROWS} pairs of Kubernetes workloads with the most now: ${together(metric)}. Needs local_service_name, local_pod_namespace and their remote_ counterparts among contributorLabels.`,
        [
          { label: 'local_pod_namespace', title: 'Namespace' },
          { label: 'local_service_name', title: 'Service' },
          { label: 'remote_pod_namespace', title: 'To namespace' },
          { label: 'remote_service_name', title: 'To service' },
        ],
        [
          {
            title: metric.title,
            unit: metric.unit,
            bar: true,
            expression: `topk(${ROWS}, ${metric.together(
              metric.value('local_service_name!=""'),
              'local_pod_namespace',
              'local_service_name',
              'remote_pod_namespace',
              'remote_service_name',
            )})`,
          },
        ],
        'No rows with Kubernetes workloads, or no such contributorLabels',
      ).span(12),
    ),
  };
}

function totals(): Section {
  return {
    title: 'Totals over the time range',
    panels: [
      ...PER_SECOND_METRICS.map(({ title, counter, totalUnit, rowsWhat }) =>
        table(
          `${title}: total of each query`,
          `${rowsWhat} in all rows that runs have read in the time range, mirror rows left out, each window once. Exact for what the query saw; there for queries whose windows do not overlap.`,
          queryColumns(THIS_QUERY).slice(0, 3),
          [
            {
              title: 'Total',
              unit: totalUnit,
              bar: true,
              expression: `topk(${ROWS}, ${whereAsked(`increase(${counter}{${OF_QUERY}}[$__range])`)})`,
            },
          ],
          'No query counts this',
        ).span(8),
      ),
      ...PER_SECOND_METRICS.map(({ title, value, totalUnit, rowsWhat }) =>
        table(
          `${title}: flows by total`,
          `${rowsWhat} of the ${ROWS} flows with the most in the time range: an estimate from a value each 5 minutes. Failed runs repeat the last window; what is under the limit of a query is not seen.`,
          FLOW_COLUMNS.filter(({ label: name }) => FLOW_TOTAL_COLUMNS.has(name)),
          [
            {
              title: 'Total',
              unit: totalUnit,
              bar: true,
              expression: `topk(${ROWS}, sum_over_time((${value()})[$__range:5m]) * 300)`,
            },
          ],
          'No flows of five minutes or more',
        ).span(8),
      ),
    ],
  };
}

/** Capacity of a third of the screen. */
const FLOW_TOTAL_COLUMNS: ReadonlySet<string> = new Set(['query', 'local_instance_id', 'remote_ip', 'target_port']);

function dataPoints(): Section {
  return {
    title: 'Data points of workload insights',
    panels: PER_SECOND_METRICS.map(({ title, datapoint, unit, rowsWhat }) =>
      timeSeries(
        `${title}: data points`,
        `${rowsWhat} a second in the newest data point of each series of the workload-insights-top-contributors-data queries.`,
        [ofChosen(perSecond(`${datapoint}{${OF_QUERY}}`)), '{{query}} {{series}}'],
      )
        .unit(unit)
        .span(8),
    ),
  };
}

function together({ sums }: FlowMetric): string {
  return sums
    ? 'the sum over their flows per second; queries with the same definition count once'
    : 'the highest value of their flows';
}
