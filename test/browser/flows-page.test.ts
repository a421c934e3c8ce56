import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startBrowsedExporter } from '../support/browsed-exporter.ts';
import { accessibilityViolations, launchBrowser, openPage, PATIENCE_MS } from '../support/browser.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

test('the flows page is accessible at all widths in both themes, and leads to queries', async (scope) => {
  const url = await startBrowsedExporter(scope, { startedQueries: [{ queuedFor: '0s', runningFor: '0s' }] }, [
    {
      name: 'all',
      monitorName: 'checkout',
      metricName: ['DATA_TRANSFERRED', 'RETRANSMISSIONS', 'ROUND_TRIP_TIME'],
      destinationCategory: ['INTER_AZ', 'INTRA_AZ'],
      schedule: { every: '5m', delay: '0s' },
    },
  ]);
  await vi.waitFor(
    async () => expect(await (await fetch(`${url}/flows`)).text()).toContain('Last results of 6 queries'),
    { timeout: PATIENCE_MS, interval: 200 },
  );
  const { page, requests, complaints } = await openPage(scope, browser, `${url}/flows`);
  const violations: string[] = [];
  for (const width of [390, 768, 1280]) {
    await page.setViewportSize({ width, height: 844 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    const scrolling = '[...document.querySelectorAll(".table")].filter((each) => each.scrollWidth > each.clientWidth)';
    expect(await page.evaluate(`${scrolling}.map((each) => each.ariaLabel)`), `${width} px`).toEqual([]);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      violations.push(...(await accessibilityViolations(page)));
    }
  }
  expect(violations).toEqual([]);
  expect(await page.locator('.matrix').count()).toBe(3);
  await page.locator('.matrix td a').first().click();
  await page.getByText('Clear the filter').waitFor();
  expect(await page.locator('.flows tbody tr').count()).toBeGreaterThan(0);
  expect(requests.filter((each) => !each.startsWith(`${url}/`) && each !== 'data:,')).toEqual([]);
  expect(complaints).toEqual([]);
}, 90_000);
