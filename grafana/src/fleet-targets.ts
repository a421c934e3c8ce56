import type { Section } from './assembly.ts';
import { MONITOR_NOT_ACTIVE, TO_FLOWS } from './fleet-queries.ts';
import { cell, drillDown, label } from './navigation.ts';
import { stateTimeline, timeSeries } from './panels.ts';
import { FIRING_ALERTS, OF_MONITOR, OF_TARGET, perSecondOf } from './promql.ts';
import { MONITOR_STATUS, SCOPE_STATUS, stateNumber } from './state-sets.ts';
import { type LabelColumn, table } from './table.ts';

const SCOPE_NOT_SUCCEEDED = `aws_nfm_scope_status{status!="SUCCEEDED", ${OF_TARGET}} == 1`;

/** The target columns that these tables share. */
const TARGET_COLUMNS: readonly LabelColumn[] = [
  { label: 'account', title: 'Account' },
  { label: 'aws_region', title: 'Region' },
];

/** All monitors and scopes. */
export function inventory(): Section {
  return {
    title: 'Monitors and scopes',
    panels: [
      stateTimeline(
        'Monitors',
        'Status of each monitor in the accounts and Regions in use, as they were last listed. Ends with the monitor.',
        MONITOR_STATUS.states,
        [
          stateNumber(MONITOR_STATUS, OF_MONITOR, 'account, aws_region, monitor'),
          '{{account}} {{aws_region}} {{monitor}}',
        ],
      ).dataLinks([drillDown('Flows of this monitor', 'flows', { monitor: label('monitor'), query: '$__all' })]),
      stateTimeline(
        'Scopes',
        'Status of each Network Flow Monitor scope in the accounts and Regions in use, as they were last listed.',
        SCOPE_STATUS.states,
        [
          stateNumber(SCOPE_STATUS, OF_TARGET, 'account, aws_region, scope_id'),
          '{{account}} {{aws_region}} {{scope_id}}',
        ],
      ),
      table(
        'Monitors that are not ACTIVE',
        'Monitors with another status, with or without queries.',
        [
          ...TARGET_COLUMNS,
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
        [...TARGET_COLUMNS, { label: 'scope_id', title: 'Scope' }, { label: 'status', title: 'Status' }],
        [{ title: 'Present', expression: SCOPE_NOT_SUCCEEDED }],
        'All scopes have SUCCEEDED',
      )
        .span(12)
        .height(8),
    ],
  };
}

/** What the API says and allows, in each account and region. */
export function targets(): Section {
  const each = '{{account}} {{aws_region}}';
  return {
    title: 'Accounts and Regions',
    panels: [
      timeSeries('API errors', 'Failed attempts per second, including retries, by error.', [
        `sum by (error) (${perSecondOf('aws_nfm_api_errors_total', OF_TARGET)}) > 0`,
        '{{error}}',
      ]).unit('reqps'),
      timeSeries(
        'Budget used',
        'Attempts per second as a share of the current request budget. At 100 %, polls and runs wait.',
        [
          `sum by (account, aws_region) (${perSecondOf('aws_nfm_api_requests_total', OF_TARGET)}) / sum by (account, aws_region) (aws_nfm_api_budget_requests_per_second{${OF_TARGET}})`,
          each,
        ],
      ).unit('percentunit'),
      timeSeries(
        'Current budget',
        'Current share of the configured request budget. While the API throttles, the exporter halves the budget. Afterwards, the budget recovers over time.',
        [`aws_nfm_api_budget_requests_per_second{${OF_TARGET}} / aws_nfm_api_budget_limit_requests_per_second`, each],
      )
        .unit('percentunit')
        .max(1),
      timeSeries(
        'Concurrent runs',
        'Active runs as a share of the current concurrent-run limit. At 100 %, runs wait.',
        [
          `aws_nfm_api_runs{state="active", ${OF_TARGET}} / on (job, instance, account, aws_region) aws_nfm_api_runs_limit`,
          each,
        ],
      ).unit('percentunit'),
      table(
        'Who we are',
        'The AWS account and identity of each account of the configuration, from AWS STS.',
        [...TARGET_COLUMNS, { label: 'aws_account_id', title: 'AWS account' }, { label: 'arn', title: 'ARN' }],
        [{ title: 'Present', expression: `aws_nfm_account_info{${OF_TARGET}}` }],
        'No response from AWS STS',
      )
        .span(12)
        .height(8),
      table(
        'Firing alerts',
        'Alerts on the chosen jobs that fire now. Empty, too, where Prometheus has not loaded the rules.',
        [
          { label: 'alertname', title: 'Alert' },
          { label: 'severity', title: 'Severity' },
          ...TARGET_COLUMNS,
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
