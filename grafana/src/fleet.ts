import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { assemble, type Section } from './assembly.ts';
import { cell, drillDown } from './navigation.ts';
import { badIfAny, stackedBars, stat, stateTimeline, timeSeries } from './panels.ts';
import {
  amongTop,
  CHOSEN_SCHEDULED_QUERIES,
  CHOSEN_WATCHED_QUERIES,
  FIRING_ALERTS,
  OF_JOB,
  OF_MONITOR,
  OF_QUERY,
  OF_TARGET,
  ofChosen,
  perSecondOf,
  whereAsked,
} from './promql.ts';
import { MONITOR_STATUS, QUERY_STATUS, RUN_OUTCOME, SCOPE_STATUS, stateNumber } from './state-sets.ts';
import { queryColumns, table } from './table.ts';

/** How all queries fare: what fails, is stuck or late comes first. */
export function fleet(): Dashboard {
  return assemble('fleet', {
    description: 'How the queries of Network Flow Monitor fare: what fails, what is stuck, what is late, and where.',
    sections: [atAGlance(), toLookAt(), overTime(), inventory(), targets()],
  });
}

const TO_FLOWS = drillDown('Flows of this query', 'flows', { query: cell('query') });
const ROWS = 50;
/** Rows of a state timeline: what a screen holds. */
const BANDS = 40;

const BAD_RUN = `aws_nfm_query_last_run_outcome{outcome!~"succeeded|skipped", ${OF_QUERY}} == 1`;
const WATCHED_FAILED = `aws_nfm_query_status{status="FAILED", ${OF_QUERY}} == 1`;
const UNFINISHED = `aws_nfm_query_status{status=~"QUEUED|RUNNING", ${OF_QUERY}} == 1`;
const UNFINISHED_FOR = `time() - aws_nfm_query_status_since_timestamp_seconds{${OF_QUERY}} and on (job, instance, query) (${UNFINISHED})`;
const RESULTS_AGE = `time() - aws_nfm_query_results_timestamp_seconds{${OF_QUERY}}`;
const RESULTS_AGE_IN_INTERVALS = `(${RESULTS_AGE}) / on (job, instance, query) aws_nfm_query_interval_seconds`;
const MONITOR_NOT_ACTIVE = `aws_nfm_monitor_status{status!="ACTIVE", ${OF_MONITOR}} == 1`;
const SCOPE_NOT_SUCCEEDED = `aws_nfm_scope_status{status!="SUCCEEDED", ${OF_TARGET}} == 1`;

/** How many series there are; 0 where there is none, but nothing where the exporter is not seen at all. */
function numberOf(expression: string): string {
  return `count(${expression}) or 0 * max(aws_nfm_exporter_build_info{${OF_JOB}})`;
}

function atAGlance(): Section {
  return {
    title: 'At a glance',
    panels: [
      stat('Queries', 'Queries that are registered: scheduled ones, which run again and again, and watched ones.', [
        `count by (kind) (label_replace(${CHOSEN_SCHEDULED_QUERIES}, "kind", "scheduled", "", "")) or count by (kind) (label_replace(${CHOSEN_WATCHED_QUERIES}, "kind", "watched", "", ""))`,
        '{{kind}}',
      ]).span(6),
      badIfAny(
        'Runs that ended badly',
        'Scheduled queries whose last finished run brought no results: it failed, was canceled, timed out, or could not be started or read. Their last good flows stay until they are too old.',
        [numberOf(ofChosen(BAD_RUN)), 'queries'],
      ).span(3),
      badIfAny('Watched and FAILED', 'Watched queries that the service has ended with the status FAILED.', [
        numberOf(ofChosen(WATCHED_FAILED, CHOSEN_WATCHED_QUERIES)),
        'queries',
      ]).span(3),
      badIfAny('Requests fail', 'Queries whose last request was not answered well. The table below says why.', [
        numberOf(ofChosen(`aws_nfm_query_up{${OF_QUERY}} == 0`)),
        'queries',
      ]).span(3),
      badIfAny(
        'Unfinished for an hour',
        'Queries that have been QUEUED or RUNNING for more than an hour, counted from when the exporter first saw it.',
        [numberOf(ofChosen(`(${UNFINISHED_FOR}) > 3600`)), 'queries'],
      ).span(3),
      badIfAny(
        'Monitors not ACTIVE',
        'Monitors of the accounts and regions in use with another status than ACTIVE: their queries find nothing.',
        [numberOf(MONITOR_NOT_ACTIVE), 'monitors'],
      ).span(3),
      badIfAny(
        'API down',
        'Accounts and regions whose last request got an authentication, permission, throttling or server error, or no answer.',
        [numberOf(`aws_nfm_api_up{${OF_TARGET}} == 0`), 'targets'],
      ).span(3),
    ],
  };
}

