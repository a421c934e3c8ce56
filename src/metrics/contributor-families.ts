import { type MetricName, ROW_LABELS } from '../model/vocabulary.ts';
import type { Family } from './family.ts';

function contributors(name: string, value: string, unit = ''): Family {
  return {
    name,
    type: 'gauge',
    group: 'contributors',
    labels: ['query', 'account', 'aws_region', 'monitor', 'scope_id', 'destination_category', 'mirror', ...ROW_LABELS],
    help: `${value} a top contributor over the window of the last successful run${unit}.`,
  };
}

/** Families of the rows of the last results, by metric of the query. */
export const CONTRIBUTOR_FAMILIES: Readonly<Record<MetricName, Family>> = {
  ROUND_TRIP_TIME: contributors(
    'aws_nfm_contributor_round_trip_time_seconds',
    'Average TCP round-trip time of',
    ', in seconds',
  ),
  TIMEOUTS: contributors('aws_nfm_contributor_timeouts', 'TCP retransmission timeouts of'),
  RETRANSMISSIONS: contributors('aws_nfm_contributor_retransmissions', 'TCP retransmissions of'),
  DATA_TRANSFERRED: contributors('aws_nfm_contributor_data_transferred_bytes', 'Data transferred by', ', in bytes'),
};

function datapoints(name: string, value: string, unit = ''): Family {
  return {
    name,
    type: 'gauge',
    group: 'contributors',
    labels: ['query', 'account', 'aws_region', 'scope_id', 'destination_category', 'series'],
    help: `${value} in the newest data point of a series of the last successful run${unit}.`,
  };
}

/** Families of the newest data points of the last results, by metric of a `-data` query, which has no round-trip times. */
export const DATAPOINT_FAMILIES: Readonly<Record<Exclude<MetricName, 'ROUND_TRIP_TIME'>, Family>> = {
  TIMEOUTS: datapoints('aws_nfm_datapoint_timeouts', 'TCP retransmission timeouts'),
  RETRANSMISSIONS: datapoints('aws_nfm_datapoint_retransmissions', 'TCP retransmissions'),
  DATA_TRANSFERRED: datapoints('aws_nfm_datapoint_data_transferred_bytes', 'Data transferred', ', in bytes'),
};
