import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import axe from 'axe-core';
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

/** Suggestions below the address bar: a renderer for each window, which takes longer than most pages of the exporter. */
const SUGGESTIONS = ['WebUIOmniboxPopup', 'WebUIOmniboxAimPopup', 'WebUIOmniboxFullPopup'];

/** Features that Playwright disables, for the same browser everywhere. Chromium uses only the last list of its arguments. */
const DISABLED_BY_PLAYWRIGHT = [
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose',
  'HttpsUpgrades',
  'HttpsFirstBalancedModeAutoEnable',
  'LensOverlay',
  'MediaRouter',
  'PaintHolding',
  'ThirdPartyStoragePartitioning',
  'AvoidCorsURLLoaderRestartOnRedirect',
  'TcpPortRandomizationWin',
  'OptimizationHints',
  'NetworkTimeServiceQuerying',
  'AimEnabled',
  'PreconnectToSearch',
];

/** Debian's Chromium, without a window. */
export function launchBrowser(): Promise<Browser> {
  const disabled = [...DISABLED_BY_PLAYWRIGHT, ...SUGGESTIONS].join(',');
  return chromium.launch({
    executablePath: onPath('chromium'),
    // Its sandbox does not allow root, the user of CI. It loads only pages of the exporter.
    args: ['--no-sandbox', '--disable-dev-shm-usage', `--disable-features=${disabled}`],
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
  // Its source is half a megabyte, and remains until the page is left.
  if (!(await page.evaluate<boolean>('"axe" in window'))) {
    await page.evaluate(axe.source);
  }
  // Only what is reported: descriptions of all elements that comply take longer than the rules.
  return page.evaluate<string[]>(`axe.run({ resultTypes: ['violations'], selectors: false }).then(({ violations }) =>
    violations.flatMap(({ id, help, nodes }) => nodes.map(({ html }) => id + ': ' + help + ': ' + html)))`);
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
