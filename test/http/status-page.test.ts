import { createHash } from 'node:crypto';
import fc from 'fast-check';
import request from 'supertest';
import { describe, expect, test } from 'vitest';
import { API_ERRORS } from '../../src/aws/errors.ts';
import { createApp } from '../../src/http/app.ts';
import type { TargetHealth } from '../../src/http/app-options.ts';
import { PAGE_SIZE } from '../../src/http/page/page-selection.ts';
import type { QueryView } from '../../src/registry/query-view.ts';
import { anyCharacter } from '../support/any-character.ts';
import { appOptions, failingView, queryView } from './fixtures.ts';

async function page(
  views: readonly QueryView[],
  changes: Parameters<typeof appOptions>[1] = {},
  search: Record<string, string> = {},
): Promise<string> {
  const path = `${changes.routePrefix ?? ''}/?${new URLSearchParams(search)}`;
  const response = await request(createApp(appOptions(views, changes)))
    .get(path)
    .expect(200)
    .expect('Content-Type', 'text/html; charset=utf-8');
  return response.text;
}

/** The names of the queries shown, from top to bottom. */
function rows(html: string): string[] {
  return [...html.matchAll(/<th scope="row"><a [^>]*>([^<]*)</g)].map(([, name]) => name ?? '');
}

/** Where links lead that a reader can follow. */
function links(html: string): string[] {
  return [...html.matchAll(/<a [^>]*?href="([^"#][^"]*)"/g)].map(([, href]) => (href ?? '').replaceAll('&amp;', '&'));
}

/** Without markup. */
function textOf(html: string): string {
  return html
    .replaceAll('<wbr>', '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

/** The headings of groups, from top to bottom: account, region, monitor or scope. */
function groups(html: string): string[] {
  return [...html.matchAll(/<h3>(.*?)<\/h3>|<h4>(.*?)<\/h4>|<th scope="rowgroup"[^>]*>(.*?)<\/th>/g)].map(
    ([, account, region, subject]) => textOf(account ?? region ?? subject ?? ''),
  );
}

/** Cells of the first row, without markup, by column. */
function cells(html: string): Record<string, string> {
  const [, queries = ''] = html.split('<table class="queries">');
  return Object.fromEntries(
    [...queries.matchAll(/<td data-label="([^"]*)"[^>]*>(.*?)<\/td>/gs)]
      .slice(0, 5)
      .map(([, label, cell]) => [label ?? '', textOf(cell ?? '')]),
  );
}

describe('the status page', () => {
  test('shows the version and links to all endpoints', async () => {
    const html = await page([]);
    expect(html).toContain('1.2.3');
    expect(html).toContain('<html lang="en">');
    expect(links(html)).toEqual(['flows', 'metrics', 'api/v1/queries', 'api/openapi.json', '-/healthy', '-/ready']);
    expect(html).toContain('No queries are registered');
  });

  test('shows identity, status, its start, and the next poll of each query', async () => {
    const html = await page([queryView()]);
    expect(groups(html)).toEqual(['account payments', 'us-east-1', 'monitor checkout']);
    expect(html).toContain('watched, every 30s');
    expect(html).toContain('team=&quot;payments&quot;');
    expect(cells(html)).toEqual({
      Status: 'RUNNING',
      Since: '4 min ago 2026-11-24 11:55:30',
      'Last runs': '–',
      'Next poll': 'in 18 s 2026-11-24 12:00:18',
    });
    expect(html).toContain('<time datetime="2026-11-24T11:55:30Z">');
    expect(html).toContain('1 query; most urgent first. As of 2026-11-24 12:00:00, times in UTC.');
  });

  test('shows the last error of a failing query, and its last known status', async () => {
    expect(cells(await page([failingView()]))).toMatchObject({
      Status: 'failing last known: RUNNING',
      'Last error': `AccessDeniedException GetQueryStatus, 10 s ago ${failingView().lastError?.message} Allow networkflowmonitor:GetQueryStatusMonitorTopContributors. To print the required policies, run nfm-exporter iam-policy FILE.`,
    });
  });

  test.each(API_ERRORS)('shows a remedy for %s', async (error) => {
    const lastError = { operation: 'start', error, message: '', at: '2026-11-24T11:59:50Z' };
    const html = await page([failingView({ type: 'workload-insights-top-contributors', lastError })]);
    const [, hint = ''] = /<small class="hint">(.*?)<\/small>/.exec(html.replaceAll('<wbr>', '')) ?? [];
    expect(hint).toMatch(/^[A-Z].+\.$/);
    expect(hint.includes('networkflowmonitor:StartQueryWorkloadInsightsTopContributors')).toBe(
      error === 'AccessDeniedException',
    );
  });

  test('distinguishes waiting queries from those with unknown status', async () => {
    const unknown = queryView({ status: null, statusSince: null });
    expect(cells(await page([unknown]))).toMatchObject({ Status: 'unknown', Since: '–' });
    const untried = queryView({ status: null, statusSince: null, up: null, lastSuccess: null });
    expect(cells(await page([untried]))).toMatchObject({ Status: 'waiting' });
  });

  test.each([
    ['2026-11-24T12:00:00.400Z', 'now'],
    ['2026-11-24T11:58:01Z', '119 s ago'],
    ['2026-11-24T11:58:00Z', '2 min ago'],
    ['2026-11-24T10:00:01Z', '119 min ago'],
    ['2026-11-24T10:00:00Z', '2 h ago'],
    ['2026-11-22T12:00:01Z', '47 h ago'],
    ['2026-11-22T12:00:00Z', '2 d ago'],
    ['2026-11-24T12:02:30Z', 'in 2 min'],
  ])('shows %s as %s', async (statusSince, relative) => {
    expect(cells(await page([queryView({ statusSince })]))['Since']).toMatch(new RegExp(`^${relative} 2026-`));
  });

  test('groups by account, region, and monitor or scope, the most urgent first', async () => {
    const { monitorName: _, ...scoped } = queryView({ name: 's', account: 'a', scopeId: 'all' });
    const html = await page([
      queryView({ name: 'b', account: 'a' }),
      queryView({ name: 'a', account: 'a' }),
      queryView({ name: 'c', account: 'b', region: 'eu-west-1' }),
      failingView({ name: 'z', account: 'b', region: 'us-east-1', monitorName: 'shop' }),
      queryView({ name: 'd', account: 'b', region: 'us-east-1' }),
      scoped,
    ]);
    expect(groups(html)).toEqual([
      'account b',
      'us-east-1',
      'monitor shop',
      'monitor checkout',
      'eu-west-1',
      'monitor checkout',
      'account a',
      'us-east-1',
      'monitor checkout',
      'scope all',
    ]);
    expect(rows(html)).toEqual(['z', 'd', 'c', 'a', 'b', 's']);
  });

  test('lists the most urgent queries of a group first, the others by name, with counts', async () => {
    const html = await page([
      queryView({ name: 'succeeded', status: 'SUCCEEDED' }),
      queryView({ name: 'running-b' }),
      queryView({ name: 'running-a' }),
      queryView({ name: 'queued', status: 'QUEUED' }),
      queryView({ name: 'untried', status: null, up: null }),
      queryView({ name: 'unknown', status: null }),
      queryView({ name: 'canceled', status: 'CANCELED' }),
      queryView({ name: 'failed', status: 'FAILED' }),
      failingView(),
    ]);
    expect(rows(html)).toEqual([
      'failing',
      'failed',
      'canceled',
      'queued',
      'running-a',
      'running-b',
      'succeeded',
      'unknown',
      'untried',
    ]);
    const counts = /<ul class="counts".*?<\/ul>/s.exec(html)?.[0].match(/>[^<>]+(?=<\/span>)/g);
    expect(counts).toEqual(
      ['1 failing', '1 FAILED', '1 CANCELED', '1 unknown', '1 waiting', '1 QUEUED', '2 RUNNING', '1 SUCCEEDED'].map(
        (count) => `>${count}`,
      ),
    );
  });

  test('shows what differs in a fan-out, and when a scheduled query runs next', async () => {
    const scheduled = queryView({
      name: 'shop:RETRANSMISSIONS:INTER_AZ',
      metricName: 'RETRANSMISSIONS',
      destinationCategory: 'INTER_AZ',
      interval: undefined,
      schedule: { every: '5m', lookback: '5m', delay: '2m', timeout: '5m' },
      labels: {},
    });
    const html = await page([scheduled]);
    expect(rows(html)).toEqual(['Retransmissions, INTER_AZ']);
    expect(textOf(html)).toContain('shop, every 5m');
    expect(cells(html)).toMatchObject({ 'Next run': 'in 18 s 2026-11-24 12:00:18' });
    const mixed = await page([scheduled, queryView({ name: 'watched' })]);
    expect(mixed).toMatch(/<th scope="col" class="middle">Next<\/th>/);
    expect(rows(await page([{ ...scheduled, name: 'one' }]))).toEqual(['one']);
  });

  test('reports that no query matches the search', async () => {
    expect(await page([queryView()], {}, { search: 'nowhere' })).toContain('No query matches the search.');
    expect(await page([queryView()])).not.toContain('No query matches');
  });

  test('shows the health of each account and Region above the queries, expanded with a problem', async () => {
    const healthy = {
      account: 'payments',
      region: 'us-east-1',
      up: true,
      budget: { rate: 5, limit: 5 },
      credentialsError: undefined,
      identity: 'arn:aws:iam::111122223333:role/exporter',
    };
    const health = async (...targets: TargetHealth[]) => {
      const html = await page([queryView()], { targets: () => targets });
      return /<details class="health".*?<\/details>/s.exec(html)?.[0] ?? '';
    };
    const good = await health(healthy, { ...healthy, region: 'eu-west-1', up: undefined, identity: undefined });
    expect(good).not.toMatch(/<details[^>]* open/);
    expect(textOf(good)).toContain('2 without problems');
    expect(textOf(good)).toContain(
      'payments us-east-1 up 5 of 5 requests per second available arn:aws:iam::111122223333:role/exporter',
    );
    expect(textOf(good)).toContain('payments eu-west-1 waiting 5 of 5 requests per second waiting –');
    const throttled = { ...healthy, account: 'slow', budget: { rate: 2.5, limit: 5 } };
    const bad = await health(healthy, { ...throttled, up: false, credentialsError: 'no <role>' });
    expect(bad).toMatch(/<details[^>]* open/);
    expect(textOf(bad)).toContain('1 of 2 with problems');
    expect(textOf(bad)).toMatch(
      /slow us-east-1 down reduced 2\.5 of 5 .* missing no &lt;role&gt; .* payments us-east-1/,
    );
    expect(await health()).toBe('');
  });

  test('expands the two targets with the worst problems, and collapses the others', async () => {
    const target = (account: string, rate: number, up: boolean) => ({
      account,
      region: 'us-east-1',
      up,
      budget: { rate, limit: 5 },
      credentialsError: undefined,
      identity: 'i',
    });
    const targets = [
      target('good', 5, true),
      target('slow', 2, true),
      target('down-1', 5, false),
      target('down-2', 5, false),
    ];
    const html = await page([queryView()], { targets: () => targets });
    const [expanded = '', collapsed = ''] = html.split('<details id="other-targets">');
    const accounts = (part: string) =>
      [...part.matchAll(/<th scope="row">([^<]*)<\/th>/g)].map(([, account]) => account);
    expect(accounts(expanded)).toEqual(['down-1', 'down-2']);
    expect(textOf(expanded)).toContain('3 of 4 with problems');
    expect(textOf(collapsed)).toMatch(/^2 more/);
    expect(accounts(collapsed)).toEqual(['slow', 'good']);
  });

  test('shows a message and a remedy once per account and Region', async () => {
    const failing = (name: string, message: string, more: Partial<QueryView> = {}) =>
      failingView({
        name,
        lastError: { operation: 'status', error: 'CredentialsError', message, at: '2026-11-24T11:59:50Z' },
        ...more,
      });
    const views = [failing('a', 'x'), failing('b', 'x'), failing('c', 'y'), failing('d', 'x', { region: 'eu-west-1' })];
    const html = await page(views);
    const errors = [...html.matchAll(/<tr class="problem">(.*?)<\/tr>/gs)].map(([, row = '']) => textOf(row));
    const hint =
      'Check the source of the credentials of this account: environment, profile, or role and its trust policy.';
    expect(errors).toEqual([
      `CredentialsError GetQueryStatus, 10 s ago x ${hint}`,
      `CredentialsError GetQueryStatus, 10 s ago x ${hint}`,
      'CredentialsError GetQueryStatus, 10 s ago message as above',
      'CredentialsError GetQueryStatus, 10 s ago y',
    ]);
  });

  test('shows an overdue poll as due now, and counts with separators', async () => {
    const late = queryView({ nextPoll: '2026-11-24T11:59:00Z' });
    expect(cells(await page([late]))['Next poll']).toBe('now 2026-11-24 11:59:00');
    const many = Array.from({ length: 1_200 }, (_, i) => queryView({ name: `q${i}` }));
    expect(textOf(await page(many))).toContain('1,200 RUNNING');
  });

  test('splits many queries into pages, with links that keep the search', async () => {
    const many = Array.from({ length: 250 }, (_, i) => queryView({ name: `q${String(i).padStart(5, '0')}` }));
    const first = await page([...many, failingView()]);
    expect(rows(first)).toHaveLength(PAGE_SIZE);
    expect(rows(first).slice(0, 2)).toEqual(['failing', 'q00000']);
    expect(first).toContain('251 queries, page 1 of 3;');
    expect(first).toContain('250 RUNNING');
    expect(links(first).filter((href) => href.includes('page='))).toEqual(['?page=2', '?page=3']);

    const last = await page(many, {}, { search: 'q', page: '99' });
    expect(rows(last)).toHaveLength(50);
    expect(last).toContain('250 of 250 queries');
    expect(links(last).filter((href) => href.startsWith('?search='))).toEqual([
      '?search=q&status=RUNNING',
      '?search=q',
      '?search=q&page=2',
    ]);
  });

  test.each(['0', '-1', '1.5', 'x', '1e3', ''])('shows the first page for page=%s', async (number) => {
    expect(await page([queryView()], {}, { page: number })).toContain('1 query;');
  });

  test('finds queries that contain all words in name, account, region, monitor, labels, or error', async () => {
    const views = [
      queryView({ name: 'one', account: 'shop', labels: { team: 'Blue' } }),
      failingView({ name: 'two', region: 'eu-west-1' }),
      queryView({ name: 'three', monitorName: 'ingress' }),
    ];
    const found = async (search: string, status = '') => rows(await page(views, {}, { search, status }));
    expect(await found('ONE')).toEqual(['one']);
    expect(await found('  team=blue shop ')).toEqual(['one']);
    expect(await found('shop eu-west-1')).toEqual([]);
    expect(await found('accessdenied')).toEqual(['two']);
    expect(await found('ingress')).toEqual(['three']);
    expect(await found('', 'RUNNING')).toEqual(['three', 'one']);
    expect(await found('', 'failing')).toEqual(['two']);
    expect(await found('', 'nonsense')).toEqual([]);
  });

  test('keeps the search in the form, with a link to all queries', async () => {
    const html = await page([queryView()], {}, { search: '"<x>', status: 'RUNNING' });
    expect(html).toContain('value="&quot;&lt;x&gt;"');
    expect(html).toContain('<option selected>RUNNING</option>');
    expect(html).toContain('0 of 1 query (<a href="./">show all</a>)');
  });

  test('shows the last runs as a picture with a text', async () => {
    const runs = [
      { outcome: 'succeeded', at: 0, duration: 1_000 },
      { outcome: 'succeeded', at: 0, duration: 1_000 },
      { outcome: 'timed_out', at: 0, duration: undefined },
    ] as const;
    const html = await page([queryView({ recentRuns: () => runs })]);
    expect(html).toContain('aria-label="Last 3 runs: 2 succeeded, 1 timed out; last run timed out"');
    expect([...html.matchAll(/<rect class="(\w+)"/g)].map(([, shape]) => shape)).toEqual(['ok', 'ok', 'no']);
    expect(cells(await page([queryView({ recentRuns: () => [] })]))['Last runs']).toBe('–');
  });

  test('responds quickly with 10,000 queries', async () => {
    const many = Array.from({ length: 10_000 }, (_, i) =>
      queryView({
        name: `q${(i * 7919) % 10_000}`,
        account: `a${i % 20}`,
        region: `r${i % 3}`,
        monitorName: `m${i % 50}`,
        up: i % 40 !== 0,
      }),
    );
    const app = createApp(appOptions(many));
    const answered = await Promise.all(
      Array.from({ length: 3 }, async () => {
        const { text } = await request(app).get('/').query({ search: 'q1' });
        return Buffer.byteLength(text);
      }),
    );
    const begin = performance.now();
    await request(app).get('/').query({ search: 'q1' }).expect(200);
    // A request took some 30 ms when this was written; this only distinguishes linear from quadratic growth.
    expect(performance.now() - begin).toBeLessThan(2_000);
    expect(Math.max(...answered)).toBeLessThan(400_000);
  });

  test('links to each query by its encoded name, even with a lone surrogate', async () => {
    const html = await page([queryView({ name: 'a:x/y?z&' }), queryView({ name: 'b:\ud800' })]);
    expect(links(html)).toEqual(expect.arrayContaining(['?query=a%3Ax%2Fy%3Fz%26', '?query=b%3A%EF%BF%BD']));
  });

  test('links below the external URL if set, and to the telemetry path', async () => {
    const html = await page([queryView()], { externalUrl: 'https://proxy.example/nfm', telemetryPath: '/m/x' });
    const all = links(html);
    expect(all).toHaveLength(8);
    expect(all[1]).toBe('https://proxy.example/nfm/m/x');
    expect(all.every((href) => href.startsWith('https://proxy.example/nfm/'))).toBe(true);
  });

  test('has working links below a route prefix', async () => {
    const app = createApp(appOptions([queryView()], { routePrefix: '/a/b' }));
    for (const href of links(await page([queryView()], { routePrefix: '/a/b' }))) {
      await request(app).get(new URL(href, 'http://localhost/a/b/').pathname).expect(200);
    }
  });

  test('has only the import map inline, which its Content-Security-Policy allows by hash', async () => {
    const response = await request(createApp(appOptions([queryView(), failingView()]))).get('/');
    const inline = [...response.text.matchAll(/<script(?![^>]* src=)[^>]*>(.*?)<\/script>/gs)].map(
      ([, code]) => code ?? '',
    );
    const hash = createHash('sha256').update(inline.join()).digest('base64');
    expect(response.headers['content-security-policy']?.split('; ')).toEqual([
      "default-src 'none'",
      `script-src 'self' 'sha256-${hash}'`,
      "style-src 'self'",
      "connect-src 'self'",
      'img-src data:',
      "base-uri 'none'",
      "form-action 'self'",
      "frame-ancestors 'none'",
    ]);
    expect(response.text).not.toMatch(/<style| style=| on[a-z]+=/);
    expect(Object.keys(JSON.parse(inline.join()).imports)).toEqual(['idiomorph']);
  });

  test.each(['a; b', ''])('keeps the configured Content-Security-Policy %j', async (policy) => {
    const access = async () => ({ headers: { 'Content-Security-Policy': policy }, passwords: undefined });
    const { headers } = await request(createApp(appOptions([], { access })))
      .get('/')
      .expect(200);
    expect(headers['content-security-policy'] ?? '').toBe(policy);
  });

  test('requests script and style relative to itself, wherever links lead', async () => {
    const html = await page([], { externalUrl: 'https://proxy.example/nfm' });
    expect(
      [...html.matchAll(/<(?:link rel="stylesheet" href|script type="module" src)="([^"]*)"/g)].map(([, at]) => at),
    ).toEqual(['-/assets/status-page.css', '-/assets/status-page.js']);
    const app = createApp(appOptions());
    await request(app).get('/-/assets/status-page.css').expect(200).expect('Content-Type', 'text/css; charset=utf-8');
    const { text } = await request(app).get('/-/assets/idiomorph.js').expect(200);
    expect(text).toContain('export');
    await request(app).get('/-/assets/nothing.js').expect(404);
    await request(app).get('/-/assets/..%2Fapp.js').expect(404);
  });

  test('has a caption and scopes for screen readers', async () => {
    const html = await page([queryView()]);
    expect(html).toContain('Queries of account payments in us-east-1</caption>');
    expect(html.match(/<th scope="col"/g)).toHaveLength(5);
    expect(html.match(/<th scope="row">/g)).toHaveLength(1);
  });

  test('escapes every text of a query', async () => {
    /** Tags and attribute names as a browser would see them: the page's structure. */
    const structure = (html: string) =>
      (html.replaceAll('<wbr>', '').match(/<\/?[a-z][^>]*>/gi) ?? []).map((tag) => tag.replace(/"[^"]*"/g, '""'));
    const view = (text: string) =>
      failingView({
        name: text,
        type: text,
        account: text,
        region: text,
        monitorName: text,
        queryId: text,
        interval: text,
        labels: { [`l${text}`]: text },
        lastError: { operation: text, error: text, message: text, at: '2026-11-24T11:59:50Z' },
      });
    const plain = structure(await page([view('plain')]));
    const hostile = fc.oneof(
      fc.string({ unit: anyCharacter, minLength: 1 }),
      fc
        .array(
          fc.constantFrom('<', '>', '"', "'", '&', '</style>', '<script>', '<!--', '-->', '=', ' ', '${', '`', 'x'),
          {
            minLength: 1,
          },
        )
        .map((parts) => parts.join('')),
    );
    await fc.assert(
      fc.asyncProperty(hostile, async (text) => {
        expect(structure(await page([view(text)]))).toEqual(plain);
      }),
      { numRuns: 60 },
    );
  });
});
