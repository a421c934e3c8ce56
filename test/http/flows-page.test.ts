import request from 'supertest';
import { describe, expect, test } from 'vitest';
import { createApp } from '../../src/http/app.ts';
import type { QueryFlows } from '../../src/http/app-options.ts';
import type { MetricName } from '../../src/model/vocabulary.ts';
import { digestOf } from '../../src/results/flow-digest.ts';
import { watchStalls } from '../support/event-loop.ts';
import { appOptions } from './fixtures.ts';
import { zoneMatrix as matrix, textOf } from './html-text.ts';

type Row = Readonly<Record<string, unknown>>;

function row(localAz: string, remoteAz: string, baseValue: number | null, more: Row = {}): Row {
  return {
    localIp: `ip-${localAz}`,
    localAz,
    remoteIp: `ip-${remoteAz}`,
    remoteAz,
    targetPort: 443,
    baseValue,
    ...more,
  };
}

const SUBJECT = {
  account: 'payments',
  region: 'us-east-1',
  scopeId: undefined,
  destinationCategory: 'INTER_AZ',
} as const;

function query(name: string, metricName: MetricName, rows: readonly Row[], more: Partial<QueryFlows> = {}): QueryFlows {
  return {
    name,
    metricName,
    ...SUBJECT,
    monitorName: name,
    seconds: 1,
    digest: digestOf(metricName, { rows }),
    ...more,
  };
}

async function page(queries: readonly QueryFlows[], changes: Parameters<typeof appOptions>[1] = {}): Promise<string> {
  async function* flows() {
    yield* queries;
  }
  const { text } = await request(createApp(appOptions([], { flows, ...changes })))
    .get('/flows')
    .expect(200)
    .expect('Content-Type', 'text/html; charset=utf-8');
  return text;
}

function worst(html: string, metricName: MetricName): string[] {
  const [, section = ''] = html.split(`<h3 id="${metricName}">`);
  const [table = ''] = section.split('</table>');
  return [...table.matchAll(/<tr>\s*(<th scope="row">.*?)<\/tr>/gs)].map(([, cells = '']) =>
    textOf(cells.replace(/<p class="promql">.*?<\/p>/gs, '')),
  );
}

