import { it } from 'vitest';
import { panelQueries } from '../support/dashboard-files.ts';
import { verify } from './evaluation.ts';

const LEVELS = { workload: '$2/$3', namespace: '$2', zone: '$1' } as const;
type Level = keyof typeof LEVELS;

/** An expression of the map: the letter of a query of a panel. */
function expression(title: string, refId = 'A', level: Level = 'workload'): string {
  const queries = panelQueries({ level: LEVELS[level], compare: '1h' });
  const found = queries.find(
    (each) => each.dashboard === 'nfm-map' && each.panel.title === title && each.refId === refId,
  );
  return found?.expression ?? '';
}

const EXPORTER = 'job="network-flow-monitor", instance="a:10049"';

/** A query with results of windows of 100 s. */
function query(
  name: string,
  metricName: string,
  values: Partial<Record<'at' | 'truncated' | 'contributors', string>> = {},
) {
  const own = `${EXPORTER}, query="${name}"`;
  const monitor = 'account="a", aws_region="r", monitor="m", destination_category="INTER_AZ"';
  return [
    { series: `aws_nfm_query_info{${own}, ${monitor}, metric_name="${metricName}"}`, values: '1x120' },
    { series: `aws_nfm_query_results_window_seconds{${own}}`, values: '100x120' },
    { series: `aws_nfm_query_results_timestamp_seconds{${own}}`, values: values.at ?? '1000x120' },
    { series: `aws_nfm_query_results_truncated{${own}}`, values: values.truncated ?? '0x120' },
    { series: `aws_nfm_query_contributors{${own}}`, values: values.contributors ?? '1x120' },
  ];
}

/** Flows of a query, between ends of the form `zone;namespace;service`. */
function flow(name: string, family: string, from: string, to: string, values: string, more = '') {
  const end = (side: string, text: string) => {
    const labels = ['az', 'pod_namespace', 'service_name'].map((label) => `${side}_${label}`);
    return text.split(';').map((value, index) => `${labels[index]}="${value}"`);
  };
  const labels = [...end('local', from), ...end('remote', to)].join(', ');
  const own = `${EXPORTER}, query="${name}", account="a", aws_region="r", monitor="m"`;
  const category = to === ';;' ? 'INTERNET' : 'INTER_AZ';
  return {
    series: `aws_nfm_contributor_${family}{${own}, ${labels}, destination_category="${category}"${more}}`,
    values,
  };
}

const BYTES = 'data_transferred_bytes';
const MEGABYTES_PER_SECOND = 1e8;
const at = '90m';

/** Labels of an edge, with its color. */
function edge(source: string, target: string, color?: string): string {
  const own = `id="${source} → ${target}", source="${source}", target="${target}"`;
  return color === undefined ? `{${own}}` : `{color="${color}", ${own}}`;
}

it('names the ends of edges by level, or by the category of the destination', () => {
  const series = [
    ...query('bytes', 'DATA_TRANSFERRED'),
    flow('bytes', BYTES, 'az1;shop;cart', 'az2;pay;ledger', `${MEGABYTES_PER_SECOND}x120`),
    flow('bytes', BYTES, 'az1;shop;search', 'az2;pay;ledger', `${MEGABYTES_PER_SECOND}x120`),
    flow('bytes', BYTES, 'az1;;', ';;', `${MEGABYTES_PER_SECOND}x120`),
    flow('bytes', BYTES, 'az2;pay;ledger', 'az1;shop;cart', '7x120', ', mirror="true"'),
  ];
  const edges = (level: Level, expected: readonly (readonly [string, string, number])[]) => ({
    expr: expression('Traffic', 'A', level),
    eval_time: at,
    exp_samples: expected.map(([source, target, value]) => ({ labels: edge(source, target, '#999999'), value })),
  });
  verify(series, [
    edges('workload', [
      ['other', 'INTERNET', 1],
      ['shop/cart', 'pay/ledger', 1],
      ['shop/search', 'pay/ledger', 1],
    ]),
    edges('namespace', [
      ['other', 'INTERNET', 1],
      ['shop', 'pay', 2],
    ]),
    edges('zone', [
      ['az1', 'INTERNET', 1],
      ['az1', 'az2', 2],
    ]),
  ]);
});

