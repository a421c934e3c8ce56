import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { METRIC_NAMES } from '../../src/model/vocabulary.ts';
import type { LogEvent } from '../support/log-lines.ts';
import { type Command, startCommand } from '../support/process.ts';
import { runSimulator } from '../support/simulated-service.ts';
import { keepLedger, type StartedRun } from '../support/start-ledger.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** `npm run long:kills` kills 200 times. */
const KILLS = Number(process.env['STORAGE_KILLS'] ?? 6);

test(`killed ${KILLS} times, at any moment: no window is started twice, and no run is lost`, {
  timeout: 180_000 + KILLS * 30_000,
}, async () => {
  const scope = { onTestFinished };
  const service = await runSimulator(scope, {
    startedQueries: [{ queuedFor: '300ms', runningFor: '900ms', rows: 40 }],
  });
  const ledger = await keepLedger(scope, service.url, () => Math.random() * 150);
  const file = join(temporaryFolder(), 'nfm-exporter.json');
  writeFileSync(
    file,
    JSON.stringify({
      web: { listenAddresses: ['127.0.0.1:0'] },
      log: { level: 'debug' },
      aws: { region: 'us-east-1', endpoint: ledger.url, requestsPerSecond: 200, maxConcurrentRuns: 6 },
      discovery: { monitorsEvery: '0s' },
      storage: { path: 'storage' },
      queries: [
        {
          name: 'q',
          monitorName: 'checkout',
          metricName: METRIC_NAMES,
          destinationCategory: '*',
          schedule: { every: '1m', lookback: '1m', delay: '0s', timeout: '1m' },
        },
      ],
    }),
  );
  const events: LogEvent[] = [];
  const lost = (log: readonly LogEvent[]) => {
    const unread = ledger.started.filter(({ queryId }) => !ledger.read.has(queryId));
    const uncertain = uncertainWindows(log);
    return unread.filter(({ asked, windowEnd }) => !uncertain.includes(`${asked} ${windowEnd}`));
  };
  const run = async (life: (daemon: Command) => Promise<unknown>, signal: NodeJS.Signals) => {
    const daemon = startCommand(scope, ['--config.file', file]);
    await daemon.event('listening');
    await life(daemon);
    daemon.kill(signal);
    const ended = await daemon.ended;
    events.push(...daemon.log());
    return ended;
  };
  for (let kill = 0; kill < KILLS; kill += 1) {
    // Some kills happen during the start, some later.
    await run(() => pause(Math.random() ** 2 * 2_500), 'SIGKILL');
  }
  await run(async (daemon) => {
    await quiet(ledger.started);
    await vi.waitFor(() => expect(lost([...events, ...daemon.log()]), 'lost').toEqual([]));
  }, 'SIGTERM');

  const twice = ledger.started.filter((one, i) => ledger.started.findIndex((other) => isSameWindow(one, other)) !== i);
  const unread = ledger.started.filter(({ queryId }) => !ledger.read.has(queryId));
  const uncertain = uncertainWindows(events);
  process.stdout.write(
    `${KILLS} kills: ${ledger.started.length} runs started, ${twice.length} of them twice, results of ${ledger.read.size} read; ${uncertain.length} windows skipped as uncertain, ${unread.length} of them had been started\n`,
  );
  expect(twice, 'started twice').toEqual([]);
  expect(lost(events), 'lost').toEqual([]);
  expect(events.filter(({ level }) => level === 'error')).toEqual([]);
  expect(ledger.started.length, 'the test has had something to lose').toBeGreaterThan(KILLS / 2);
});

/** Windows that were skipped because their runs may have been started. */
function uncertainWindows(log: readonly LogEvent[]): string[] {
  return log
    .filter(({ msg }) => msg === 'window of unconfirmed run skipped')
    .map(({ query = '', window_end = '' }) => `${query.split(':').slice(1).join(' ')} ${Date.parse(window_end)}`);
}

function isSameWindow(one: StartedRun, other: StartedRun): boolean {
  return one.asked === other.asked && one.windowEnd === other.windowEnd;
}

/** Resolves when nothing was started for longer than a run takes. */
async function quiet(started: readonly StartedRun[]): Promise<void> {
  for (let before = -1; before !== started.length; ) {
    before = started.length;
    await pause(4_000);
  }
}
