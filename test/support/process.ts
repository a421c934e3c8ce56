import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestScope } from './daemon.ts';
import { type LogEvent, parseLogLine } from './log-lines.ts';
import { PROJECT } from './project.ts';

const MAIN = `${PROJECT}dist/main.js`;

/** Credentials that nothing but a simulator takes, and nothing of the machine's AWS, proxy or trust settings. */
export const CLEAN_ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: process.env['PATH'] ?? '',
  HOME: '/nonexistent',
  AWS_ACCESS_KEY_ID: 'AKIATESTTESTTESTTEST',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_EC2_METADATA_DISABLED: 'true',
};

export interface EndedCommand {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The built command line as a child process. */
export interface Command {
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  /** The whole lines of stderr so far. Throws when one of them is no log event. */
  log(): LogEvent[];
  /** The first event with this message, once it is there. Rejects when the command ends without it. */
  event(msg: string): Promise<LogEvent>;
  /** So many events with this message, once they are there. */
  events(msg: string, count: number): Promise<LogEvent[]>;
  /** `http://HOST:PORT` of its first listener, once it listens. */
  url(): Promise<string>;
  kill(signal: NodeJS.Signals): void;
  /** Stops to read its stdout and stderr, as a reader does that ends: further writes fail. */
  hangUp(): void;
  /** Resolves when it has ended and all that it wrote is here. */
  readonly ended: Promise<EndedCommand>;
}

/**
 * Starts `dist/main.js` with `args`. What is left of it when the test ends is killed. `env` is all of its environment; as
 * root, `uid` makes it another user's. `through`: a command that runs the one that follows it. `sockets`: descriptors that
 * it inherits, from 3 on.
 */
export function startCommand(
  { onTestFinished }: TestScope,
  args: readonly string[],
  env: Readonly<Record<string, string>> = CLEAN_ENVIRONMENT,
  uid: number = process.getuid?.() ?? 0,
  { through = [], sockets = [] }: { readonly through?: readonly string[]; readonly sockets?: readonly number[] } = {},
): Command {
  const [program = '', ...rest] = [...through, process.execPath, MAIN, ...args];
  const child = spawn(program, rest, { env, uid, stdio: ['ignore', 'pipe', 'pipe', ...sockets] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let stdout = '';
  let stderr = '';
  if (child.stdout === null || child.stderr === null) {
    throw new Error('no pipes');
  }
  const [out, err] = [child.stdout, child.stderr];
  out.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  err.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = once(child, 'close').then(
    (): EndedCommand => ({ code: child.exitCode, signal: child.signalCode, stdout, stderr }),
  );

  const log = () => stderr.split('\n').slice(0, -1).map(parseLogLine);
  const events = (msg: string, count: number) =>
    new Promise<LogEvent[]>((resolve, reject) => {
      const look = () => {
        const found = stderr.includes(msg) ? log().filter((each) => each['msg'] === msg) : [];
        if (found.length >= count) {
          resolve(found.slice(0, count));
        }
      };
      look();
      err.on('data', look);
      void ended.then(({ code }) => reject(new Error(`ended with ${code}, without ${count} "${msg}":\n${stderr}`)));
    });
  const event = async (msg: string): Promise<LogEvent> => (await events(msg, 1))[0] ?? {};
  return {
    // Undefined only where it could not be started, which its end then says.
    pid: child.pid ?? 0,
    stdout: () => stdout,
    stderr: () => stderr,
    log,
    event,
    events,
    url: async () => `http://${(await event('listening'))['address']}`,
    kill(signal) {
      child.kill(signal);
    },
    hangUp() {
      out.destroy();
      err.destroy();
    },
    ended,
  };
}

/** Runs `dist/main.js` to its end. */
export function runCommand(
  scope: TestScope,
  args: readonly string[],
  env?: Readonly<Record<string, string>>,
): Promise<EndedCommand> {
  return startCommand(scope, args, env).ended;
}
