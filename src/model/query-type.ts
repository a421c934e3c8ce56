/**
 * The families of queries that the Network Flow Monitor API has, as the config file and the label `query_type` name
 * them. Each has start, status, results and stop operations of its own.
 */
export const QUERY_TYPES = [
  'monitor-top-contributors',
  'workload-insights-top-contributors',
  'workload-insights-top-contributors-data',
] as const;

export type QueryType = (typeof QUERY_TYPES)[number];

/** Of the results of this type only the newest point of each series is exported; they have no rows. */
export const DATA_TYPE = 'workload-insights-top-contributors-data' satisfies QueryType;
