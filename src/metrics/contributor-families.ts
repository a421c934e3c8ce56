import { type MetricName, ROW_LABELS } from '../model/vocabulary.ts';
import type { Family } from './family.ts';

const WINDOW =
  'over the window of the last run that succeeded, from its GetQueryResults answer; ' +
  'aws_nfm_query_results_timestamp_seconds tells the end of that window, aws_nfm_query_results_window_seconds its length; ' +
  'gone once the window is older than three intervals of the query and the delay and timeout of a run.';
const ADDED = 'rows that are equal in the chosen labels are added';

function contributors(name: string, what: string, merging: string): Family {
  return {
    name,
    type: 'gauge',
    group: 'contributors',
    labels: ['query', 'account', 'aws_region', 'monitor', 'scope_id', 'destination_category', 'mirror', ...ROW_LABELS],
    help: `${what} of a top contributor ${WINDOW} Of the row labels only those that the query chose; ${merging}.`,
  };
}

/** Rows of the last results, by the query's metric. */
export const CONTRIBUTOR_FAMILIES: Readonly<Record<MetricName, Family>> = {
  ROUND_TRIP_TIME: contributors(
    'aws_nfm_contributor_round_trip_time_seconds',
    'Average TCP round-trip time in seconds',
    'of rows that are equal in the chosen labels the maximum',
  ),
  TIMEOUTS: contributors('aws_nfm_contributor_timeouts', 'TCP retransmission timeouts', ADDED),
  RETRANSMISSIONS: contributors('aws_nfm_contributor_retransmissions', 'TCP segments sent again', ADDED),
  DATA_TRANSFERRED: contributors('aws_nfm_contributor_data_transferred_bytes', 'Bytes sent and received', ADDED),
};

function datapoints(name: string, what: string): Family {
  return {
    name,
    type: 'gauge',
    group: 'contributors',
    labels: ['query', 'account', 'aws_region', 'scope_id', 'destination_category', 'series'],
    help:
      `${what} in the newest data point of a series of the last run that succeeded, from its GetQueryResults answer; ` +
      'aws_nfm_query_results_timestamp_seconds tells the time of the newest one, aws_nfm_query_results_window_seconds ' +
      'the step between points; gone once the window of the run is older than three intervals of the query and the ' +
      'delay and timeout of a run. Series of one label are added.',
  };
}

/** Newest data points of the last results, by the metric of a query of the `-data` type. Those know no round-trip times. */
export const DATAPOINT_FAMILIES: Readonly<Record<Exclude<MetricName, 'ROUND_TRIP_TIME'>, Family>> = {
  TIMEOUTS: datapoints('aws_nfm_datapoint_timeouts', 'TCP retransmission timeouts'),
  RETRANSMISSIONS: datapoints('aws_nfm_datapoint_retransmissions', 'TCP segments sent again'),
  DATA_TRANSFERRED: datapoints('aws_nfm_datapoint_data_transferred_bytes', 'Bytes sent and received'),
};
