import { cell, drillDown } from './navigation.ts';
import { OF_MONITOR, OF_QUERY } from './promql.ts';

/** From a row of a table to the flows of its query. */
export const TO_FLOWS = drillDown('Flows of this query', 'flows', { query: cell('query') });

/** Scheduled queries whose last completed run returned no results. A skipped window has no run. */
export const BAD_RUN = `aws_nfm_query_last_run_outcome{outcome!~"succeeded|skipped", ${OF_QUERY}} == 1`;
const UNFINISHED = `aws_nfm_query_status{status=~"QUEUED|RUNNING", ${OF_QUERY}} == 1`;
/** Seconds since a query that is not finished was first seen in its status. */
export const UNFINISHED_FOR = `time() - aws_nfm_query_status_since_timestamp_seconds{${OF_QUERY}} and on (job, instance, query) (${UNFINISHED})`;
/** Seconds since the end of the window of a scheduled query's last results. */
export const RESULTS_AGE = `time() - aws_nfm_query_results_timestamp_seconds{${OF_QUERY}}`;
export const RESULTS_AGE_IN_INTERVALS = `(${RESULTS_AGE}) / on (job, instance, query) aws_nfm_query_interval_seconds`;
export const MONITOR_NOT_ACTIVE = `aws_nfm_monitor_status{status!="ACTIVE", ${OF_MONITOR}} == 1`;
