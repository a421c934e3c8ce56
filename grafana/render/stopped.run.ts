import { expect, test, vi } from 'vitest';
import { launchBrowser } from '../../test/support/browser.ts';
import { startCommand } from '../../test/support/process.ts';
import { startPrometheus } from '../../test/support/prometheus.ts';
import { COLORS } from '../src/colors.ts';
import { bundle, openPanels } from './draw.ts';
import { TOP_OF_FLEET } from './pictures.ts';

const JOB = 'network-flow-monitor';
const PATIENCE = { timeout: 60_000, interval: 1_000 };

test('the top of Fleet is not green after the exporter was killed', async (scope) => {
  const code = bundle();
  const demo = startCommand(scope, ['demo', '--web.listen-address=127.0.0.1:0']);
  const targets = [new URL(await demo.url()).host];
  const from = Date.now() / 1_000;
  const prometheus = await startPrometheus(scope, [{ job_name: JOB, static_configs: [{ targets }] }]);
  const browser = await launchBrowser();
  scope.onTestFinished(() => browser.close());
  const shown = async () => {
    const range = { from, to: Date.now() / 1_000 };
    const page = await openPanels(
      browser,
      code,
      { prometheus, job: JOB, scrapeSeconds: 1 },
      range,
      'nfm-fleet',
      TOP_OF_FLEET,
    );
    const texts = await page.evaluate(() =>
      [...document.querySelectorAll('section span')]
        .filter((element) => element.children.length === 0 && element.textContent !== '')
        .map((element) => ({ text: element.textContent, color: getComputedStyle(element).color })),
    );
    await page.close();
    return texts;
  };

  await vi.waitFor(async () => expect(await prometheus.query('aws_nfm_api_up')).not.toEqual([]), PATIENCE);
  const before = await shown();
  expect(before).toContainEqual({ text: 'up', color: rgb(COLORS.green) });
  expect(before).toContainEqual({ text: '0', color: rgb(COLORS.green) });

  demo.kill('SIGKILL');
  await vi.waitFor(async () => expect(await prometheus.query(`up{job="${JOB}"} == 0`)).toHaveLength(1), PATIENCE);
  const after = await shown();
  expect(after).toContainEqual({ text: 'DOWN', color: rgb(COLORS.vermillion) });
  expect(after.filter(({ text }) => text === 'no data')).toHaveLength(TOP_OF_FLEET.length - 1);
  expect(after.filter(({ color }) => color === rgb(COLORS.green))).toEqual([]);
});

/** As the browser writes a color. */
function rgb(hex: string): string {
  const [red, green, blue] = [1, 3, 5].map((start) => Number.parseInt(hex.slice(start, start + 2), 16));
  return `rgb(${red}, ${green}, ${blue})`;
}
