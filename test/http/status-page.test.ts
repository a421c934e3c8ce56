import { createHash } from 'node:crypto';
import fc from 'fast-check';
import request from 'supertest';
import { describe, expect, test } from 'vitest';
import { createApp } from '../../src/http/app.ts';
import type { AppOptions } from '../../src/http/app-options.ts';
import { MAX_ROWS } from '../../src/http/landing-page.ts';
import type { QueryView } from '../../src/http/query-view.ts';
import { appOptions, failingView, queryView } from './fixtures.ts';

async function page(views: readonly QueryView[], changes: Partial<AppOptions> = {}): Promise<string> {
  const path = `${changes.routePrefix ?? ''}/`;
  const response = await request(createApp(appOptions(views, changes)))
    .get(path)
    .expect(200)
    .expect('Content-Type', 'text/html; charset=utf-8');
  return response.text;
}

/** The names in the table, from top to bottom. */
function rows(html: string): string[] {
  return [...html.matchAll(/<th scope="row"><a href="[^"]*">([^<]*)</g)].map(([, name]) => name ?? '');
}

function links(html: string): string[] {
  return [...html.matchAll(/ href="([^"]*)"/g)].map(([, href]) => href ?? '');
}

/** Cells of the first row, without markup, by column. */
function cells(html: string): Record<string, string> {
  return Object.fromEntries(
    [...html.matchAll(/<td data-label="([^"]*)"[^>]*>(.*?)<\/td>/gs)].slice(0, 5).map(([, label, cell]) => [
      label ?? '',
      (cell ?? '')
        .replace(/<[^>]*>/g, ' ')
        .replace(/\s+/g, ' ')
        .trim(),
    ]),
  );
}

describe('the landing page', () => {
  test('shows the version and links to everything', async () => {
    const html = await page([]);
    expect(html).toContain('1.2.3');
    expect(html).toContain('<html lang="en">');
    expect(links(html)).toEqual(['metrics', 'api/v1/queries', 'api/openapi.json', '-/healthy', '-/ready']);
    expect(html).toContain('No queries are registered');
  });

  test('shows of each query what it is, its status, since when, and when it is polled', async () => {
    const html = await page([queryView()]);
    expect(html).toContain('monitor-top-contributors, monitor checkout');
    expect(html).toContain('account payments, us-east-1, every 30s');
    expect(html).toContain('team=&quot;payments&quot;');
    expect(cells(html)).toEqual({
      Status: 'RUNNING',
      Since: '4 min ago 2026-11-24 11:55:30',
      'Last success': '12 s ago 2026-11-24 11:59:48',
      'Next poll': 'in 18 s 2026-11-24 12:00:18',
      'Last error': 'none',
    });
    expect(html).toContain('<time datetime="2026-11-24T11:55:30Z">');
    expect(html).toContain('1 query, the worst first. As of 2026-11-24 12:00:00; all times are UTC.');
  });

  test('shows the last error of a failing query, and its status as last known', async () => {
    expect(cells(await page([failingView()]))).toMatchObject({
      Status: 'failing last known: RUNNING',
      'Last error': `AccessDeniedException status, 10 s ago ${failingView().lastError?.message}`,
    });
  });

  test('tells what was not tried yet from what is unknown', async () => {
    const unknown = queryView({ status: null, statusSince: null });
    expect(cells(await page([unknown]))).toMatchObject({ Status: 'unknown', Since: 'none' });
    const untried = queryView({ status: null, statusSince: null, up: null, lastSuccess: null });
    expect(cells(await page([untried]))).toMatchObject({ Status: 'waiting', 'Last success': 'none' });
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
  ])('tells %s as %s', async (statusSince, relative) => {
    expect(cells(await page([queryView({ statusSince })]))['Since']).toMatch(new RegExp(`^${relative} 2026-`));
  });

  test('lists the worst first, then by name, and counts them', async () => {
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
      'unknown',
      'untried',
      'queued',
      'running-a',
      'running-b',
      'succeeded',
    ]);
    const counts = /<ul class="counts".*?<\/ul>/s.exec(html)?.[0].match(/>[^<>]+(?=<\/span>)/g);
    expect(counts).toEqual(
      ['1 failing', '1 FAILED', '1 CANCELED', '1 unknown', '1 waiting', '1 QUEUED', '2 RUNNING', '1 SUCCEEDED'].map(
        (count) => `>${count}`,
      ),
    );
  });

  test('shows the worst thousand of many, and where the rest is', async () => {
    const many = Array.from({ length: 10_000 }, (_, i) => queryView({ name: `q${String(i).padStart(5, '0')}` }));
    const html = await page([...many, failingView()]);
    expect(rows(html)).toHaveLength(MAX_ROWS);
    expect(rows(html).slice(0, 2)).toEqual(['failing', 'q00000']);
    expect(html).toContain('The worst 1000 of 10001 queries; <a href="api/v1/queries">all as JSON</a>');
    expect(html).toContain('10000 RUNNING');
  });

  test('links into the API by encoded name, even for a name that no URL can hold', async () => {
    const html = await page([queryView({ name: 'a:x/y?z' }), queryView({ name: 'b:\ud800' })]);
    expect(links(html)).toEqual(
      expect.arrayContaining(['api/v1/queries/a%3Ax%2Fy%3Fz', `api/v1/queries/b%3A${encodeURIComponent('\ufffd')}`]),
    );
  });

  test('links below the external URL when one is given, to the telemetry path', async () => {
    const html = await page([queryView()], { externalUrl: 'https://proxy.example/nfm', telemetryPath: '/m/x' });
    const all = links(html);
    expect(all).toHaveLength(6);
    expect(all[0]).toBe('https://proxy.example/nfm/m/x');
    expect(all.every((href) => href.startsWith('https://proxy.example/nfm/'))).toBe(true);
  });

  test('links work below a route prefix', async () => {
    const app = createApp(appOptions([queryView()], { routePrefix: '/a/b' }));
    for (const href of links(await page([queryView()], { routePrefix: '/a/b' }))) {
      await request(app).get(new URL(href, 'http://localhost/a/b/').pathname).expect(200);
    }
  });

  test('brings exactly the style sheet that its Content-Security-Policy allows, and no script', async () => {
    const response = await request(createApp(appOptions([queryView()]))).get('/');
    const styles = [...response.text.matchAll(/<style>(.*?)<\/style>/gs)].map(([, style]) => style ?? '');
    expect(styles).toHaveLength(1);
    const hash = createHash('sha256').update(styles.join()).digest('base64');
    expect(response.headers['content-security-policy']).toContain(`style-src 'sha256-${hash}';`);
    expect(response.text).not.toMatch(/<script| style=| on[a-z]+=/);
  });

  test('has a caption and scopes, for readers who do not see it', async () => {
    const html = await page([queryView()]);
    expect(html).toContain('<caption>');
    expect(html.match(/<th scope="col">/g)).toHaveLength(6);
    expect(html.match(/<th scope="row">/g)).toHaveLength(1);
  });

  test('escapes every text of a query', async () => {
    /** Tags and attribute names as a browser would see them: the page's structure. */
    const structure = (html: string) =>
      (html.match(/<\/?[a-z][^>]*>/gi) ?? []).map((tag) => tag.replace(/"[^"]*"/g, '""'));
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
      fc.string({ unit: 'binary', minLength: 1 }),
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
