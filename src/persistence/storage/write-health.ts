import { background } from '../../lib/background.ts';
import type { Clock } from '../../lib/clock.ts';
import { Conditions } from '../../lib/conditions.ts';
import type { Logger } from '../../lib/log.ts';
import { ignoreRefusal, type StorageError } from './storage-error.ts';

/** While nothing can be written, it is tried again at this interval. */
const PROBE_EVERY_MS = 10_000;

export interface WriteHealthOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Tries to write so many bytes; rejects with a StorageError. */
  readonly probe: (bytes: number) => Promise<void>;
}

/** Whether the storage can be written, by the last try; says so in the log when that begins and ends, and hourly between. */
export class WriteHealth {
  readonly #options: WriteHealthOptions;
  readonly #conditions: Conditions<'unwritable'>;
  /** The most bytes that could not be written; undefined while the storage can be written. */
  #failing: number | undefined;
  #cancelProbe: () => void = () => undefined;
  #closed = false;

  constructor(options: WriteHealthOptions) {
    this.#options = options;
    this.#conditions = new Conditions({
      ...options,
      level: 'error',
      begun: 'the storage cannot be written',
      lasts: 'the storage still cannot be written',
      ended: 'the storage can be written again',
    });
  }

  get writable(): boolean {
    return this.#failing === undefined;
  }

  /** Something was written. */
  succeeded(): void {
    if (this.#failing !== undefined) {
      this.#failing = undefined;
      this.#cancelProbe();
      this.#conditions.over('unwritable');
    }
  }

  /** So many bytes could not be written. `isLogged`: the log says already that this begins. */
  failed(
    error: StorageError,
    { bytes, isLogged = false }: { readonly bytes: number; readonly isLogged?: boolean },
  ): void {
    this.#conditions.found('unwritable', { error: error.code, reason: error.message }, { isLogged });
    if (this.#failing === undefined) {
      this.#probeLater();
    }
    this.#failing = Math.max(this.#failing ?? 0, bytes);
  }

  close(): void {
    this.#closed = true;
    this.#cancelProbe();
  }

  #probeLater(): void {
    this.#cancelProbe = this.#options.clock.setTimer(PROBE_EVERY_MS, () => {
      background(this.#options.log, 'probe of the storage', this.#probe());
    });
  }

  async #probe(): Promise<void> {
    const bytes = this.#failing;
    if (bytes === undefined || this.#closed) {
      return;
    }
    // It tells `succeeded` or `failed` how it went.
    await this.#options.probe(bytes).catch(ignoreRefusal);
    if (this.#failing !== undefined && !this.#closed) {
      this.#probeLater();
    }
  }
}