it('colors edges by retransmissions per GB, if the results are of the same window', () => {
  const ends = ['az2;pay;ledger', 'az2;pay;audit', 'az2;pay;cards', 'az2;pay;fraud'];
  const series = [
    ...query('bytes', 'DATA_TRANSFERRED'),
    // The last results, of the 81st minute, are older than those for bytes.
    ...query('retransmissions', 'RETRANSMISSIONS', { at: '1000x80 900x40' }),
    ...ends.map((end) => flow('bytes', BYTES, 'az1;shop;cart', end, `${MEGABYTES_PER_SECOND}x120`)),
    // Per 100 MB.
    ...['5', '50', '500'].map((values, index) =>
      flow('retransmissions', 'retransmissions', 'az1;shop;cart', ends[index] ?? '', `${values}x120`),
    ),
  ];
  const targets = ['pay/audit', 'pay/cards', 'pay/fraud', 'pay/ledger'];
  const colored = (eval_time: string, colors: readonly string[]) => ({
    expr: expression('Traffic'),
    eval_time,
    exp_samples: targets.map((target, index) => ({ labels: edge('shop/cart', target, colors[index]), value: 1 })),
  });
  const grey = '#999999';
  verify(series, [
    colored('60m', ['#E69F00', '#D55E00', grey, '#56B4E9']),
    {
      expr: expression('Traffic', 'B'),
      eval_time: '60m',
      exp_samples: [
        { labels: edge('shop/cart', 'pay/audit'), value: 500 },
        { labels: edge('shop/cart', 'pay/cards'), value: 5_000 },
        { labels: edge('shop/cart', 'pay/ledger'), value: 50 },
      ],
    },
    colored(at, [grey, grey, grey, grey]),
    { expr: expression('Traffic', 'B'), eval_time: at, exp_samples: [] },
  ]);
});

it('lists what has changed, and what is new or gone only if the results can show it', () => {
  const [old, young] = ['az1;shop;old', 'az1;shop;young'];
  const series = [
    ...query('complete', 'DATA_TRANSFERRED'),
    ...query('truncated', 'DATA_TRANSFERRED', { truncated: '0x60 1x60' }),
    ...query('late', 'DATA_TRANSFERRED', { contributors: '_x60 1x60' }),
    flow('complete', BYTES, 'az1;shop;cart', 'az2;pay;ledger', '100x60 400x60'),
    flow('complete', BYTES, old, 'az2;pay;complete', '100x60'),
    flow('truncated', BYTES, old, 'az2;pay;truncated', '100x60'),
    flow('complete', BYTES, young, 'az2;pay;complete', '_x60 300x60'),
    flow('late', BYTES, young, 'az2;pay;late', '_x60 300x60'),
  ];
  const one = (title: string, source: string, target: string, value: number, refId = 'A') => ({
    expr: expression(title, refId),
    eval_time: at,
    exp_samples: [{ labels: edge(source, target), value }],
  });
  verify(series, [
    one('Data transferred: movers', 'shop/cart', 'pay/ledger', 3),
    one('Data transferred: movers', 'shop/cart', 'pay/ledger', 4, 'B'),
    one('Data transferred: movers', 'shop/cart', 'pay/ledger', 1, 'C'),
    one('New', 'shop/young', 'pay/complete', 3),
    one('Gone', 'shop/old', 'pay/complete', 1),
  ]);
});

it('has at most the 1,500 nodes that Grafana shows', () => {
  const ends = Array.from({ length: 800 }, (_, index) => [`az1;shop;s${index}`, `az2;pay;p${index}`] as const);
  const expr = expression('Traffic');
  const nodes = (label: string) => `count(count by (${label}) (${expr}))`;
  verify(
    [
      ...query('bytes', 'DATA_TRANSFERRED'),
      ...ends.map(([from, to]) => flow('bytes', BYTES, from, to, `${MEGABYTES_PER_SECOND}x2`)),
    ],
    [
      { expr: `count(${expr})`, eval_time: '1m', exp_samples: [{ labels: '{}', value: 700 }] },
      {
        expr: `${nodes('source')} + ${nodes('target')}`,
        eval_time: '1m',
        exp_samples: [{ labels: '{}', value: 1_400 }],
      },
    ],
  );
});
