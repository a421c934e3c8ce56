/** Queries that the documentation shows. */
export interface PromqlExample {
  readonly purpose: string;
  readonly query: string;
}

export const PROMQL_EXAMPLES: readonly PromqlExample[] = [
  {
    purpose: 'Queries whose last request failed, with where they are asked',
    query: 'aws_nfm_query_info and on (job, instance, query) aws_nfm_query_up == 0',
  },
  {
    purpose: 'Why they fail',
    query: 'aws_nfm_query_last_error',
  },
  {
    purpose: 'How many queries are in each status',
    query: 'sum by (status) (aws_nfm_query_status)',
  },
  {
    purpose: 'Seconds that each query has been running for',
    query:
      'time() - aws_nfm_query_status_since_timestamp_seconds and on (job, instance, query) aws_nfm_query_status{status="RUNNING"} == 1',
  },
  {
    purpose: 'Age of what is known, in seconds',
    query: 'time() - aws_nfm_query_last_success_timestamp_seconds',
  },
  {
    purpose: 'Share of attempts that were throttled',
    query:
      'sum by (account, aws_region) (rate(aws_nfm_api_errors_total{error="ThrottlingException"}[5m])) / sum by (account, aws_region) (rate(aws_nfm_api_requests_total[5m]))',
  },
  {
    purpose: 'Accounts and regions whose queries need more than their budget',
    query: 'aws_nfm_api_planned_requests_per_second > aws_nfm_api_budget_limit_requests_per_second',
  },
  {
    purpose: 'The 95th percentile of the time an attempt takes, in seconds',
    query: 'histogram_quantile(0.95, sum by (le, aws_region) (rate(aws_nfm_api_request_duration_seconds_bucket[5m])))',
  },
];
