/** A PromQL query of the documentation. */
export interface PromqlExample {
  readonly purpose: string;
  readonly query: string;
}

export const PROMQL_EXAMPLES: readonly PromqlExample[] = [
  {
    purpose: 'Queries whose last call failed, with their account and Region',
    query: 'aws_nfm_query_info and on (job, instance, query) aws_nfm_query_up == 0',
  },
  {
    purpose: 'Errors of these queries',
    query: 'aws_nfm_query_last_error',
  },
  {
    purpose: 'Number of queries by status',
    query: 'sum by (status) (aws_nfm_query_status)',
  },
  {
    purpose: 'Time since each query started running, in seconds',
    query:
      'time() - aws_nfm_query_status_since_timestamp_seconds and on (job, instance, query) aws_nfm_query_status{status="RUNNING"} == 1',
  },
  {
    purpose: 'Age of the last successful response, in seconds',
    query: 'time() - aws_nfm_query_last_success_timestamp_seconds',
  },
  {
    purpose: 'Share of throttled attempts',
    query:
      'sum by (account, aws_region) (rate(aws_nfm_api_errors_total{error="ThrottlingException"}[5m])) / sum by (account, aws_region) (rate(aws_nfm_api_requests_total[5m]))',
  },
  {
    purpose: 'Accounts and Regions whose queries need more than the request budget',
    query: 'aws_nfm_api_planned_requests_per_second > aws_nfm_api_budget_limit_requests_per_second',
  },
  {
    purpose: '95th percentile of the duration of an attempt, in seconds',
    query: 'histogram_quantile(0.95, sum by (le, aws_region) (rate(aws_nfm_api_request_duration_seconds_bucket[5m])))',
  },
];
