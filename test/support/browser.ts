import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import axe, { type AxeResults } from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import type { TestScope } from './daemon.ts';

/** Chromium on a machine that tests keep busy: some things take long, and none hangs longer than this. */
export const PATIENCE_MS = 25_000;

/** A page that keeps what a reader would not see. */
export interface WatchedPage {
  readonly page: Page;
  /** Addresses that it has asked for. */
  readonly requests: readonly string[];
  /** What the browser has complained about: errors of scripts, what the Content-Security-Policy has stopped, 404s. */
  readonly complaints: readonly string[];
}

/** Debian's Chromium, without a window. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: onPath('chromium'),
    // Its sandbox refuses to be used by root, whom CI runs as; it sees no page but ours.
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
}

/** A page in a profile of its own, that is gone when the test ends. */
export async function openPage(
  { onTestFinished }: TestScope,
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  onTestFinished(() => context.close());
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') {
      complaints.push(message.text());
    }
  });
  await page.goto(url);
  return { page, requests, complaints };
}

/** What axe finds fault with on the page as it is, a line each. */
export async function accessibilityViolations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<AxeResults>('axe.run()');
  return violations.flatMap(({ id, help, nodes }) => nodes.map(({ html }) => `${id}: ${help}: ${html}`));
}

function onPath(command: string): string {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const file = join(folder, command);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // In another folder, then.
    }
  }
  throw new Error(`${command} is not on the PATH: npm test installs it`);
}
