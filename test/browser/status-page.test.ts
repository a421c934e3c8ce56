import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { SECRET_2Y } from '../http/secure-exporter.ts';
import { REGION, startBrowsedExporter as startExporter } from '../support/browsed-exporter.ts';
import { accessibilityViolations, launchBrowser, openPage, PATIENCE_MS } from '../support/browser.ts';
import type { TestScope } from '../support/daemon.ts';
import { fileScope } from '../support/file-scope.ts';
import { startCommand } from '../support/process.ts';
import { endlessQueries, runSimulator } from '../support/simulated-service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const HOSTILE = '</td><script>document.title = "broken"</script>';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

/** An exporter with something of everything: a query that runs, one that is refused, one that has contributors. */
async function startVaried(scope: TestScope): Promise<string> {
  const url = await startExporter(
    scope,
    {
      queries: [
        endlessQueries(REGION, 'running'),
        endlessQueries(REGION, 'denied', { monitorName: 'ledger' }),
        { ...endlessQueries(REGION, 'ended'), outcome: 'CANCELED', runningFor: '0s' },
      ],
      startedQueries: [{ queuedFor: '0s', runningFor: '0s' }],
      faults: [
        { kind: 'error', name: 'AccessDeniedException', status: 403, match: { queryId: 'denied' }, message: HOSTILE },
      ],
    },
    [
      { name: 'running', monitorName: 'checkout', queryId: 'running', labels: { team: HOSTILE } },
      { name: 'denied', monitorName: 'ledger', queryId: 'denied' },
      { name: 'ended', monitorName: 'checkout', queryId: 'ended' },
      {
        name: 'top',
        monitorName: 'checkout',
        metricName: 'RETRANSMISSIONS',
        destinationCategory: 'INTER_AZ',
        schedule: { every: '5m', delay: '0s' },
      },
    ],
  );
  await vi.waitFor(
    async () => {
      const answers = await Promise.all(
        ['running', 'denied', 'ended', 'top', 'top/contributors'].map(async (path) => {
          const response = await fetch(`${url}/api/v1/queries/${path}`);
          return response.text();
        }),
      );
      expect(answers.join()).toMatch(/"RUNNING".*"AccessDeniedException".*"CANCELED".*"SUCCEEDED".*"windowStart"/s);
    },
    { timeout: PATIENCE_MS, interval: 200 },
  );
  return url;
}

/** Texts that a table hides, or for which it scrolls sideways. */
const CLIPPED =
  '[...document.querySelectorAll(".table, .table td, .table th")].filter((each) => each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 0 && !each.closest(".unseen, thead")).map((each) => each.textContent)';

/** Times pass while the tests look, and a query that is being polled has no next poll. */
function withoutTimes(text: string): string {
  return text
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d|(in )?\d+ (s|min)( ago)?|\bnow|\bnone\b/g, 'T')
    .replace(/\s+/g, ' ')
    .replace(/T( ?T)+/g, 'T');
}

async function mainText(page: Page): Promise<string> {
  return (await page.locator('main').textContent()) ?? '';
}

