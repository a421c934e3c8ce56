import { expect, it } from 'vitest';
import { forReplicas } from '../../grafana/src/replicas.ts';
import { panelQueries } from '../support/dashboard-files.ts';
import { PROJECT } from '../support/project.ts';
import { verify } from './evaluation.ts';

const RULES = [`${PROJECT}config/rules/thresholds.yml`, `${PROJECT}config/rules-replicas.yml`];

/** A panel of Fleet. */
function expression(title: string): string {
  const found = panelQueries({ __range: '30m', __rate_interval: '2m', __interval_ms: '60000' }).find(
    ({ dashboard, panel }) => dashboard === 'nfm-fleet' && panel.title === title,
  );
  return found?.expression ?? '';
}

/** Series of an exporter from one minute to another, of one hour. */
function exporter(job: string, instance: string, from: number, to: number, epoch?: number) {
  const own = `job="${job}", instance="${instance}", pod="${instance}"`;
  const during = (value: number) => `${from === 0 ? '' : `_x${from} `}${value}x${to - from}${to < 60 ? ' stale' : ''}`;
  const query = `${own}, query="q"`;
  return [
    { series: `aws_nfm_exporter_build_info{${own}}`, values: to < 60 ? during(1) : '1x60' },
    {
      series: `aws_nfm_query_info{${query}, query_id="q-1", account="a", aws_region="r", monitor="m"}`,
      values: during(1),
    },
    { series: `aws_nfm_query_status{${query}, status="FAILED"}`, values: during(1) },
    {
      series: `aws_nfm_query_runs_total{${query}, outcome="failed"}`,
      values: during(0).replace('0x', '0+1x'),
    },
    ...(epoch === undefined
      ? []
      : [
          { series: `aws_nfm_replica_epoch{${own}}`, values: during(epoch) },
          { series: `aws_nfm_replica_leader{${own}}`, values: during(1) },
          { series: `aws_nfm_replica_member_info{${own}, group="default"}`, values: during(1) },
        ]),
  ];
}

const count = (expr: string, eval_time: string, value: number) => ({
  expr: `count(${expr})`,
  eval_time,
  exp_samples: [{ labels: '{}', value }],
});

it('shows a query of replicas once over a takeover, and others of the same name in other jobs', () => {
  const status = expression('Status of watched queries');
  const runs = expression('Runs by outcome');
  verify(
    [
      ...exporter('replicas', 'a', 0, 30, 1),
      ...exporter('replicas', 'b', 31, 60, 2),
      ...exporter('single', 'c', 0, 60),
    ],
    [
      ...['10m', '30m', '31m', '32m', '33m', '50m'].map((time) => count(status, time, 2)),
      // A run per minute of each job, also in the minutes before and after the takeover.
      { expr: runs, eval_time: '20m', exp_samples: [{ labels: '{outcome="failed"}', value: 2 }] },
      { expr: runs, eval_time: '30m', exp_samples: [{ labels: '{outcome="failed"}', value: 2 }] },
      { expr: runs, eval_time: '50m', exp_samples: [{ labels: '{outcome="failed"}', value: 2 }] },
    ],
    '1m',
    RULES,
  );
});

it('shows each of several exporters in one job with config/rules', () => {
  const status = expression('Status of watched queries');
  verify(
    [...exporter('several', 'a', 0, 60), ...exporter('several', 'b', 0, 60)],
    [count(status, '10m', 2), count(status, '50m', 2)],
    '1m',
    [`${PROJECT}config/rules/*.yml`],
  );
});

it.each([
  ['aws_nfm_api_up', 'replicas:aws_nfm_api_up or (aws_nfm_api_up unless on (job) aws_nfm:recorded_job)'],
  [
    '1 + aws_nfm_api_up offset $compare',
    '1 + (replicas:aws_nfm_api_up offset $compare or (aws_nfm_api_up offset $compare unless on (job) aws_nfm:recorded_job offset $compare))',
  ],
  [
    'avg_over_time(aws_nfm_api_up{job=~"$job"}[$__range] @ end())',
    'avg_over_time(replicas:aws_nfm_api_up{job=~"$job"}[$__range] @ end()) or (avg_over_time(aws_nfm_api_up{job=~"$job"}[$__range] @ end()) unless on (job) aws_nfm:recorded_job)',
  ],
  [
    'rate(aws_nfm_query_polls_total[$__rate_interval])',
    'sum without (instance, pod) (rate(aws_nfm_query_polls_total[$__rate_interval]) and on (job) aws_nfm:recorded_job) or (rate(aws_nfm_query_polls_total[$__rate_interval]) unless on (job) aws_nfm:recorded_job)',
  ],
])('extends %s', (plain, extended) => {
  expect(forReplicas(plain)).toBe(extended);
});

it.each([
  'sum by (query) (rate(aws_nfm_query_polls_total[5m]))',
  'aws_nfm_exporter_build_info',
  'monitor:aws_nfm_verdict:info{monitor="m"}',
  'up{job=~"$job"}',
])('leaves %s, which is the same for replicas', (expr) => {
  expect(forReplicas(expr)).toBe(expr);
});
