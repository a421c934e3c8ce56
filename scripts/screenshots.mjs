// Takes the pictures of the status page in docs/images from the demo: once its queries have run some times, in both
// themes. Needs `npm run build` and Chromium, and some minutes.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { listening } from './listening.mjs';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const RUNS = 5;
const PATIENCE_MS = 10 * 60_000;

const demo = spawn(process.execPath, [`${PROJECT}dist/main.js`, 'demo', '--web.listen-address=127.0.0.1:0'], {
  stdio: ['ignore', 'ignore', 'pipe'],
});
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
try {
  const url = `http://${await listening(demo)}/`;
  const page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
  await page.goto(url);
  await page
    .locator('.runs')
    .filter({ has: page.locator(`rect:nth-of-type(${RUNS})`) })
    .first()
    .waitFor({ timeout: PATIENCE_MS });
  for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: `${PROJECT}docs/images/status-page-${colorScheme}.png` });
  }
} finally {
  await browser.close();
  demo.kill('SIGKILL');
}
