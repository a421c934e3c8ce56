import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { createApp } from '../../src/http/app.ts';
import { appOptions, queryView, REPLICAS_VIEW } from '../http/fixtures.ts';
import { accessibilityViolations, launchBrowser, openPage } from '../support/browser.ts';
import { listenOnLoopback } from '../support/loopback-server.ts';

test('the members of replicas are accessible in both themes and narrow', async (scope) => {
  const browser = await launchBrowser();
  scope.onTestFinished(() => browser.close());
  const replicas = {
    view: () => ({ ...REPLICAS_VIEW, engine: { ...REPLICAS_VIEW.engine, up: false } }),
    standby: () => undefined,
  };
  const url = await listenOnLoopback(scope, createServer(createApp(appOptions([queryView()], { replicas }))));
  const { page } = await openPage(scope, browser, url);
  await page.getByRole('region', { name: 'Members of the replicas' }).waitFor();
  const found: string[] = [];
  for (const width of [390, 1280]) {
    await page.setViewportSize({ width, height: 900 });
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      found.push(...(await accessibilityViolations(page)));
    }
  }
  expect(found).toEqual([]);
}, 90_000);
