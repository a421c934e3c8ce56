import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { assemble, type Section } from './assembly.ts';
import { BAD_RUN, MONITOR_NOT_ACTIVE, RESULTS_AGE_IN_INTERVALS, UNFINISHED_FOR } from './fleet-queries.ts';
import { serviceLevel } from './fleet-service-level.ts';
import { toLookAt } from './fleet-tables.ts';
import { inventory, targets } from './fleet-targets.ts';
import { drillDown, label } from './navigation.ts';
import { badIfAny, countedBars, exporters, stackedBars, stat, stateTimeline, timeSeries } from './panels.ts';
import {
  CHOSEN_SCHEDULED_QUERIES,
  CHOSEN_WATCHED_QUERIES,
  OF_JOB,
  OF_QUERY,
  OF_TARGET,
  ofChosen,
  perInterval,
  whereAsked,
} from './promql.ts';
import { QUERY_STATUS, RUN_OUTCOME, stateNumber } from './state-sets.ts';

/** The state of all queries: failed, stuck, and late ones first. */
export function fleet(): Dashboard {
  return assemble('fleet', {
    description: 'The state of Network Flow Monitor queries: failed, stuck, and late ones, by account and Region.',
    sections: [atAGlance(), toLookAt(), overTime(), serviceLevel(), inventory(), targets()],
  });
}

const LINE_TO_FLOWS = drillDown('Flows of this query', 'flows', { query: label('query') });
/** Rows of a state timeline: what a screen holds. */
const BANDS = 40;

/** Number of series; 0 if there are none, but absent if the exporter is not scraped. */
function numberOf(expression: string): string {
  return `count(${expression}) or 0 * max(aws_nfm_exporter_build_info{${OF_JOB}})`;
}

function atAGlance(): Section {
  return {
    title: 'At a glance',
    panels: [
      exporters().span(12),
      stat('Queries', 'Registered queries: scheduled and watched ones.', [
        `count by (kind) (label_replace(${CHOSEN_SCHEDULED_QUERIES}, "kind", "scheduled", "", "")) or count by (kind) (label_replace(${CHOSEN_WATCHED_QUERIES}, "kind", "watched", "", ""))`,
        '{{kind}}',
      ]).span(12),
      badIfAny(
        'Bad last runs',
        'Scheduled queries whose last completed run returned no results: it failed, was canceled, timed out, or could not be started or read. Their last flows are kept until they are stale.',
        [numberOf(ofChosen(BAD_RUN)), 'queries'],
      ).span(4),
      badIfAny('Watched, FAILED', 'Watched queries that the service has ended with the status FAILED.', [
        numberOf(ofChosen(`aws_nfm_query_status{status="FAILED", ${OF_QUERY}} == 1`, CHOSEN_WATCHED_QUERIES)),
        'queries',
      ]).span(4),
      badIfAny('Requests fail', 'Queries whose last call failed. The table below shows the errors.', [
        numberOf(ofChosen(`aws_nfm_query_up{${OF_QUERY}} == 0`)),
        'queries',
      ]).span(4),
      badIfAny(
        'Unfinished > 1 h',
        'Queries that have been QUEUED or RUNNING for more than an hour, counted from when the exporter first saw it.',
        [numberOf(ofChosen(`(${UNFINISHED_FOR}) > 3600`)), 'queries'],
      ).span(4),
      badIfAny('Monitors not ACTIVE', 'Monitors of the accounts and Regions in use with another status than ACTIVE.', [
        numberOf(MONITOR_NOT_ACTIVE),
        'monitors',
      ]).span(4),
      badIfAny(
        'API down',
        'Accounts and Regions whose last call got an authentication, permission, throttling, or server error, or no response.',
        [numberOf(`aws_nfm_api_up{${OF_TARGET}} == 0`), 'targets'],
      ).span(4),
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
      countedBars(
        'Runs by outcome',
        'Completed runs of scheduled queries by outcome. Skipped: windows whose run could not start in time.',
        RUN_OUTCOME.states,
        [`sum by (outcome) (${ofChosen(perInterval('aws_nfm_query_runs_total', OF_QUERY))}) > 0`, '{{outcome}}'],
      ),
      stateTimeline(
        'Status of watched queries',
        `The ${BANDS} watched queries that were unfinished, failed or canceled for the longest part of the time range. A gap: the status was not known.`,
        QUERY_STATUS.states,
        [
          `${stateNumber(QUERY_STATUS, OF_QUERY, 'job, instance, query')} and on (job, instance, query) ${longestUnfinished}`,
          '{{query}}',
        ],
      ).dataLinks([LINE_TO_FLOWS]),
      stateTimeline(
        'Last outcome of scheduled queries',
        `Outcome of the last completed run, for the ${BANDS} queries with an outcome other than succeeded for the longest part of the time range.`,
        RUN_OUTCOME.states,
        [
          `${stateNumber(RUN_OUTCOME, OF_QUERY, 'job, instance, query')} and on (job, instance, query) ${mostBadRuns}`,
          '{{query}}',
        ],
      ).dataLinks([LINE_TO_FLOWS]),
      timeSeries(
        'Freshness',
        "Age of the oldest results of each account and Region, measured by the query's own interval. It climbs by one an interval and falls with each good run.",
        [`max by (account, aws_region) (${whereAsked(RESULTS_AGE_IN_INTERVALS)})`, '{{account}} {{aws_region}}'],
      ).axisLabel('intervals'),
      timeSeries(
        'Age of the last success',
        'Longest time since the last successful call of a query, per account and Region. Queries with a terminal status are not polled anymore, and do not count.',
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