function toLookAt(): Section {
  const columns = queryColumns(TO_FLOWS);
  return {
    title: 'To look at first',
    panels: [
      table(
        'Why requests fail',
        'Queries whose last request failed, with the operation and the kind of error; docs/metrics.md says what each kind means. Gone with the next good answer.',
        [...columns, { label: 'operation', title: 'Operation' }, { label: 'error', title: 'Error' }],
        [{ title: 'Present', expression: whereAsked(`aws_nfm_query_last_error{${OF_QUERY}}`) }],
        'No request fails',
      ),
      table(
        'How runs ended badly',
        'Scheduled queries whose last finished run brought no results. By the outcome of runs, and not by the status, which is of the run under way.',
        [...columns, { label: 'outcome', title: 'Outcome' }],
        [{ title: 'Present', expression: whereAsked(BAD_RUN) }],
        'No run ended badly',
      )
        .span(12)
        .height(8),
      table(
        'Watched queries that failed',
        'Watched queries that the service has ended with FAILED or that somebody has stopped: CANCELED.',
        [...columns, { label: 'status', title: 'Status' }],
        [
          {
            title: 'Present',
            expression: whereAsked(
              `aws_nfm_query_status{status=~"FAILED|CANCELED", ${OF_QUERY}} == 1`,
              CHOSEN_WATCHED_QUERIES,
            ),
          },
        ],
        'None failed',
      )
        .span(12)
        .height(8),
      table(
        'Unfinished the longest',
        `The ${ROWS} queries that have been QUEUED or RUNNING for the longest time, counted from when the exporter first saw that status: anew after its restart.`,
        columns,
        [{ title: 'For', unit: 's', bar: true, expression: `topk(${ROWS}, ${whereAsked(UNFINISHED_FOR)})` }],
        'All queries have ended',
      )
        .span(12)
        .height(10),
      table(
        'Oldest results',
        `The ${ROWS} scheduled queries whose last results are the oldest, measured by the query's own interval. About 1 is usual; beyond 3, rows are dropped after a while.`,
        columns,
        [
          {
            title: 'In intervals',
            unit: 'none',
            bar: true,
            expression: `topk(${ROWS}, ${whereAsked(RESULTS_AGE_IN_INTERVALS)})`,
          },
          {
            title: 'Age',
            unit: 's',
            expression: amongTop(ROWS, whereAsked(RESULTS_AGE), whereAsked(RESULTS_AGE_IN_INTERVALS)),
          },
        ],
        'There are no results yet',
      )
        .span(12)
        .height(10),
      table(
        'Never a result',
        'Scheduled queries that have not had one good run since they were registered, and for how long they have been there.',
        columns,
        [
          {
            title: 'Registered for',
            unit: 's',
            expression: whereAsked(
              `time() - aws_nfm_query_registered_timestamp_seconds{${OF_QUERY}} unless on (job, instance, query) aws_nfm_query_results_timestamp_seconds`,
              CHOSEN_SCHEDULED_QUERIES,
            ),
          },
        ],
        'Every scheduled query has had results',
      ).height(6),
    ],
  };
}

