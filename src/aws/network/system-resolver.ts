import dns, { type LookupAddress, type LookupOptions } from 'node:dns';
import type { Clock } from '../../lib/clock.ts';
import { LookupProcess } from './lookup-process.ts';
import type { OtherResolver, Resolve } from './name-lookup.ts';

/** A lookup that takes longer than this moves to the other process, and so do all that wait behind it. */
const PATIENCE_MS = 1_000;

export interface SystemResolverOptions {
  readonly clock: Pick<Clock, 'monotonic' | 'setTimer'>;
  /** Of the other process. */
  readonly env: NodeJS.ProcessEnv;
  /** Defaults to `dns.lookup` in this process. */
  readonly local?: Resolve;
  /** Defaults to `dns.lookup` in a process of its own. */
  readonly other?: OtherResolver;
}

/**
 * The system's resolver, with its hosts file and search domains. Node runs it (getaddrinfo) on the threads that the file
 * system needs too: four by default, of which lookups get two. Their number cannot be changed once the process runs, a lookup
 * cannot be canceled, and worker threads share the same four. A hanging name keeps a thread for up to a minute. So this process
 * does one lookup at a time, which is enough as long as DNS works. If one hangs, the others are done in another
 * process, which has more threads and can be killed. That process is started only then, and ends when it is idle.
 */
export class SystemResolver implements OtherResolver {
  readonly #clock: SystemResolverOptions['clock'];
  readonly #local: Resolve;
  readonly #other: OtherResolver;
  /** Lookups that wait for the one in this process. */
  readonly #waiting = new Set<() => void>();
  #busySince: number | undefined;
  /** Names whose last lookup took too long: the next is not done in this process, whose exit would wait for it. */
  readonly #slow = new Set<string>();

  constructor({ clock, env, local = lookupHere, other = new LookupProcess(clock, env) }: SystemResolverOptions) {
    this.#clock = clock;
    this.#local = local;
    this.#other = other;
  }

  readonly resolve: Resolve = (name, options) => {
    const isHanging = this.#busySince !== undefined && this.#clock.monotonic() >= this.#busySince + PATIENCE_MS;
    if (isHanging || this.#slow.has(name)) {
      return this.#elsewhere(name, options);
    }
    return new Promise((resolve, reject) => {
      // The first that finds addresses decides; if none does, the last.
      let running = 1;
      const fail = (error: unknown) => {
        running -= 1;
        if (running === 0) {
          reject(error);
        }
      };
      const begin = () => {
        this.#waiting.delete(begin);
        this.#busySince = this.#clock.monotonic();
        const ended = () => {
          cancel();
          this.#busySince = undefined;
          const [next] = this.#waiting;
          next?.();
        };
        // What it throws at once must not leave this process busy for ever.
        Promise.resolve()
          .then(() => this.#local(name, options))
          .finally(ended)
          .then(resolve, fail);
      };
      const cancel = this.#clock.setTimer(PATIENCE_MS, () => {
        if (!this.#waiting.delete(begin)) {
          running += 1;
          this.#slow.add(name);
        }
        this.#elsewhere(name, options).then(resolve, fail);
      });
      if (this.#busySince === undefined) {
        begin();
      } else {
        this.#waiting.add(begin);
      }
    });
  };

  close(): void {
    this.#other.close();
  }

  async #elsewhere(name: string, options: LookupOptions): Promise<readonly LookupAddress[]> {
    const addresses = await this.#other.resolve(name, options);
    this.#slow.delete(name);
    return addresses;
  }
}

function lookupHere(name: string, options: LookupOptions): Promise<readonly LookupAddress[]> {
  return dns.promises.lookup(name, { ...options, all: true });
}
