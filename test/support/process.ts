import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestScope } from './daemon.ts';
import { type LogEvent, parseLogLine } from './log-lines.ts';
import { PROJECT } from './project.ts';

const MAIN = `${PROJECT}dist/main.js`;

/** Credentials that only a simulator accepts, without the machine's AWS, proxy, or trust settings. */
export const CLEAN_ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: process.env['PATH'] ?? '',
  HOME: '/nonexistent',
  AWS_ACCESS_KEY_ID: 'AKIATESTTESTTESTTEST',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_EC2_METADATA_DISABLED: 'true',
};

export interface EndedCommand {
  /** Null if a signal ended it. */
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
  /** The complete lines of stderr so far. @throws Error for a line that is not a log event */
  log(): LogEvent[];
  /** Resolves to the first event with this message. Rejects if the command exits without it. */
  event(msg: string): Promise<LogEvent>;
  /** Resolves to a number of events with this message. */
  events(msg: string, count: number): Promise<LogEvent[]>;
  /** `http://HOST:PORT` of its first listener, once it listens. */
  url(): Promise<string>;
  kill(signal: NodeJS.Signals): void;
  /** Closes its stdout and stderr, as a reader that exits: further writes fail. */
  hangUp(): void;
  /** Resolves when it has exited and all of its output is read. */
  readonly ended: Promise<EndedCommand>;
}

/**
 * Starts `dist/main.js` with `args`, and kills it when the test ends. `env` is its whole environment. `uid` runs it as another
 * user, if tests run as root. `through`: a command that runs the following command. `sockets`: descriptors that it inherits,
 * from 3 on.
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
          err.off('data', look);
          resolve(found.slice(0, count));
        }
      };
      err.on('data', look);
      look();
      void ended.then(({ code }) => reject(new Error(`ended with ${code}, without ${count} "${msg}":\n${stderr}`)));
    });
  const event = async (msg: string): Promise<LogEvent> => (await events(msg, 1))[0] ?? {};
  return {
    // Undefined only if it could not be started, which its exit reports.
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

/** Runs `dist/main.js` until it exits. */
export function runCommand(
  scope: TestScope,
  args: readonly string[],
  env?: Readonly<Record<string, string>>,
): Promise<EndedCommand> {
  return startCommand(scope, args, env).ended;
}
