import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import type { TestScope } from './daemon.ts';

export interface ListeningProgram {
  readonly program: string;
  readonly args: readonly string[];
  /** Directory that is removed once the program has exited. */
  readonly folder: string;
  /** Log message when it is ready; by default, the one about its address. */
  readonly readyLine?: string;
  /** Advice if it cannot be started. */
  readonly hint: string;
}

/** Runs a program of Prometheus's family until the scope ends. Resolves to the address that it logs, once it is ready. */
export async function startListeningProgram(
  { onTestFinished }: TestScope,
  { program, args, folder, readyLine = '', hint }: ListeningProgram,
): Promise<string> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  onTestFinished(async () => {
    if (child.exitCode === null && child.pid !== undefined) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  });
  let log = '';
  return new Promise<string>((resolve, reject) => {
    child.once('error', (error) => reject(new Error(`cannot run ${program} (${error.message}): ${hint}`)));
    child.once('exit', (code) => reject(new Error(`${program} ended with ${code}:\n${log}`)));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      const found = /msg="Listening on" address=(\S+)/.exec(log)?.[1];
      if (found !== undefined && log.includes(readyLine)) {
        resolve(found);
      }
    });
  });
}