function overTime(): Section {
  const longestUnfinished = `topk(${BANDS}, ${ofChosen(
    `sum by (job, instance, query) (avg_over_time(aws_nfm_query_status{status!="SUCCEEDED", ${OF_QUERY}}[$__range] @ end()))`,
    CHOSEN_WATCHED_QUERIES,
  )})`;
  const mostBadRuns = `topk(${BANDS}, ${ofChosen(
    `sum by (job, instance, query) (avg_over_time(aws_nfm_query_last_run_outcome{outcome!="succeeded", ${OF_QUERY}}[$__range] @ end()))`,
  )})`;
  return {
    title: 'Queries over time',
    panels: [
      stackedBars(
        'Queries by status',
        'How many queries are in which status. A scheduled query has the status of its run under way, or of its last one.',
        QUERY_STATUS.states,
        [`sum by (status) (${ofChosen(`aws_nfm_query_status{${OF_QUERY}}`)})`, '{{status}}'],
      ),
      stackedBars(
        'Runs by outcome',
        'Runs of scheduled queries that have ended, by outcome; skipped: windows that were never started for want of room.',
        RUN_OUTCOME.states,
        [
          `sum by (outcome) (${ofChosen(`increase(aws_nfm_query_runs_total{${OF_QUERY}}[$__rate_interval])`)}) > 0`,
          '{{outcome}}',
        ],
      ),
      stateTimeline(
        'Status of watched queries',
        `The ${BANDS} watched queries that were unfinished, failed or canceled for the longest part of the time range. A gap: the status was not known.`,
        QUERY_STATUS.states,
        [
          `${stateNumber(QUERY_STATUS, OF_QUERY, 'job, instance, query')} and on (job, instance, query) ${longestUnfinished}`,
          '{{query}}',
        ],
      ),
      stateTimeline(
        'Last outcome of scheduled queries',
        `How the last finished run of each query ended: of the ${BANDS} queries that stood on another outcome than succeeded for the longest part of the time range.`,
        RUN_OUTCOME.states,
        [
          `${stateNumber(RUN_OUTCOME, OF_QUERY, 'job, instance, query')} and on (job, instance, query) ${mostBadRuns}`,
          '{{query}}',
        ],
      ),
      timeSeries(
        'Freshness',
        "Age of the oldest results of each account and region, measured by the query's own interval. It climbs by one an interval and falls with each good run.",
        [`max by (account, aws_region) (${whereAsked(RESULTS_AGE_IN_INTERVALS)})`, '{{account}} {{aws_region}}'],
      ).axisLabel('intervals'),
      timeSeries(
        'Age of the last good answer',
        'Of the query of each account and region that has waited longest for a good answer to any request. Queries with a final status are not asked any more, and not counted.',
        [
          `max by (account, aws_region) (${whereAsked(
            `time() - aws_nfm_query_last_success_timestamp_seconds{${OF_QUERY}} unless on (job, instance, query) (aws_nfm_query_status{status=~"SUCCEEDED|FAILED|CANCELED", ${OF_QUERY}} == 1)`,
          )})`,
          '{{account}} {{aws_region}}',
        ],
      ).unit('s'),
    ],
  };
}

