import type { Section } from './assembly.ts';
import { BAD_RUN, RESULTS_AGE, RESULTS_AGE_IN_INTERVALS, TO_FLOWS, UNFINISHED_FOR } from './fleet-queries.ts';
import { amongTop, CHOSEN_SCHEDULED_QUERIES, CHOSEN_WATCHED_QUERIES, OF_QUERY, whereAsked } from './promql.ts';
import { queryColumns, table } from './table.ts';

const ROWS = 50;

/** The queries that need attention, with the reason. */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: one table, whose columns are in the order of the dashboard
export function toLookAt(): Section {
  const columns = queryColumns(TO_FLOWS);
  return {
    title: 'Needs attention',
    panels: [
      table(
        'Why requests fail',
        'Queries whose last call failed, with the operation and the error. docs/metrics.md describes each error. A query is removed after its next successful call.',
        [...columns, { label: 'operation', title: 'Operation' }, { label: 'error', title: 'Error' }],
        [{ title: 'Present', expression: whereAsked(`aws_nfm_query_last_error{${OF_QUERY}}`) }],
        'No request fails',
      ),
      table(
        'How runs ended badly',
        'Scheduled queries whose last completed run returned no results, by outcome. The status describes the current run instead.',
        [...columns, { label: 'outcome', title: 'Outcome' }],
        [{ title: 'Present', expression: whereAsked(BAD_RUN) }],
        'No run ended badly',
      )
        .span(12)
        .height(8),
      table(
        'Watched queries that failed',
        'Watched queries with the status FAILED, or CANCELED after they were stopped.',
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
        `The ${ROWS} queries that have been QUEUED or RUNNING for the longest time, since the exporter first saw that status. A restart resets the time.`,
        columns,
        [{ title: 'For', unit: 's', bar: true, expression: `topk(${ROWS}, ${whereAsked(UNFINISHED_FOR)})` }],
        'All queries have ended',
      )
        .span(12)
        .height(10),
      table(
        'Oldest results',
        `The ${ROWS} scheduled queries whose last results are the oldest, measured by the query's own interval. Up to 2 is usual; beyond 3, rows are dropped before long.`,
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
