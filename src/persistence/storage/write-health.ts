import { background } from '../../lib/background.ts';
import { Conditions } from '../../lib/conditions.ts';
import type { Context } from '../../lib/context.ts';
import { ignoreRefusal, type StorageError } from './storage-error.ts';

/** Interval of the probes while the storage is not writable. */
const PROBE_EVERY_MS = 10_000;

export interface WriteHealthOptions extends Omit<Context, 'shutdown'> {
  /** Writes a probe of a number of bytes; rejects with a StorageError. */
  readonly probe: (bytes: number) => Promise<void>;
}

/** Whether the last write to the storage succeeded. Logs when writes start to fail, hourly until they recover, and then. */
export class WriteHealth {
  readonly #options: WriteHealthOptions;
  readonly #conditions: Conditions<'unwritable'>;
  /** The largest number of bytes that could not be written; undefined while the storage is writable. */
  #failing: number | undefined;
  #cancelProbe: () => void = () => undefined;
  #closed = false;

  constructor(options: WriteHealthOptions) {
    this.#options = options;
    this.#conditions = new Conditions({
      ...options,
      level: 'error',
      begun: 'storage not writable',
      lasts: 'storage still not writable',
      ended: 'storage writable again',
    });
  }

  get writable(): boolean {
    return this.#failing === undefined;
  }

  succeeded(): void {
    if (this.#failing !== undefined) {
      this.#failing = undefined;
      this.#cancelProbe();
      this.#conditions.over('unwritable');
    }
  }

  /** Records a failed write and its size in bytes. `isLogged`: the start of the failure is in the log already. */
  failed(error: StorageError, bytes: number, isLogged = false): void {
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
    const { clock, log } = this.#options;
    this.#cancelProbe = clock.setTimer(PROBE_EVERY_MS, () => background(log, 'probe of the storage', this.#probe()));
  }

  async #probe(): Promise<void> {
    if (!this.#closed) {
      // The probe calls `succeeded` or `failed`.
      await this.#options.probe(this.#failing ?? 0).catch(ignoreRefusal);
    }
    if (this.#failing !== undefined && !this.#closed) {
      this.#probeLater();
    }
  }
}
