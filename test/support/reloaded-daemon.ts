import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ReloadOutcome } from '../../src/http/api/probes.ts';
import { type DaemonSettings, type RunningDaemon, runDaemon, type TestScope } from './daemon.ts';
import { temporaryFolder } from './temporary-folder.ts';
/** A daemon whose config file a test writes anew. */
export interface ReloadedDaemon extends RunningDaemon {
  /** The config file. */
  readonly file: string;
  /** Writes the file only. */
  write(config: Readonly<Record<string, unknown>> | string): void;
  /** Writes the file and has it reloaded. */
  reloadWith(config: Readonly<Record<string, unknown>> | string): Promise<ReloadOutcome>;
}

/** Starts a daemon on a config file that is there. */
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