describe('the status page in a browser', () => {
  describe('of queries in each state', () => {
    let url: string;
    const shared = fileScope();
    beforeAll(async () => {
      url = await startVaried(shared);
    });

    test('is accessible in both themes and narrow, calls no other host, and violates no policy', async (scope) => {
      const { page, requests, complaints } = await openPage(scope, browser, url);
      const violations = async () => {
        const found: string[] = [];
        for (const width of [390, 768, 1280]) {
          await page.setViewportSize({ width, height: 900 });
          for (const colorScheme of ['light', 'dark'] as const) {
            await page.emulateMedia({ colorScheme });
            found.push(...(await accessibilityViolations(page)));
          }
        }
        return found;
      };
      await page.getByText('Live', { exact: true }).waitFor();
      expect(await violations()).toEqual([]);
      await page.getByRole('link', { name: 'top', exact: true }).click();
      await page.getByRole('region', { name: 'Contributors' }).waitFor();
      await page.getByText('Last runs').click();
      expect(await page.locator('.bar').count()).toBeGreaterThan(10);
      await page.getByRole('link', { name: 'All queries' }).click();
      await page.getByText('Live', { exact: true }).waitFor();
      expect(await page.title()).toBe('Network Flow Monitor exporter');
      expect(requests.length).toBeGreaterThan(5);
      expect(requests.filter((each) => !each.startsWith(`${url}/`) && each !== 'data:,')).toEqual([]);
      expect(complaints).toEqual([]);
    }, 90_000);

    test('shows the same and can be searched without JavaScript', async (scope) => {
      const { page } = await openPage(scope, browser, url);
      const { page: plain } = await openPage(scope, browser, url, { javaScriptEnabled: false });
      await vi.waitFor(
        async () => {
          await plain.reload();
          expect(withoutTimes(await mainText(plain))).toBe(withoutTimes(await mainText(page)));
        },
        { timeout: PATIENCE_MS, interval: 500 },
      );
      expect(await mainText(plain)).toContain('iam-policy');
      await plain.getByLabel('Search').fill('ledger');
      await plain.getByRole('button', { name: 'Show' }).click();
      await plain.getByText('1 of 4 queries').waitFor();
      expect(await plain.locator('tbody th[scope=row] a').allTextContents()).toEqual(['denied']);
      await plain.getByRole('link', { name: 'denied' }).click();
      await plain.getByRole('heading', { name: 'denied' }).waitFor();
    }, 90_000);

    test('can be used with the keyboard only', async (scope) => {
      const { page } = await openPage(scope, browser, url);
      const reached: string[] = [];
      for (let i = 0; i < 40 && reached.at(-1) !== 'top'; i += 1) {
        await page.keyboard.press('Tab');
        reached.push(
          await page.evaluate<string>(
            '(document.activeElement.name || document.activeElement.textContent).trim().split(" ")[0]',
          ),
        );
      }
      const order = ['Skip', 'Metrics', 'Readiness', '1', 'search', 'status', 'Show', REGION, 'denied', 'ended', 'top'];
      expect(reached.filter((each, i) => order.includes(each) && reached.indexOf(each) === i)).toEqual(order);
      await page.locator('.region > summary').first().focus();
      await page.keyboard.press('Enter');
      expect(await page.getByRole('link', { name: 'top', exact: true }).isVisible()).toBe(false);
      await page.getByLabel('Search').focus();
      await page.keyboard.type('denied');
      await page.getByText('1 of 4 queries').waitFor();
      expect(await page.getByLabel('Search').inputValue()).toBe('denied');
      expect(await page.evaluate('document.activeElement.name')).toBe('search');
      expect(new URL(page.url()).search).toBe('?search=denied');
    }, 90_000);
  });

  test('shows 25 queries with problems on four screens of a phone, and clips nothing at any width', async (scope) => {
    const dead = 'arn:aws:iam::444455556666:role/nfm-read';
    const simulator = await runSimulator(scope, {
      queries: [endlessQueries(REGION, 'q{n}', { count: 20 }), endlessQueries('eu-west-1', 'other')],
      faults: [
        {
          kind: 'error',
          name: 'AccessDeniedException',
          status: 403,
          match: { queryId: 'q0' },
          message: `User is not authorized to perform: networkflowmonitor:GetQueryStatusMonitorTopContributors`,
        },
        { kind: 'error', name: 'ThrottlingException', status: 429, match: { region: 'eu-west-1' } },
        { kind: 'error', name: 'AccessDenied', status: 403, match: { operation: 'AssumeRole' } },
      ],
    });
    const file = join(temporaryFolder(), 'config.json');
    const watched = (name: string, more: object) => ({ name, monitorName: 'checkout', queryId: name, ...more });
    const config = {
      aws: { endpoint: simulator.url, stsEndpoint: simulator.url },
      accounts: [
        { name: 'default', regions: [REGION, 'eu-west-1'] },
        { name: 'payments', region: REGION, roleArn: dead },
      ],
      polling: { interval: '1s' },
      queries: [
        ...Array.from({ length: 21 }, (_, i) => watched(`q${i}`, { account: 'default', region: REGION })),
        ...['a', 'b', 'c'].map((name) => watched(name, { account: 'payments' })),
        watched('other', { account: 'default', region: 'eu-west-1' }),
      ],
    };
    writeFileSync(file, JSON.stringify(config));
    const url = await startCommand(scope, [`--config.file=${file}`, '--web.listen-address=127.0.0.1:0']).url();
    const { page } = await openPage(scope, browser, url, { viewport: { width: 390, height: 844 } });
    await page.getByText('2 of 3 with problems').waitFor();
    await page.getByText('25 queries').waitFor();
    await page.getByText('message as above').first().waitFor();
    expect(
      await page.evaluate('document.querySelector(".queries tbody th[scope=row]").getBoundingClientRect().bottom'),
    ).toBeLessThan(844);
    expect(await page.evaluate('document.documentElement.scrollHeight')).toBeLessThan(4 * 844);
    const violations: string[] = [];
    for (const width of [390, 768, 1280]) {
      await page.setViewportSize({ width, height: 844 });
      expect(await page.evaluate(CLIPPED), `${width} px`).toEqual([]);
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        violations.push(...(await accessibilityViolations(page)));
      }
    }
    expect(violations).toEqual([]);
  }, 90_000);

  test('shows 25 queries on four screens of a phone, the first one on the first screen', async (scope) => {
    const url = await startExporter(scope, { startedQueries: [{ queuedFor: '0s', runningFor: '0s' }] }, [
      {
        name: 'checkout-to-everywhere',
        monitorName: ['checkout', 'ledger'],
        metricName: ['RETRANSMISSIONS', 'TIMEOUTS', 'DATA_TRANSFERRED', 'ROUND_TRIP_TIME'],
        destinationCategory: ['INTER_AZ', 'INTRA_AZ', 'INTER_VPC'],
        schedule: { every: '5m', delay: '0s' },
      },
      { name: 'watched', monitorName: 'checkout', queryId: 'q' },
    ]);
    const { page } = await openPage(scope, browser, url, { viewport: { width: 390, height: 844 } });
    await page.getByText('25 queries').waitFor();
    expect(
      await page.evaluate('document.querySelector(".queries tbody th[scope=row]").getBoundingClientRect().bottom'),
    ).toBeLessThan(844);
    expect(await page.evaluate('document.documentElement.scrollHeight')).toBeLessThan(4 * 844);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
  }, 90_000);

  test('shows changes live without a reload, and keeps what the reader does', async (scope) => {
    const url = await startExporter(
      scope,
      { startedQueries: [{ queuedFor: '0s', runningFor: '8s' }] },
      [{ name: 'other', monitorName: 'other', queryId: 'q' }],
      ['--web.enable-admin-api'],
    );
    const { page } = await openPage(scope, browser, url);
    await page.evaluate('window.notReloaded = true');
    // Begins to run only now, however long the browser took.
    const definition = {
      monitorName: 'checkout',
      metricName: 'RETRANSMISSIONS',
      destinationCategory: 'INTER_AZ',
      schedule: { every: '1h', delay: '0s' },
    };
    await fetch(`${url}/api/v1/queries/checkout`, { method: 'PUT', body: JSON.stringify(definition) });
    await page.getByRole('link', { name: 'checkout', exact: true }).focus();
    const status = page.locator('tr', { hasText: 'checkout' }).locator('.badge').last();
    await vi.waitFor(async () => expect(await status.textContent()).toBe('RUNNING'), {
      timeout: PATIENCE_MS,
      interval: 200,
    });
    expect(await page.evaluate('document.activeElement.id')).toBe('query-checkout');
    await page.locator('.region > summary').first().click();
    await page.getByRole('link', { name: /SUCCEEDED/ }).waitFor();
    expect(await page.locator('.region').first().getAttribute('open')).toBeNull();
    await vi.waitFor(
      async () => expect(await page.locator('#news').textContent()).toMatch(/checkout is SUCCEEDED|more changes/),
      { timeout: PATIENCE_MS, interval: 200 },
    );
    expect(await page.evaluate('window.notReloaded')).toBe(true);
  }, 90_000);

  test('is live below a prefix, with authentication, and under another host name', async (scope) => {
    const webConfig = join(temporaryFolder(), 'web-config.json');
    writeFileSync(webConfig, JSON.stringify({ basic_auth_users: { alice: SECRET_2Y } }));
    const url = await startExporter(
      scope,
      { queries: [endlessQueries(REGION, 'q')] },
      [{ name: 'checkout', monitorName: 'checkout', queryId: 'q' }],
      ['--web.route-prefix=/a/b', '--web.external-url=https://proxy.example/x', `--web.config.file=${webConfig}`],
    );
    const httpCredentials = { username: 'alice', password: 'secret' };
    const { page, complaints } = await openPage(scope, browser, `${url}/a/b/`, { httpCredentials });
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByRole('link', { name: /1 RUNNING/ }).waitFor();
    expect(complaints).toEqual([]);
  }, 90_000);

  test('stays usable with 10,000 queries', async (scope) => {
    const url = await startExporter(
      scope,
      { queries: [endlessQueries(REGION, 'q{n}', { count: 10_000 })] },
      Array.from({ length: 10_000 }, (_, i) => ({
        name: `query-${i}`,
        monitorName: `monitor-${i % 40}`,
        queryId: `q${i}`,
      })),
      [],
      20,
    );
    const begin = performance.now();
    const { page } = await openPage(scope, browser, url);
    await page.getByText('page 1 of 100').waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    expect(performance.now() - begin).toBeLessThan(PATIENCE_MS);
    expect(await accessibilityViolations(page)).toEqual([]);
    // The longest time during which the page could not react to a key.
    await page.evaluate(
      'window.longest = 0; window.last = performance.now(); setInterval(() => { const now = performance.now(); window.longest = Math.max(window.longest, now - window.last); window.last = now; }, 50)',
    );
    await page.getByLabel('Search').pressSequentially('query-77');
    await page.getByText('111 of 10,000 queries').waitFor();
    expect(await page.evaluate('window.longest')).toBeLessThan(1_500);
    await page.getByRole('link', { name: 'Next' }).click();
    await vi.waitFor(async () => expect(await page.locator('.queries tbody th[scope=row]').count()).toBe(11));
  }, 90_000);
});
