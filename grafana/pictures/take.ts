import { setTimeout as pass } from 'node:timers/promises';
import { test } from 'vitest';
import { startCommand } from '../../test/support/process.ts';
import { PROJECT } from '../../test/support/project.ts';
import { startPrometheus } from '../../test/support/prometheus.ts';
import { drawPictures } from './draw-pictures.ts';

const JOB = 'network-flow-monitor';
/** So that the story of the demo is over. */
const MINUTES = 6;

test(`pictures of ${MINUTES} minutes of the demo`, async (scope) => {
  const demo = startCommand(scope, ['demo', '--story', '--web.listen-address=127.0.0.1:0']);
  const targets = [new URL(await demo.url()).host];
  const from = Date.now() / 1_000;
  const prometheus = await startPrometheus(scope, [
    { job_name: JOB, scrape_interval: '5s', static_configs: [{ targets }] },
  ]);
  await pass(MINUTES * 60_000);
  await drawPictures(prometheus, { from, to: Date.now() / 1_000 }, JOB, `${PROJECT}docs/images`);
});