function inventory(): Section {
  return {
    title: 'Monitors and scopes',
    panels: [
      stateTimeline(
        'Monitors',
        'Status of each monitor in the accounts and regions in use, as they were last listed. Ends with the monitor.',
        MONITOR_STATUS.states,
        [
          stateNumber(MONITOR_STATUS, OF_MONITOR, 'account, aws_region, monitor'),
          '{{account}} {{aws_region}} {{monitor}}',
        ],
      ),
      stateTimeline(
        'Scopes',
        'Status of each Network Flow Monitor scope in the accounts and regions in use, as they were last listed.',
        SCOPE_STATUS.states,
        [
          stateNumber(SCOPE_STATUS, OF_TARGET, 'account, aws_region, scope_id'),
          '{{account}} {{aws_region}} {{scope_id}}',
        ],
      ),
      table(
        'Monitors that are not ACTIVE',
        'Monitors with another status: queries ask them in vain.',
        [
          { label: 'account', title: 'Account' },
          { label: 'aws_region', title: 'Region' },
          {
            label: 'monitor',
            title: 'Monitor',
            link: drillDown('Flows of this monitor', 'flows', { monitor: cell('monitor'), query: '$__all' }),
          },
          { label: 'status', title: 'Status' },
        ],
        [{ title: 'Present', expression: MONITOR_NOT_ACTIVE }],
        'All monitors are ACTIVE',
      )
        .span(12)
        .height(8),
      table(
        'Scopes that have not SUCCEEDED',
        'Scopes that are still being set up, have failed or are deactivated.',
        [
          { label: 'account', title: 'Account' },
          { label: 'aws_region', title: 'Region' },
          { label: 'scope_id', title: 'Scope' },
          { label: 'status', title: 'Status' },
        ],
        [{ title: 'Present', expression: SCOPE_NOT_SUCCEEDED }],
        'All scopes have SUCCEEDED',
      )
        .span(12)
        .height(8),
    ],
  };
}

function targets(): Section {
  const each = '{{account}} {{aws_region}}';
  return {
    title: 'Accounts and regions',
    panels: [
      timeSeries('API errors', 'Attempts a second that failed, retries included, by kind of error.', [
        `sum by (error) (${perSecondOf('aws_nfm_api_errors_total', OF_TARGET)}) > 0`,
        '{{error}}',
      ]).unit('reqps'),
      timeSeries(
        'Budget used',
        'Attempts a second, as a share of the request budget now in force. At 100 % polls and runs wait.',
        [
          `sum by (account, aws_region) (${perSecondOf('aws_nfm_api_requests_total', OF_TARGET)}) / sum by (account, aws_region) (aws_nfm_api_budget_requests_per_second{${OF_TARGET}})`,
          each,
        ],
      ).unit('percentunit'),
      timeSeries(
        'Budget in force',
        'Share of the configured request budget that is in force: halved while the API throttles, then growing back.',
        [`aws_nfm_api_budget_requests_per_second{${OF_TARGET}} / aws_nfm_api_budget_limit_requests_per_second`, each],
      )
        .unit('percentunit')
        .max(1),
      timeSeries(
        'Run cap used',
        'Runs that are active, as a share of those that may be: the run cap now in force. At 100 % runs wait.',
        [
          `aws_nfm_api_runs{state="active", ${OF_TARGET}} / on (job, instance, account, aws_region) aws_nfm_api_runs_limit`,
          each,
        ],
      ).unit('percentunit'),
      table(
        'Who we are',
        'The AWS account and identity behind each account of the configuration, as AWS STS tells.',
        [
          { label: 'account', title: 'Account' },
          { label: 'aws_region', title: 'Region' },
          { label: 'aws_account_id', title: 'AWS account' },
          { label: 'arn', title: 'ARN' },
        ],
        [{ title: 'Present', expression: `aws_nfm_account_info{${OF_TARGET}}` }],
        'AWS STS has not answered',
      )
        .span(12)
        .height(8),
      table(
        'Firing alerts',
        'Alerts on the chosen jobs that fire now. Empty, too, where Prometheus has not loaded the rules.',
        [
          { label: 'alertname', title: 'Alert' },
          { label: 'severity', title: 'Severity' },
          { label: 'account', title: 'Account' },
          { label: 'aws_region', title: 'Region' },
          { label: 'monitor', title: 'Monitor' },
          { label: 'query', title: 'Query', link: TO_FLOWS },
        ],
        [{ title: 'Present', expression: FIRING_ALERTS }],
        'No alert fires, or no rules are loaded',
      )
        .span(12)
        .height(8),
    ],
  };
}
