import request from 'supertest';
import { describe, expect, test } from 'vitest';
import { createApp } from '../../src/http/app.ts';
import { appOptions, queryView } from './fixtures.ts';
import { textOf } from './html-text.ts';

const SCHEDULED = queryView({
  name: 'top:x',
  recentRuns: () => [
    { outcome: 'succeeded', at: Date.parse('2026-11-24T11:50:00Z'), duration: 12_340 },
    { outcome: 'start_failed', at: Date.parse('2026-11-24T11:55:00Z'), duration: undefined },
  ],
  metricName: 'RETRANSMISSIONS',
  destinationCategory: 'INTER_AZ',
  schedule: { every: '5m', lookback: '5m', delay: '2m', timeout: '5m' },
  contributorLabels: [],
});
const WINDOW = { windowStart: '2026-11-24T11:45:00Z', windowEnd: '2026-11-24T11:50:00Z', unit: 'Count' };

/** A row with the given ends. */
function row(localIp: string, remoteIp: string, value: number, more: object = {}): object {
  return { localIp, localAz: 'az1', remoteIp, remoteAz: 'az2', targetPort: 443, value, baseValue: value, ...more };
}

/** Returns the page of the query with these results; `undefined`: none. */
async function page(results?: object, search: Record<string, string> = {}) {
  const contributors = () => results && Promise.resolve(JSON.stringify({ ...WINDOW, baseUnit: 'count', ...results }));
  const app = createApp(appOptions([SCHEDULED], { contributors }));
  const { text, type } = await request(app)
    .get(`/?${new URLSearchParams({ query: 'top:x', ...search })}`)
    .expect(200);
  return { html: text, text: textOf(text), type };
}

/** The one-line form of each contributor, without the fields that are collapsed. */
function lines(html: string): string[] {
  const [table = ''] = /<table class="flows">.*?<\/table>/s.exec(html) ?? [];
  return [...table.matchAll(/<tr>\s*(<th scope="row">.*?)<\/tr>/gs)].map(([, cells = '']) =>
    textOf(cells.replace(/<dl.*?<\/dl>/s, '')),
  );
}

