import { AsyncLocalStorage } from 'node:async_hooks';
import { run } from '../../src/cli/run.ts';
import { guardStandardStreams } from '../../src/cli/standard-streams.ts';
import { CLEAN_ENVIRONMENT, type EndedCommand } from './process.ts';

type Environment = Readonly<Record<string, string | undefined>>;

guardStandardStreams();

/** The texts that the current command has written. */
const written = new AsyncLocalStorage<{ stdout: string; stderr: string }>();
/** The commands that run, and what they have changed in this process. All of them have the same environment. */
let running = 0;
let shared: Environment = {};
let restore: () => void = () => undefined;
let idle: Promise<void> = Promise.resolve();

/**
 * Runs a command of the command line in this process, which takes a fraction of the time of a process of its own. `env` is its
 * whole environment: commands with other ones wait. For commands that end without a signal, and whose process is not what the
 * test is about.
 */
export async function runCommandHere(
  args: readonly string[],
  env: Readonly<Record<string, string>> = CLEAN_ENVIRONMENT,
): Promise<EndedCommand> {
  while (running > 0 && shared !== env) {
    await idle;
  }
  if (running === 0) {
    occupy(env);
  }
  running += 1;
  const texts = { stdout: '', stderr: '' };
  try {
    const code = await written.run(texts, () => run(args));
    return { code, signal: null, ...texts };
  } finally {
    running -= 1;
    if (running === 0) {
      restore();
    }
  }
}

/** Gives this process to commands with an environment, until `restore`. */
function occupy(env: Environment): void {
  const { stdout, stderr } = process;
  const writers = { stdout: stdout.write, stderr: stderr.write };
  const outer = { ...process.env };
  const listeners = SIGNALS.map((signal) => process.listeners(signal));
  shared = env;
  setEnvironment(env);
  for (const name of ['stdout', 'stderr'] as const) {
    process[name].write = (text: string | Uint8Array) => {
      const texts = written.getStore();
      if (texts === undefined) {
        return writers[name].call(process[name], text);
      }
      texts[name] += String(text);
      return true;
    };
  }
  let end: () => void = () => undefined;
  idle = new Promise((resolve) => {
    end = resolve;
  });
  restore = () => {
    stdout.write = writers.stdout;
    stderr.write = writers.stderr;
    setEnvironment(outer);
    // Otherwise, each promise of the process takes four times as long from now on.
    written.disable();
    for (const [i, signal] of SIGNALS.entries()) {
      for (const listener of process.listeners(signal).filter((each) => !listeners[i]?.includes(each))) {
        process.off(signal, listener);
      }
    }
    end();
  };
}

/** Signals that commands handle until their process exits. */
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Changes the object that modules may have kept. */
function setEnvironment(env: Environment): void {
  for (const name of Object.keys(process.env)) {
    delete process.env[name];
  }
  Object.assign(process.env, env);
}
