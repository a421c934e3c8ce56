import { background } from '../../lib/background.ts';
import type { Clock } from '../../lib/clock.ts';
import { type Logger, wholeSeconds } from '../../lib/log.ts';
import type { StorageError } from './storage-error.ts';

const REMINDER_MS = 3_600_000;
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
  #failing: { readonly since: number; toldAt: number; bytes: number } | undefined;
  #cancelProbe: () => void = () => undefined;
  #closed = false;

  constructor(options: WriteHealthOptions) {
    this.#options = options;
  }

  get writable(): boolean {
    return this.#failing === undefined;
  }

  /** Something was written. */
  succeeded(): void {
    if (this.#failing === undefined) {
      return;
    }
    const duration = wholeSeconds(this.#options.clock.monotonic() - this.#failing.since);
    this.#failing = undefined;
    this.#cancelProbe();
    this.#options.log.info('the storage can be written again', { duration });
  }

  /** So many bytes could not be written. `isLogged`: the log says already that this begins. */
  failed(
    error: StorageError,
    { bytes, isLogged = false }: { readonly bytes: number; readonly isLogged?: boolean },
  ): void {
    const { clock, log } = this.#options;
    const now = clock.monotonic();
    if (this.#failing === undefined) {
      this.#failing = { since: now, toldAt: now, bytes };
      if (!isLogged) {
        log.error('the storage cannot be written', { error: error.code, reason: error.message });
      }
      this.#probeLater();
    } else if (now - this.#failing.toldAt >= REMINDER_MS) {
      this.#failing.toldAt = now;
      const duration = wholeSeconds(now - this.#failing.since);
      log.error('the storage still cannot be written', { error: error.code, reason: error.message, duration });
    }
    this.#failing.bytes = Math.max(this.#failing.bytes, bytes);
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
    const bytes = this.#failing?.bytes;
    if (bytes === undefined || this.#closed) {
      return;
    }
    // It tells `succeeded` or `failed` how it went.
    await this.#options.probe(bytes).catch(() => undefined);
    if (this.#failing !== undefined && !this.#closed) {
      this.#probeLater();
    }
  }
}
