import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startBrowsedExporter } from '../support/browsed-exporter.ts';
import { accessibilityViolations, launchBrowser, openPage, PATIENCE_MS } from '../support/browser.ts';
import type { TestScope } from '../support/daemon.ts';
import { fileScope } from '../support/file-scope.ts';

let browser: Browser;
/** Address of the page of a query with 500 rows of results. Tests only read it. */
let address: string;
const shared = fileScope();
beforeAll(async () => {
  browser = await launchBrowser();
  address = await startLargeQuery(shared);
});
afterAll(() => browser.close());

async function startLargeQuery(scope: TestScope): Promise<string> {
  const url = await startBrowsedExporter(
    scope,
    { startedQueries: [{ queuedFor: '0s', runningFor: '0s', rows: 500 }] },
    [
      {
        name: 'top',
        monitorName: 'checkout',
        metricName: 'ROUND_TRIP_TIME',
        destinationCategory: 'INTER_AZ',
        limit: 500,
        schedule: { every: '5m', delay: '0s' },
      },
    ],
  );
  await vi.waitFor(async () => expect((await fetch(`${url}/api/v1/queries/top/contributors`)).status).toBe(200), {
    timeout: PATIENCE_MS,
    interval: 100,
  });
  return `${url}/?query=top`;
}

const SIZE =
  '({ height: document.documentElement.scrollHeight, sideways: Math.max(0, document.documentElement.scrollWidth - innerWidth) })';

describe('the page of a query with 500 rows', () => {
  test('fits narrow and wide screens, and is accessible in both themes', async (scope) => {
    const { page, complaints } = await openPage(scope, browser, address);
    const violations: string[] = [];
    for (const [width, most] of [
      [390, 12_000],
      [768, 12_000],
      [1280, 6_000],
    ] as const) {
      await page.setViewportSize({ width, height: 844 });
      const { height, sideways } = await page.evaluate<{ height: number; sideways: number }>(SIZE);
      expect(height, `height at ${width} px`).toBeLessThan(most);
      expect(sideways, `sideways at ${width} px`).toBe(0);
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        violations.push(...(await accessibilityViolations(page)));
      }
    }
    expect(await page.locator('.flows tbody tr').count()).toBe(100);
    await page.getByRole('link', { name: /^Show all/ }).click();
    await vi.waitFor(async () => expect(await page.locator('.flows tbody tr').count()).toBeGreaterThan(300), {
      timeout: PATIENCE_MS,
      interval: 200,
    });
    expect(violations).toEqual([]);
    expect(complaints).toEqual([]);
  }, 90_000);

  test('filters while the reader types, expands rows, and copies the table', async (scope) => {
    const options = { permissions: ['clipboard-read', 'clipboard-write'] };
    const { page, complaints } = await openPage(scope, browser, address, options);
    await page.getByText('Live', { exact: true }).waitFor();
    await page.locator('.flows summary').first().click();
    await page
      .getByText(/^arn:aws:ec2/)
      .first()
      .waitFor();
    await page.getByLabel('Filter').pressSequentially('443 payments');
    await page.getByText('Clear the filter').waitFor();
    const texts = await page.locator('.flows tbody tr').allTextContents();
    expect(texts.filter((text) => !/443/.test(text) || !/payments/.test(text))).toEqual([]);
    await page.getByRole('button', { name: 'Copy as TSV' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    const copied = await page.evaluate<string>('navigator.clipboard.readText()');
    expect(copied.trim().split('\n')).toHaveLength(texts.length + 1);
    expect(complaints).toEqual([]);
  }, 90_000);

  test('sorts and filters without JavaScript', async (scope) => {
    const { page } = await openPage(scope, browser, address, { javaScriptEnabled: false });
    await page.getByLabel('Filter').fill('shop');
    await page.getByLabel('Sort by').selectOption('zones');
    await page.getByRole('button', { name: 'Show' }).click();
    await page.getByText('Clear the filter').waitFor();
    expect(new URL(page.url()).search).toBe('?query=top&search=shop&sort=zones');
    const zones = (await page.locator('.flows tbody tr .end:first-child small').allTextContents()).map(
      (text) => text.split(' · ')[0] ?? '',
    );
    expect(zones.length).toBeGreaterThan(10);
    expect(zones).toEqual(zones.toSorted());
  }, 90_000);
});
