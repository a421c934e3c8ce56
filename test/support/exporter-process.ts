import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { PROJECT } from './project.ts';

/** The built exporter as a process of its own. */
export interface ExporterProcess {
  /** Of its first listener: `http://HOST:PORT`. */
  readonly url: string;
  /** All that it has logged so far. */
  log(): string;
  /** Sends SIGTERM. Resolves with the exit code; null when it had to be killed. */
  stop(): Promise<number | null>;
}

/**
 * Starts `dist/main.js` and resolves when it listens. Nothing of the machine's AWS or proxy setup reaches it, only `env`.
 * What is left of it when the test ends is killed.
 */
export async function startExporter(args: readonly string[], env: NodeJS.ProcessEnv): Promise<ExporterProcess> {
  const main = `${PROJECT}dist/main.js`;
  if (!existsSync(main)) {
    throw new Error(`${main} is missing: npm run build`);
  }
  const child = spawn(process.execPath, [main, ...args], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  const address = await listening(child, () => log);
  return {
    url: `http://${address}`,
    log: () => log,
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
      return child.exitCode;
    },
  };
}

function listening(child: ChildProcess, log: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    child.stderr?.on('data', () => {
      const address = log().match(/msg="listening" address=(\S+)/)?.[1];
      if (address !== undefined) {
        resolve(address);
      }
    });
    child.once('exit', (code) => reject(new Error(`the exporter ended with ${code} before it listened:\n${log()}`)));
  });
}
