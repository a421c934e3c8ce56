import { expect, it } from 'vitest';
import { panelQueries } from '../support/dashboard-files.ts';
import { type Sample, verify } from './evaluation.ts';

const JOB = 'network-flow-monitor';
const INSTANCES = ['running', 'stopped', 'removed'] as const;
const own = (instance: string) => `job="${JOB}", instance="${instance}:9100"`;

it('shows exporters that stopped as DOWN, and removed ones as GONE for 15 minutes', () => {
  const [expr = ''] = expressions('Exporters');
  const seen = (values: Readonly<Record<string, number>>): Sample[] =>
    Object.entries(values).map(([instance, value]) => ({ labels: `{${own(instance)}}`, value }));
  verify(
    // After half an hour, one is stopped and one is removed from discovery.
    [
      ...INSTANCES.map((instance) => ({
        series: `aws_nfm_exporter_build_info{${own(instance)}}`,
        values: instance === 'running' ? '1x120' : '1x30 stale',
      })),
      { series: `up{${own('running')}}`, values: '1x120' },
      { series: `up{${own('stopped')}}`, values: '1x30 0x90' },
      { series: `up{${own('removed')}}`, values: '1x30 stale' },
      { series: `up{job="${JOB}", instance="another program"}`, values: '1x120' },
    ],
    [
      { expr, eval_time: '20m', exp_samples: seen({ running: 1, stopped: 1, removed: 1 }) },
      { expr, eval_time: '32m', exp_samples: seen({ running: 1, stopped: 0, removed: 2 }) },
      { expr, eval_time: '110m', exp_samples: seen({ running: 1, stopped: 0 }) },
    ],
  );
});

it('shows no number of an exporter that stopped', () => {
  const numbers = panelQueries({ job: JOB }).filter(
    ({ panel, dashboard }) => dashboard === 'nfm-fleet' && panel.type === 'stat' && panel.title !== 'Exporters',
  );
  expect(numbers).toHaveLength(7);
  const query = `${own('stopped')}, query="q", account="a", aws_region="r"`;
  verify(
    [
      { series: `aws_nfm_exporter_build_info{${own('stopped')}}`, values: '1x30 stale' },
      { series: `aws_nfm_query_info{${query}, query_id="", monitor="m"}`, values: '1x30 stale' },
      {
        series: `aws_nfm_query_last_run_outcome{${own('stopped')}, query="q", outcome="failed"}`,
        values: '1x30 stale',
      },
      { series: `aws_nfm_api_up{${own('stopped')}, account="a", aws_region="r"}`, values: '0x30 stale' },
      { series: `up{${own('stopped')}}`, values: '1x30 0x90' },
    ],
    numbers.flatMap(({ expression, panel: { title } }) => [
      { expr: expression, eval_time: '31m', exp_samples: [] },
      {
        expr: `count(${expression}) * 0 + sum(${expression})`,
        eval_time: '20m',
        exp_samples: [{ labels: '{}', value: ['Queries', 'Bad last runs', 'API down'].includes(title) ? 1 : 0 }],
      },
    ]),
  );
});

const OUTCOME = '{outcome="succeeded"}';

it.each([
  ['15s', 2],
  ['60s', 6],
])('adds up bars to the number of runs if scrapes are %s apart', (scrape, filledBars) => {
  const seconds = Number.parseInt(scrape, 10);
  // As Grafana computes it: an interval and one scrape, and four scrapes at least.
  const rateInterval = Math.max(60 + seconds, 4 * seconds);
  const [expr = ''] = panelQueries({ job: JOB, __rate_interval: `${rateInterval}s`, __interval_ms: '60000' })
    .filter(({ panel, dashboard }) => dashboard === 'nfm-fleet' && panel.title === 'Runs by outcome')
    // Scrapes are not at the moments of the bars.
    .map(({ expression }) => expression.replaceAll(`[${rateInterval}s]`, `[${rateInterval}s] offset 7s`));
  const scrapesIn = (minutes: number) => (minutes * 60) / seconds;
  const query = `${own('running')}, query="q"`;
  verify(
    [
      // A run in the eleventh minute, and two in the twentieth.
      {
        series: `aws_nfm_query_runs_total{${query}, ${OUTCOME.slice(1)}`,
        values: `5x${scrapesIn(10)} 6x${scrapesIn(9) - 1} 8x${scrapesIn(40)}`,
      },
      { series: `aws_nfm_query_info{${query}, account="a", aws_region="r"}`, values: `1x${scrapesIn(60)}` },
    ],
    [
      // Bars of a minute, over half an hour.
      { expr: `sum_over_time((${expr})[30m:1m])`, eval_time: '40m', exp_samples: [{ labels: OUTCOME, value: 3 }] },
      {
        expr: `count_over_time((${expr})[30m:1m])`,
        eval_time: '40m',
        exp_samples: [{ labels: OUTCOME, value: filledBars }],
      },
    ],
    scrape,
  );
});

function expressions(title: string): string[] {
  return panelQueries({ job: JOB })
    .filter(({ panel, dashboard }) => dashboard === 'nfm-fleet' && panel.title === title)
    .map(({ expression }) => expression);
}