describe('the flows page', () => {
  test('shows the worst flows over all queries by metric, without mirror rows, with links to their queries', async () => {
    const html = await page([
      query('a:x', 'RETRANSMISSIONS', [row('az1', 'az2', 5), row('az2', 'az1', 5, { targetPort: 0 })]),
      query('b', 'RETRANSMISSIONS', [row('az3', 'az1', 1_200), row('az1', 'az1', null)]),
      query('c', 'ROUND_TRIP_TIME', [row('az1', 'az2', 0.0015)]),
    ]);
    expect(worst(html, 'RETRANSMISSIONS')).toEqual([
      'ip-az3 az3 ip-az1:443 az1 b 1,200',
      'ip-az1 az1 ip-az2:443 az2 a:x 5',
    ]);
    expect(worst(html, 'ROUND_TRIP_TIME')).toEqual(['ip-az1 az1 ip-az2:443 az2 c 1.5 ms']);
    expect(html).toContain('href="./?query=a%3Ax&amp;search=ip-az1+ip-az2"');
    expect(textOf(html)).toContain('Last results of 3 queries');
    expect(html).not.toContain('id="TIMEOUTS"');
  });

  test('adds up bytes and counts from zone to zone, and shows the highest round-trip time', async () => {
    const rows = [row('az1', 'az2', 1_000), row('az1', 'az2', 500), row('az2', 'az1', 9, { targetPort: 0 })];
    const html = await page([
      query('a', 'DATA_TRANSFERRED', [...rows, row('az1', '', 7_000)]),
      query('b', 'DATA_TRANSFERRED', [row('az1', 'az2', 500), row('az3', 'az3', 20)]),
      query('c', 'ROUND_TRIP_TIME', [row('az1', 'az2', 0.001), row('az1', 'az2', 0.003)]),
    ]);
    expect(matrix(html, 'Data transferred')).toEqual([
      ['local → remote', 'az2', 'az3'],
      ['az1', '2 kB/s', '–'],
      ['az3', '–', '20 B/s'],
    ]);
    expect(matrix(html, 'Highest round-trip time')).toEqual([
      ['local → remote', 'az2'],
      ['az1', '3 ms'],
    ]);
    expect([...html.matchAll(/class="heat(\d)"/g)].map(([, heat]) => heat)).toEqual(['4', '0', '4']);
    expect(html).toContain('href="./?query=c&amp;search=az1+az2"');
  });

  test('distinguishes zone pairs whose names have spaces', async () => {
    const html = await page([query('a', 'RETRANSMISSIONS', [row('az 1', '2', 5), row('az', '1 2', 7)])]);
    expect(matrix(html, 'Retransmissions')).toEqual([
      ['local → remote', '1 2', '2'],
      ['az', '7/s', '–'],
      ['az 1', '–', '5/s'],
    ]);
  });

  test('shows values between zones per second, and counts queries of one subject once', async () => {
    const html = await page([
      query('a', 'RETRANSMISSIONS', [row('az1', 'az2', 60)], { monitorName: 'm', seconds: 300 }),
      query('b', 'RETRANSMISSIONS', [row('az1', 'az2', 30)], { monitorName: 'm', seconds: 60 }),
      query('c', 'RETRANSMISSIONS', [row('az1', 'az2', 30)], { monitorName: 'n', seconds: 3_600 }),
    ]);
    expect(matrix(html, 'Retransmissions per second')).toEqual([
      ['local → remote', 'az2'],
      ['az1', '0.508/s'],
    ]);
    expect(html).toContain('href="./?query=b&amp;search=az1+az2"');
  });

  test('keeps the matrix small with many zones', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => row(`az${i}`, 'z', i));
    const html = await page([query('a', 'RETRANSMISSIONS', rows)]);
    expect(matrix(html, 'Retransmissions')).toHaveLength(13);
    expect(html).toContain('28 pairs of other zones are not shown.');
  });

  test('shows PromQL, with links if the URLs of Prometheus and Grafana are set', async () => {
    const queries = [query('say "hi"', 'TIMEOUTS', [row('az1', 'az2', 5)])];
    const plain = await page(queries);
    expect(plain).toContain('<code>topk(10, aws_nfm_contributor_timeouts)</code>');
    expect(plain).toContain('topk(10, aws_nfm_contributor_timeouts{query=&quot;say \\&quot;hi\\&quot;&quot;})');
    expect(plain).not.toMatch(/>(Prometheus|Grafana)<\/a>/);
    const linked = await page(queries, { prometheusUrl: 'https://p.example/x', grafanaUrl: 'https://g.example' });
    const hrefs = [...linked.matchAll(/href="(https:[^"]*)"/g)].map(
      ([, href = '']) => new URL(href.replaceAll('&amp;', '&')),
    );
    expect(hrefs.map(({ origin, pathname }) => origin + pathname)).toEqual([
      'https://p.example/x/graph',
      'https://g.example/explore',
      'https://p.example/x/graph',
      'https://g.example/explore',
    ]);
    expect(hrefs[0]?.searchParams.get('g0.expr')).toBe('topk(10, aws_nfm_contributor_timeouts)');
    expect(JSON.parse(hrefs[3]?.searchParams.get('panes') ?? '').nfm.queries[0].expr).toContain(
      '{query="say \\"hi\\""}',
    );
  });

  test('reports that there are no results, and escapes texts', async () => {
    expect(await page([])).toContain('No scheduled query has results yet.');
    const hostile = '<script>"\'&';
    const html = await page([query(hostile, 'RETRANSMISSIONS', [row(hostile, hostile, 5)])]);
    expect(html).not.toContain('<script>"');
  });

  test('has no styles or scripts inline, and works below the external URL', async () => {
    const html = await page([query('a', 'RETRANSMISSIONS', [row('az1', 'az2', 5)])], {
      externalUrl: 'https://proxy.example/nfm',
    });
    expect(html).not.toMatch(/<style| style=| on[a-z]+=/);
    expect(html).toContain('href="https://proxy.example/nfm/?query=a');
  });

  test('does not block the event loop with 10,000 queries', async () => {
    const rows = Array.from({ length: 20 }, (_, i) => row(`az${i % 3}`, `az${i % 4}`, i));
    const text = JSON.stringify(digestOf('RETRANSMISSIONS', { rows }));
    async function* flows() {
      for (let i = 0; i < 10_000; i += 1) {
        if (i % 25 === 0) {
          await new Promise((resolve) => setImmediate(resolve));
        }
        const name = `q${i}`;
        yield {
          name,
          metricName: 'RETRANSMISSIONS' as const,
          ...SUBJECT,
          monitorName: name,
          seconds: 300,
          digest: JSON.parse(text),
        };
      }
    }
    const app = createApp(appOptions([], { flows }));
    await request(app).get('/flows').expect(200);
    const longest = watchStalls();
    const begin = performance.now();
    await request(app).get('/flows').expect(200);
    // The slices are a small part of the whole, however busy the machine is.
    expect(longest()).toBeLessThan(Math.max(50, (performance.now() - begin) / 2));
  });
});