describe('the page of one query', () => {
  test('shows all facts of a scheduled query, without showing its delay as lateness', async () => {
    const { text } = await page();
    for (const fact of [
      'Status RUNNING',
      'Last success 12 s ago 2026-11-24 11:59:48',
      'Next run in 18 s',
      'Account and Region payments, us-east-1',
      'Metric and category RETRANSMISSIONS, INTER_AZ',
      'Schedule every 5m, for a window of 5m that ended 2m before',
      'start failed 5 min ago 2026-11-24 11:55:00 – succeeded 10 min ago 2026-11-24 11:50:00 12.3 s',
      'No results yet.',
    ]) {
      expect(text).toContain(fact);
    }
    expect(text).not.toContain('Next poll');
  });

  test('shows each contributor in one line with its ends, the largest first, and common fields once', async () => {
    const kubernetesMetadata = { remotePodNamespace: 'shop', remoteServiceName: 'cart', remotePodName: 'cart-1' };
    const { html, text } = await page({
      rows: [
        row('10.0.0.1', '10.1.0.1', 5, { localInstanceId: 'i-1', localRegion: 'r' }),
        row('10.0.0.2', '<b>', 1_234, { kubernetesMetadata, localRegion: 'r', targetPort: 80 }),
        row('10.0.0.3', '10.1.0.3', 0, { value: null, baseValue: null, localRegion: 'r' }),
      ],
    });
    expect(lines(html)).toEqual([
      '10.0.0.2 az1 shop/cart:80 az2 · cart-1 1,234',
      '10.0.0.1 az1 · i-1 10.1.0.1:443 az2 5',
    ]);
    expect([...html.matchAll(/<rect width="([^"]*)"/g)].map(([, width]) => width)).toEqual(['100.0', '0.4']);
    expect(html).toContain('<th scope="col" class="number">Retransmissions</th>');
    expect(text).toContain('Window 2026-11-24 11:45:00 to 2026-11-24 11:50:00 UTC. Same for all:');
    expect(text).toContain('localRegion r.');
    expect(text).toContain('2 contributors.');
  });

  test('collapses the other fields and the traversed path', async () => {
    const traversedConstructs = [
      { componentType: 'AWS::EC2::Instance', componentId: 'i-1', componentArn: 'arn:aws:ec2:::instance/i-1' },
      { componentType: 'AWS::EC2::VPCEndpoint', componentId: 'vpce-1', serviceName: 'S3' },
    ];
    const { html } = await page({
      rows: [
        row('10.0.0.1', '10.1.0.1', 5, { traversedConstructs, localInstanceArn: 'arn:aws:ec2:::instance/i-1' }),
        row('10.0.0.2', '10.1.0.2', 4),
      ],
    });
    const [collapsed = ''] = /<dl class="fields">.*?<\/dl>/s.exec(html) ?? [];
    expect(textOf(collapsed)).toContain('path Instance i-1 → VPCEndpoint vpce-1 S3');
    expect(textOf(collapsed)).toContain('localInstanceArn arn:aws:ec2:::instance/i-1');
    expect(lines(html).join()).not.toContain('arn:');
  });

  test('merges mirror rows into the row of their connection, and keeps those without one', async () => {
    const { html, text } = await page({
      rows: [
        row('10.0.0.1', '10.1.0.1', 50),
        row('10.1.0.1', '10.0.0.1', 48, { targetPort: 0 }),
        row('10.1.0.9', '10.0.0.9', 7, { targetPort: 0 }),
      ],
    });
    expect(lines(html)).toEqual(['10.0.0.1 az1 10.1.0.1:443 az2 50', '10.1.0.9 az1 10.0.0.9 remote view only · az2 7']);
    expect(text).toContain('remote view 48');
  });

  test.each([
    ['', ['a', 'b', 'c']],
    ['local', ['c', 'b', 'a']],
    ['remote', ['b', 'a', 'c']],
    ['zones', ['c', 'a', 'b']],
    ['nonsense', ['a', 'b', 'c']],
  ])('sorts by %j without a script', async (sort, order) => {
    const rows = [
      row('10.0.0.3', 'y', 30, { localSubnetId: 'a', localAz: 'az1', remoteAz: 'az3' }),
      row('10.0.0.2', 'x', 20, { localSubnetId: 'b', localAz: 'az2' }),
      row('10.0.0.1', 'z', 10, { localSubnetId: 'c', localAz: 'az1', remoteAz: 'az2' }),
    ];
    const { html } = await page({ rows }, { sort });
    expect(lines(html).map((line) => / · (\w)/.exec(line)?.[1])).toEqual(order);
  });

  test('filters by words in any field, with a link to all, and reports that none matches', async () => {
    const rows = [row('10.0.0.1', '10.1.0.1', 5), row('10.0.0.2', '10.1.0.2', 4, { targetPort: 5432 })];
    const found = await page({ rows }, { search: '5432 AZ1' });
    expect(lines(found.html)).toEqual(['10.0.0.2 az1 10.1.0.2:5432 az2 4']);
    expect(found.text).toContain('1 of 2 contributors. Clear the filter');
    expect(found.html).toContain('value="5432 AZ1"');
    expect((await page({ rows }, { search: 'nowhere' })).text).toContain('No contributor matches the filter.');
    expect((await page({ rows: [] })).text).toContain('The last results have no contributors.');
  });

  test('shows a hundred of many contributors, and all behind a link', async () => {
    const rows = Array.from({ length: 500 }, (_, i) => row(`10.0.0.${i}`, '10.1.0.1', i));
    const first = await page({ rows });
    expect(lines(first.html)).toHaveLength(100);
    expect(first.text).toContain('First 100 of 500 contributors. Show all 500');
    expect(first.html).toContain('href="?query=top%3Ax&amp;rows=all"');
    expect(lines((await page({ rows }, { rows: 'all' })).html)).toHaveLength(500);
  });

  test('serves the selected contributors as tab-separated values', async () => {
    const rows = [row('10.0.0.1', 'a\tb\nc', 5), row('10.0.0.2', 'd', 4, { localSubnetId: 's' })];
    const { html, type } = await page({ rows }, { format: 'tsv', search: '443' });
    expect(type).toBe('text/tab-separated-values');
    expect(html.split('\n').map((line) => line.split('\t'))).toEqual([
      ['value', 'unit', 'localIp', 'localAz', 'remoteIp', 'remoteAz', 'targetPort', 'localSubnetId', 'path'],
      ['5', 'count', '10.0.0.1', 'az1', 'a\\u0009b\\u000ac', 'az2', '443', '', ''],
      ['4', 'count', '10.0.0.2', 'az1', 'd', 'az2', '443', 's', ''],
      [''],
    ]);
    expect((await page({ rows })).html).toContain('href="?query=top%3Ax&amp;format=tsv"');
  });

  test('shows the newest data point of each series, added up for equal labels', async () => {
    const timestamps = ['2026-11-24T11:50:00.000Z', '2026-11-24T11:49:00.000Z'];
    const datapoints = [
      { label: 'a', timestamps, values: [1, 9], baseValues: [1, 9] },
      { label: 'b', timestamps, values: [2, 9], baseValues: [2, 9] },
      { label: 'a', timestamps, values: [4, 9], baseValues: [4, 9] },
      { label: 'none', timestamps: [], values: [], baseValues: [] },
    ];
    const { html } = await page({ datapoints });
    expect(lines(html)).toEqual(['a 5', 'b 2']);
    expect(html).toContain('Newest data point of each series.');
    expect(html).toContain('<th scope="col">Series</th>');
    expect(html).not.toMatch(/Sort by|Local →|\d contributors/);
  });

  test('reports that no query has the name', async () => {
    const app = createApp(appOptions([SCHEDULED]));
    const { text } = await request(app)
      .get('/?query=%3Cb%3E')
      .expect(404)
      .expect('Content-Type', /^text\/html/);
    expect(text).toContain('No query named &quot;&lt;b&gt;&quot; is registered.');
  });
});
