import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ReloadOutcome } from '../../src/http/api/probes.ts';
import { type DaemonSettings, type RunningDaemon, runDaemon, type TestScope } from './daemon.ts';
import { temporaryFolder } from './temporary-folder.ts';
/** A daemon whose configuration file a test replaces. */
export interface ReloadedDaemon extends RunningDaemon {
  /** The configuration file. */
  readonly file: string;
  /** Writes the file without a reload. */
  write(config: Readonly<Record<string, unknown>> | string): void;
  /** Writes the file and reloads it. */
  reloadWith(config: Readonly<Record<string, unknown>> | string): Promise<ReloadOutcome>;
}

/** Starts a daemon with a configuration file. */
export async function runReloadedDaemon(
  scope: TestScope,
  config: Readonly<Record<string, unknown>>,
  settings: Omit<DaemonSettings, 'file'> = {},
): Promise<ReloadedDaemon> {
  const file = join(temporaryFolder(), 'nfm-exporter.json');
  const write = (content: Readonly<Record<string, unknown>> | string) =>
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  write(config);
  const daemon = await runDaemon(scope, config, { ...settings, file });
  return {
    ...daemon,
    file,
    write,
    reloadWith(content) {
      write(content);
      return daemon.reload();
    },
  };
}
