import dns, { type LookupAddress, type LookupOptions } from 'node:dns';
import type { Clock } from '../../lib/clock.ts';
import { LookupProcess } from './lookup-process.ts';
import type { OtherResolver, Resolve } from './name-lookup.ts';

/** If a lookup takes longer than this, it is repeated in the other process, together with all waiting lookups. */
const PATIENCE_MS = 1_000;

export interface SystemResolverOptions {
  readonly clock: Pick<Clock, 'monotonic' | 'setTimer'>;
  readonly env: NodeJS.ProcessEnv;
  /** Defaults to `dns.lookup` in this process. */
  readonly local?: Resolve;
  /** Defaults to `dns.lookup` in a process of its own. */
  readonly other?: OtherResolver;
}

/**
 * The system's resolver, with its hosts file and search domains. Node runs it (getaddrinfo) on the threads that also serve the
 * file system: four by default, two of them for lookups. Their number is fixed while the process runs, a lookup cannot be
 * canceled, and worker threads share the same four. A hanging lookup blocks a thread for up to a minute. Therefore, this
 * process runs one lookup at a time, which suffices while DNS works. If one hangs, the others run in another process, which
 * has more threads and can be killed. It is started only then, and exits when it is idle.
 */
export class SystemResolver implements OtherResolver {
  readonly #clock: SystemResolverOptions['clock'];
  readonly #local: Resolve;
  readonly #other: OtherResolver;
  /** Lookups that wait for the running one in this process. */
  readonly #waiting = new Set<() => void>();
  #busySince: number | undefined;
  /** Names whose last lookup took too long. The next one does not run in this process, whose exit would wait for it. */
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
      // The first lookup with addresses decides; if all fail, the last one.
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
        // A synchronous error must not block this process forever.
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
