import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { assemble, type Section } from './assembly.ts';
import { process, reloads } from './exporter-process.ts';
import { cell, drillDown } from './navigation.ts';
import { countedBars, exporters, heatmap, limits, mapping, stat, stateTimeline, timeSeries } from './panels.ts';
import {
  amongTop,
  OF_JOB,
  OF_QUERY,
  OF_TARGET,
  ofChosen,
  perInterval,
  perSecondOf,
  quantile,
  whereAsked,
} from './promql.ts';
import { BAD_OR_GOOD, DOWN_OR_UP, RUN_OUTCOME } from './state-sets.ts';
import { queryColumns, table } from './table.ts';

/** The exporter at its work. */
export function exporter(): Dashboard {
  return assemble('exporter', {
    description:
      'The exporter itself: polls and their delay, API, runs and their waiting times, series and limits, process, reloads.',
    sections: [health(), polls(), api(), runs(), series(), reloads(), process()],
  });
}

const TARGET = '{{account}} {{aws_region}}';
const ROWS = 50;
const INSTANCE = '{{instance}}';

function health(): Section {
  return {
    title: 'Health',
    panels: [
      exporters().span(4),
      stat('Running for', 'Time since the exporter started.', [
        `time() - process_start_time_seconds{${OF_JOB}} and on (job, instance) aws_nfm_exporter_build_info`,
        INSTANCE,
      ])
        .unit('dtdurations')
        .span(4),
      table(
        'Version',
        'Version of each exporter, the commit it was built from and the Node.js that it runs on.',
        [
          { label: 'instance', title: 'Instance' },
          { label: 'version', title: 'Version' },
          { label: 'revision', title: 'Revision' },
          { label: 'node_version', title: 'Node.js' },
        ],
        [{ title: 'Present', expression: `aws_nfm_exporter_build_info{${OF_JOB}}` }],
        'No exporter is seen',
      )
        .span(8)
        .height(4),
      stat(
        'Last reload',
        'Result of the last configuration load. After a failed reload, the last valid configuration stays in effect.',
        [`aws_nfm_exporter_config_last_reload_successful{${OF_JOB}}`, INSTANCE],
      )
        .mappings([mapping(BAD_OR_GOOD, 0)])
        .span(4),
      stat('Configuration read', 'Time since the last successful configuration load.', [
        `time() - aws_nfm_exporter_config_last_reload_success_timestamp_seconds{${OF_JOB}}`,
        INSTANCE,
      ])
        .unit('dtdurations')
        .span(4),
    ],
  };
}

function polls(): Section {
  return {
    title: 'Polls',
    panels: [
      timeSeries(
        'Polls',
        'GetQueryStatus calls per second for the selected queries, by account and Region. Retries are not counted.',
        [`sum by (account, aws_region) (${whereAsked(perSecondOf('aws_nfm_query_polls_total', OF_QUERY))})`, TARGET],
      )
        .unit('reqps')
        .span(8),
      timeSeries('Failed polls', 'Of these, the share that failed for good, after retries.', [
        `sum by (account, aws_region) (${whereAsked(perSecondOf('aws_nfm_query_poll_errors_total', OF_QUERY))}) / (sum by (account, aws_region) (${whereAsked(perSecondOf('aws_nfm_query_polls_total', OF_QUERY))}) > 0)`,
        TARGET,
      ])
        .unit('percentunit')
        .span(8),
      timeSeries('Poll lag', 'How late the most overdue poll is. It grows while a request budget does not suffice.', [
        `aws_nfm_exporter_poll_lag_seconds{${OF_JOB}}`,
        INSTANCE,
      ])
        .unit('s')
        .span(8),
      timeSeries('Registered queries', 'Queries that are registered, by where they come from.', [
        `sum by (source) (aws_nfm_exporter_registered_queries{${OF_JOB}})`,
        '{{source}}',
      ]),
      timeSeries(
        'Age of the inventory',
        'Time since the monitors and scopes of each account and Region were last listed to the end.',
        [`time() - aws_nfm_inventory_last_success_timestamp_seconds{${OF_TARGET}}`, `${TARGET} {{kind}}`],
      ).unit('s'),
    ],
  };
}

