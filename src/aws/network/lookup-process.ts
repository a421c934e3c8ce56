import { type ChildProcess, spawn } from 'node:child_process';
import type { LookupAddress, LookupOptions } from 'node:dns';
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../lib/clock.ts';
import type { OtherResolver, Resolve } from './name-lookup.ts';

/** Threads of the process. Node uses half of these for lookups. */
const THREADS = 64;
const LOOKUPS = THREADS / 2;
/** A lookup that takes longer blocks its thread forever: the system's resolver times out much earlier. */
const LOST_AFTER_MS = 90_000;
/** Number of blocked threads at which the process is replaced. */
const MOST_LOST = LOOKUPS / 2;
const IDLE_MS = 5 * 60_000;

/** Exits at once when the parent exits: a hanging lookup would delay a normal exit. */
const PROGRAM = `
const dns = require('node:dns');
const end = () => process.kill(process.pid, 'SIGKILL');
process.on('disconnect', end);
process.on('message', ({ id, name, options }) => {
  dns.lookup(name, { ...options, all: true }, (error, addresses) => {
    const failure = error && { message: error.message, code: error.code };
    process.send({ id, failure, addresses }, undefined, undefined, () => undefined);
  });
});
`;

interface Lookup {
  readonly id: number;
  readonly name: string;
  readonly options: LookupOptions;
  /** On the monotonic clock; undefined before it is sent. */
  sentAt: number | undefined;
  readonly found: () => Promise<readonly LookupAddress[]>;
  readonly resolve: (addresses: readonly LookupAddress[]) => void;
  readonly reject: (error: Error) => void;
}

interface Message {
  readonly id: number;
  readonly failure: { readonly message: string; readonly code: string } | null;
  readonly addresses: readonly LookupAddress[];
}

/** Looks up names in a child process, which runs only while it is needed. */
export class LookupProcess implements OtherResolver {
  readonly #clock: Pick<Clock, 'monotonic' | 'setTimer'>;
  readonly #env: NodeJS.ProcessEnv;
  readonly #lookups = new Map<number, Lookup>();
  #child: ChildProcess | undefined;
  #lastId = 0;
  #cancelIdle: () => void = () => undefined;

  constructor(clock: Pick<Clock, 'monotonic' | 'setTimer'>, env: NodeJS.ProcessEnv) {
    this.#clock = clock;
    this.#env = env;
  }

  readonly resolve: Resolve = (name, options) => {
    this.#replaceIfLost();
    // A lookup may still have its thread although the caller has timed out.
    const isSame = (other: Lookup) => other.name === name && isDeepStrictEqual(other.options, options);
    const same = [...this.#lookups.values()].find((other) => isSame(other) && !this.#isLost(other));
    return same?.found() ?? this.#add(name, options);
  };

  close(): void {
    this.#end(new Error('the exporter is shutting down'));
  }

  #add(name: string, options: LookupOptions): Promise<readonly LookupAddress[]> {
    this.#lastId += 1;
    const id = this.#lastId;
    const found = new Promise<readonly LookupAddress[]>((resolve, reject) => {
      this.#lookups.set(id, { id, name, options, sentAt: undefined, found: () => found, resolve, reject });
    });
    this.#send();
    return found;
  }

  /** Sends waiting lookups to free threads. */
  #send(): void {
    this.#cancelIdle();
    this.#cancelIdle = this.#clock.setTimer(IDLE_MS, () => this.#end(processEnded()));
    const all = [...this.#lookups.values()];
    const inFlight = all.filter(({ sentAt }) => sentAt !== undefined).length;
    for (const lookup of all.filter(({ sentAt }) => sentAt === undefined).slice(0, Math.max(0, LOOKUPS - inFlight))) {
      this.#child ??= this.#start();
      lookup.sentAt = this.#clock.monotonic();
      const { id, name, options } = lookup;
      // If the send fails, the process has exited, which is handled there.
      this.#child.send({ id, name, options }, () => undefined);
    }
  }

  #replaceIfLost(): void {
    const sent = [...this.#lookups.values()].filter(({ sentAt }) => sentAt !== undefined);
    if (sent.filter((lookup) => this.#isLost(lookup)).length >= MOST_LOST) {
      this.#end(processEnded(), sent);
    }
  }

  #isLost({ sentAt }: Lookup): boolean {
    return sentAt !== undefined && this.#clock.monotonic() > sentAt + LOST_AFTER_MS;
  }

  #start(): ChildProcess {
    const child = spawn(process.execPath, ['-e', PROGRAM], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: { ...withoutSecrets(this.#env), UV_THREADPOOL_SIZE: String(THREADS) },
    });
    // Neither delays the exit of this process.
    child.unref();
    child.channel?.unref();
    const ended = () => {
      if (this.#child === child) {
        this.#end(processEnded());
      }
    };
    child.on('error', ended).on('exit', ended);
    child.on('message', (message: Message) => this.#settle(message));
    return child;
  }

  #settle({ id, failure, addresses }: Message): void {
    const lookup = this.#lookups.get(id);
    this.#lookups.delete(id);
    if (failure === null) {
      lookup?.resolve(addresses);
    } else {
      lookup?.reject(Object.assign(new Error(failure.message), { code: failure.code }));
    }
    this.#send();
  }

  /** Kills the process. The given lookups, or all, fail. */
  #end(error: Error, lookups: readonly Lookup[] = [...this.#lookups.values()]): void {
    this.#cancelIdle();
    const child = this.#child;
    this.#child = undefined;
    child?.kill('SIGKILL');
    for (const { id, reject } of lookups) {
      this.#lookups.delete(id);
      reject(error);
    }
  }
}

function processEnded(): Error {
  return Object.assign(new Error('the lookup process ended'), { code: 'EAI_AGAIN' });
}

/** The process requires the system's settings (`RES_OPTIONS`, `LOCALDOMAIN`, `PATH`), but no credentials. */
function withoutSecrets(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^AWS_|TOKEN|SECRET|PASSWORD|_PROXY$/i.test(name)));
}
