import { setTimeout as pass } from 'node:timers/promises';
import { test } from 'vitest';
import { launchBrowser } from '../../test/support/browser.ts';
import { startCommand } from '../../test/support/process.ts';
import { PROJECT } from '../../test/support/project.ts';
import { startPrometheus } from '../../test/support/prometheus.ts';
import { bundle, openPanels } from './draw.ts';
import { PICTURES } from './pictures.ts';

const JOB = 'network-flow-monitor';
const SCRAPE_SECONDS = 5;
/** So that the story of the demo is over. */
const MINUTES = 6;

test(`pictures of ${MINUTES} minutes of the demo`, async (scope) => {
  const page = bundle();
  const demo = startCommand(scope, ['demo', '--story', '--web.listen-address=127.0.0.1:0']);
  const targets = [new URL(await demo.url()).host];
  const from = Date.now() / 1_000;
  const prometheus = await startPrometheus(
    scope,
    [{ job_name: JOB, scrape_interval: `${SCRAPE_SECONDS}s`, static_configs: [{ targets }] }],
    [`${PROJECT}config/rules/*.yml`],
  );
  const browser = await launchBrowser();
  scope.onTestFinished(() => browser.close());
  await pass(MINUTES * 60_000);
  const range = { from, to: Date.now() / 1_000 };
  for (const { name, dashboard, panels } of PICTURES) {
    const drawn = await openPanels(
      browser,
      page,
      { prometheus, job: JOB, scrapeSeconds: SCRAPE_SECONDS },
      range,
      dashboard,
      panels,
    );
    await drawn.screenshot({ path: `${PROJECT}docs/images/dashboard-${name}.png`, fullPage: true });
    await drawn.close();
  }
});