function api(): Section {
  const duration = 'aws_nfm_api_request_duration_seconds';
  return {
    title: 'API',
    panels: [
      timeSeries('Requests', 'API attempts per second, including retries, by operation.', [
        `sum by (operation) (${perSecondOf('aws_nfm_api_requests_total', OF_TARGET)}) > 0`,
        '{{operation}}',
      ]).unit('reqps'),
      timeSeries('Errors', 'Failed API attempts per second, by account, Region, and error.', [
        `sum by (account, aws_region, error) (${perSecondOf('aws_nfm_api_errors_total', OF_TARGET)}) > 0`,
        `${TARGET} {{error}}`,
      ]).unit('reqps'),
      timeSeries(
        'Latency',
        'The 99th and 50th percentiles of the duration of attempts per account and Region, from sending to the end of the response.',
        [quantile(0.99, duration, OF_TARGET, 'account, aws_region'), `${TARGET} 99 %`],
        [quantile(0.5, duration, OF_TARGET, 'account, aws_region'), `${TARGET} median`],
      ).unit('s'),
      heatmap(
        'Latency of all attempts',
        'Attempts per second by duration. The top row is longer than 10 s.',
        `sum by (le) (${perSecondOf(`${duration}_bucket`, OF_TARGET)})`,
      ),
      stateTimeline(
        'API up',
        'Result of the last attempt per account and Region. Authentication, permission, throttling, and server errors count as failures.',
        DOWN_OR_UP,
        [`1 + min by (account, aws_region) (aws_nfm_api_up{${OF_TARGET}})`, TARGET],
      ).height(9),
      limits(
        timeSeries(
          'Request budget',
          'Requests per second of each account and Region: current budget, planned by its queries, and sent.',
          [`aws_nfm_api_budget_requests_per_second{${OF_TARGET}}`, `${TARGET} allowed`],
          [`aws_nfm_api_planned_requests_per_second{${OF_TARGET}}`, `${TARGET} needed`],
          [`sum by (account, aws_region) (${perSecondOf('aws_nfm_api_requests_total', OF_TARGET)})`, `${TARGET} made`],
        ),
        'A',
      ).unit('reqps'),
    ],
  };
}

function runs(): Section {
  const wait = 'aws_nfm_run_wait_seconds';
  const duration = whereAsked(`aws_nfm_query_last_run_duration_seconds{${OF_QUERY}}`);
  return {
    title: 'Runs',
    panels: [
      limits(
        timeSeries(
          'Runs under way',
          'Active and waiting runs, and the concurrent-run limit, which quota errors reduce.',
          [`sum by (account, aws_region, state) (aws_nfm_api_runs{${OF_TARGET}})`, `${TARGET} {{state}}`],
          [`sum by (account, aws_region) (aws_nfm_api_runs_limit{${OF_TARGET}})`, `${TARGET} limit`],
        ),
        'B',
      ),
      countedBars(
        'Runs by outcome',
        'Runs of the chosen queries that have ended, by outcome; skipped: windows that were never started.',
        RUN_OUTCOME.states,
        [`sum by (outcome) (${ofChosen(perInterval('aws_nfm_query_runs_total', OF_QUERY))}) > 0`, '{{outcome}}'],
      ),
      timeSeries(
        'Duration of runs',
        'How long the slowest of twenty runs, and the middle one, took from the request to start to a final status.',
        [quantile(0.95, 'aws_nfm_run_duration_seconds', OF_TARGET, 'query_type'), '{{query_type}} 95 %'],
        [quantile(0.5, 'aws_nfm_run_duration_seconds', OF_TARGET, 'query_type'), '{{query_type}} median'],
      ).unit('s'),
      timeSeries(
        'Waits of runs',
        'The 95th and 50th percentiles of the time that due runs waited for the concurrent-run limit and the request budget.',
        [quantile(0.95, wait, OF_TARGET, 'account, aws_region'), `${TARGET} 95 %`],
        [quantile(0.5, wait, OF_TARGET, 'account, aws_region'), `${TARGET} median`],
      ).unit('s'),
      table(
        'Slowest last runs',
        `The ${ROWS} scheduled queries whose last finished run took the longest, to compare with their interval.`,
        queryColumns(drillDown('Flows of this query', 'flows', { query: cell('query') })),
        [
          {
            title: 'Duration',
            unit: 's',
            bar: true,
            expression: `topk(${ROWS}, ${duration})`,
          },
          {
            title: 'Interval',
            unit: 's',
            expression: amongTop(ROWS, whereAsked(`aws_nfm_query_interval_seconds{${OF_QUERY}}`), duration),
          },
        ],
        'No run has ended yet',
      ),
    ],
  };
}

function series(): Section {
  return {
    title: 'Series and limits',
    panels: [
      limits(
        timeSeries(
          'Contributor series',
          'Contributor series that are exported, and how many contributors.maxSeries allows over all queries.',
          [`aws_nfm_exporter_contributor_series{${OF_JOB}}`, `${INSTANCE} exported`],
          [`aws_nfm_exporter_contributor_series_limit{${OF_JOB}}`, `${INSTANCE} allowed`],
        ),
        'B',
      ).span(8),
      timeSeries(
        'Series left out',
        'Series of the last results that a limit dropped, for the ten queries with the most. The flows with the highest values are kept.',
        [`topk(10, ${ofChosen(`aws_nfm_query_contributors_dropped{${OF_QUERY}} > 0`)})`, '{{query}}'],
      ).span(8),
      timeSeries('Samples of a scrape', 'Samples that Prometheus read in each scrape, of all families.', [
        `scrape_samples_scraped{${OF_JOB}} and on (job, instance) aws_nfm_exporter_build_info`,
        INSTANCE,
      ]).span(8),
    ],
  };
}
