import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { startDaemon } from '../../src/daemon/daemon.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { loadConfig } from '../../src/queries/load.ts';
import { daemonOptions, setAwsEnvironment } from '../support/daemon.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('keeps watching the configuration file after an unexpectedly failed reload', async ({ onTestFinished }) => {
  setAwsEnvironment({});
  const file = join(temporaryFolder({ onTestFinished }), 'config.json');
  const write = (level: string) =>
    writeFileSync(file, JSON.stringify({ aws: { region: 'us-east-1' }, log: { level } }));
  write('info');
  const read = { file, env: {}, fallbackRegion: async () => undefined };
  const log = new RecordingLog();
  const levels: string[] = [];
  const options = daemonOptions({
    loaded: await loadConfig(JSON.stringify({ aws: { region: 'us-east-1' } }), read),
    read,
    clock: systemClock,
    log,
    autoReloadInterval: 20,
  });
  const daemon = await startDaemon({
    ...options,
    config: {
      ...options.config,
      setLogLevel(level) {
        levels.push(level);
        if (level === 'warn') {
          throw new Error('planted');
        }
      },
    },
  });
  onTestFinished(() => daemon.stop(1_000));
  const eventually = { timeout: 10_000, interval: 20 };
  await vi.waitFor(() => expect(levels).toContain('info'), eventually);
  write('warn');
  await vi.waitFor(() => expect(levels).toContain('warn'), eventually);
  write('debug');
  await vi.waitFor(() => expect(levels).toContain('debug'), eventually);
  expect(log.events.filter(({ level }) => level === 'error')).toEqual([
    { level: 'error', msg: 'background work failed', fields: expect.objectContaining({ reason: 'planted' }) },
  ]);
});
