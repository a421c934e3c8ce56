import { lstat, readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/log.ts';
import { TurnsByKey } from '../runtime/turns-by-key.ts';
import { setAside } from './damaged.ts';
import { kindOf } from './files.ts';
import { DamagedRecord, decodeRecord, encodeRecord, recordFileName } from './record.ts';
import { Slots } from './slots.ts';
import { codeOf, storageErrorFrom } from './storage-error.ts';

/** What the records of a folder are. */
export interface RecordKind<Value> {
  /** Of the folder, below the storage's own. */
  readonly folder: string;
  /** What one of them holds, for the log: `the runs of a query`. */
  readonly holds: string;
  /** Undefined for what is no value of this kind. */
  readonly read: (value: unknown) => Value | undefined;
  /** What could not be written is written when it can be. Else it is not: whoever wanted it has been told that it is not stored. */
  readonly keepTrying: boolean;
}

export interface RecordFolderOptions<Value> {
  /** Of the storage. */
  readonly path: string;
  readonly kind: RecordKind<Value>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Writes a file, or removes it where the content is undefined; resolves when that is durable, rejects with a StorageError. */
  readonly write: (file: string, content: string | undefined) => Promise<void>;
}

/** A change of a record that waits for its turn to be written: a newer one takes its place. */
interface Change {
  /** Undefined: to be removed. */
  content: string | undefined;
  readonly written: Promise<void>;
}

/** More than any record is; less than what a process can hold. */
const LARGEST_BYTES = 64 * 1024 * 1024;
const READ_AT_ONCE = 8;
const EXTENSION = '.json';

/** Records of one kind by a key, which is any text; each in a file of its own, so that damage costs one of them. */
export class RecordFolder<Value> {
  readonly #options: RecordFolderOptions<Value>;
  readonly #folder: string;
  readonly #reading = new Slots(READ_AT_ONCE);
  readonly #waiting = new Map<string, Change>();
  /** Changes that are not durable yet. */
  readonly #turns = new TurnsByKey();
  /** What could not be written and is to be written all the same. */
  readonly #unwritten = new Map<string, string | undefined>();

  constructor(options: RecordFolderOptions<Value>) {
    this.#options = options;
    this.#folder = join(options.path, options.kind.folder);
  }

  /** All records. What cannot be used is set aside, and the log says so. Called before anything is written. */
  async load(): Promise<Map<string, Value>> {
    const values = new Map<string, Value>();
    const files = await this.#files();
    await Promise.all(
      files.map(async (file) => {
        const record = await this.#readFile(file);
        if (record !== undefined) {
          values.set(record.key, record.value);
        }
      }),
    );
    return values;
  }

  /** One record as it is on the disk. Undefined when there is none, or none that can be used. */
  async read(key: string): Promise<Value | undefined> {
    return (await this.#readFile(recordFileName(key)))?.value;
  }

  /**
   * Stores a value, which is what JSON can hold. Resolves when it, or a newer one of that key, is durable.
   *
   * @throws StorageError when it is not
   */
  put(key: string, value: Value): Promise<void> {
    return this.#change(key, encodeRecord(key, value));
  }

  /**
   * Resolves when there is, durably, no such record.
   *
   * @throws StorageError
   */
  delete(key: string): Promise<void> {
    return this.#change(key, undefined);
  }

  /** Removes the records of all other keys, good or not, as far as that is possible. */
  async keepOnly(keys: Iterable<string>): Promise<void> {
    const kept = new Set(Array.from(keys, recordFileName));
    for (const file of await this.#files()) {
      if (!kept.has(file)) {
        await this.#options.write(join(this.#folder, file), undefined).catch(() => undefined);
      }
    }
  }

  /** Writes what could not be written. */
  retry(): void {
    for (const [key, content] of this.#unwritten) {
      if (!this.#turns.isBusy(key)) {
        this.#change(key, content).catch(() => undefined);
      }
    }
  }

  /** Resolves when all changes so far have been written, or could not be. */
  async flush(): Promise<void> {
    await this.#turns.idle();
  }

  #change(key: string, content: string | undefined): Promise<void> {
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined) {
      waiting.content = content;
      return waiting.written;
    }
    const written = this.#turns.run(key, async () => {
      this.#waiting.delete(key);
      try {
        await this.#options.write(join(this.#folder, recordFileName(key)), change.content);
        this.#unwritten.delete(key);
      } catch (error) {
        if (this.#options.kind.keepTrying) {
          this.#unwritten.set(key, change.content);
        }
        throw error;
      }
    });
    const change: Change = { content, written };
    this.#waiting.set(key, change);
    return written;
  }

  async #files(): Promise<string[]> {
    const kind = await kindOf(this.#folder);
    if (kind === undefined) {
      return [];
    }
    if (kind === 'other') {
      await this.#setAside(dirname(this.#folder), basename(this.#folder), 'it is not a folder');
      return [];
    }
    return (await readdir(this.#folder)).filter((name) => name.endsWith(EXTENSION));
  }

  #readFile(name: string): Promise<{ readonly key: string; readonly value: Value } | undefined> {
    return this.#reading.run(() => this.#readOrSetAside(name));
  }

  async #readOrSetAside(name: string): Promise<{ readonly key: string; readonly value: Value } | undefined> {
    const { log, kind } = this.#options;
    const file = join(this.#folder, name);
    try {
      const status = await lstat(file);
      if (!status.isFile() || status.size > LARGEST_BYTES) {
        throw new DamagedRecord(status.isFile() ? 'it is too large' : 'it is not a file');
      }
      const { key, value } = decodeRecord(await readFile(file, 'utf8'));
      const read = kind.read(value);
      if (read === undefined || recordFileName(key) !== name) {
        throw new DamagedRecord(read === undefined ? 'it holds something else' : 'it has the name of another record');
      }
      return { key, value: read };
    } catch (error) {
      if (error instanceof DamagedRecord) {
        await this.#setAside(this.#folder, name, error.message);
      } else if (codeOf(error) !== 'ENOENT') {
        const { code, message } = storageErrorFrom(file, error);
        log.error('a record of the storage cannot be read', { file, error: code, reason: message, lost: kind.holds });
      }
      return undefined;
    }
  }

  async #setAside(folder: string, name: string, reason: string): Promise<void> {
    const { clock, log, kind } = this.#options;
    const aside = await setAside(folder, name, clock.now());
    log.error('a damaged record of the storage is set aside', {
      file: join(folder, name),
      set_aside_as: aside,
      lost: kind.holds,
      reason,
    });
  }
}
