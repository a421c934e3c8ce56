import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import axe, { type AxeResults } from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import type { TestScope } from './daemon.ts';

/** Timeout of operations in Chromium, which may be slow on a busy machine. */
export const PATIENCE_MS = 25_000;

/** A page that records what a reader would not see. */
export interface WatchedPage {
  readonly page: Page;
  /** Requested addresses. */
  readonly requests: readonly string[];
  /** Errors in the browser: script errors, violations of the Content-Security-Policy, 404s. */
  readonly complaints: readonly string[];
}

/** Debian's Chromium, without a window. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: onPath('chromium'),
    // Its sandbox does not allow root, the user of CI. It loads only pages of the exporter.
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
}

/** A page in a profile of its own, which is removed when the test ends. */
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

/** The violations that axe finds on the page, one per line. */
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
      // It may be in another directory.
    }
  }
  throw new Error(`${command} is not on the PATH: npm test installs it`);
}
