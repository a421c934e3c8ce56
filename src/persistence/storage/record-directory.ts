import { access, constants, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import pLimit from 'p-limit';
import { background } from '../../lib/background.ts';
import { TurnsByKey } from '../../lib/concurrency.ts';
import type { Context } from '../../lib/context.ts';
import { kindOf, removeOldSetAside, setAside } from './files.ts';
import { DamagedRecord, encodeRecord, readRecord, recordFileName, recordSize } from './record.ts';
import { codeOf, ignoreRefusal, StorageError, storageErrorFrom } from './storage-error.ts';

/** A kind of records, which has a directory of its own. */
export interface RecordKind<Value> {
  /** Name of the directory in the storage. */
  readonly directory: string;
  /** Content of one record, for the log (for example, `the runs of a query`). */
  readonly holds: string;
  /** Returns undefined for a value of another kind. */
  readonly read: (value: unknown) => Value | undefined;
  /** Whether a failed write is repeated once the storage is writable. If not, the caller has received the error. */
  readonly keepTrying: boolean;
}

export interface RecordDirectoryOptions<Value> extends Omit<Context, 'shutdown'> {
  readonly path: string;
  readonly kind: RecordKind<Value>;
  /** Writes a file, or removes it if the content is undefined. Resolves when that is durable; rejects with a StorageError. */
  readonly write: (file: string, content: string | undefined) => Promise<void>;
  /** Called after it is logged that the directory cannot be read. */
  readonly unreadable: (error: StorageError) => void;
}

/** A change of a record that waits to be written. A newer change replaces it. */
interface Change {
  /** Undefined if the record is to be removed. */
  content: string | undefined;
  readonly written: Promise<void>;
}

const READ_AT_ONCE = 8;
/** Larger files, which are rare, are read one at a time: several of them may not fit into memory. */
const LARGE_BYTES = 1024 * 1024;
const EXTENSION = '.json';

/** Records of one kind by key, which is any text. Each is in a file of its own, so that damage affects one record. */
export class RecordDirectory<Value> {
  readonly path: string;
  readonly #options: RecordDirectoryOptions<Value>;
  readonly #reading = pLimit(READ_AT_ONCE);
  readonly #readingLarge = pLimit(1);
  readonly #waiting = new Map<string, Change>();
  readonly #turns = new TurnsByKey();
  /** Changes whose write failed and is to be repeated. */
  readonly #unwritten = new Map<string, string | undefined>();
  /** The reason why the directory cannot be read; undefined if it can. */
  #fault: StorageError | undefined;
  /** An existing record could not be read. */
  #hasMissed = false;
  /** Receives the records that {@link load} could not read, once they can be read. */
  #late: ((records: Map<string, Value>) => void) | undefined;
  #hasSetAside = false;

  constructor(options: RecordDirectoryOptions<Value>) {
    this.#options = options;
    this.path = join(options.path, options.kind.directory);
  }

  /** Whether the last read of the directory succeeded. */
  get isReadable(): boolean {
    return this.#fault === undefined;
  }

  /** False if there may be records that could not be read: then no record may be removed as superfluous. */
  get isComplete(): boolean {
    return this.#fault === undefined && !this.#hasMissed;
  }

  /**
   * Reads all records, before the first write. Unusable files are set aside and logged. If the directory cannot be read,
   * returns none; `late` receives the records once it can be read.
   */
  async load(late: (records: Map<string, Value>) => void = () => undefined): Promise<Map<string, Value>> {
    const files = await this.#files();
    if (files === undefined) {
      this.#late = late;
      return new Map();
    }
    return this.#readAll(files);
  }

  /** Reads the directory again if it could not be read. @throws StorageError if it still cannot be read */
  async recover(): Promise<void> {
    if (this.#fault === undefined) {
      return;
    }
    const files = await this.#files();
    if (files === undefined) {
      throw this.#fault;
    }
    const late = this.#late;
    this.#late = undefined;
    late?.(await this.#readAll(files));
  }

  /** Reads one record from the disk. Undefined if there is none, or if it is unusable. */
  async read(key: string): Promise<Value | undefined> {
    if (this.#fault !== undefined) {
      return undefined;
    }
    const record = await this.#reading(() => this.#readOrSetAside(recordFileName(key)));
    await this.#removeOldSetAside();
    return record?.value;
  }

  /** Stores a value that JSON can represent. Resolves when it, or a newer value of the key, is durable. @throws StorageError */
  put(key: string, value: Value): Promise<void> {
    return this.#change(key, encodeRecord(key, value));
  }

  /** Removes a record, if it exists. Resolves when the removal is durable. @throws StorageError */
  delete(key: string): Promise<void> {
    return this.#change(key, undefined);
  }

  /** Removes the records of all other keys, even damaged ones, as far as possible. */
  async keepOnly(keys: Iterable<string>): Promise<void> {
    const kept = new Set(Array.from(keys, recordFileName));
    for (const file of (await this.#files()) ?? []) {
      if (!kept.has(file)) {
        await this.#options.write(join(this.path, file), undefined).catch(ignoreRefusal);
      }
    }
  }

  retry(): void {
    for (const [key, content] of this.#unwritten) {
      if (!this.#turns.isBusy(key)) {
        background(this.#options.log, 'storing of a record', this.#change(key, content).catch(ignoreRefusal));
      }
    }
  }

  /** Resolves when all pending writes have succeeded or failed. */
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
        await this.#options.write(join(this.path, recordFileName(key)), change.content);
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

  /** Names of the files. Undefined if the directory cannot be read, which is logged once. */
  async #files(): Promise<string[] | undefined> {
    const { log, kind, unreadable } = this.#options;
    try {
      const files = await this.#list();
      if (this.#fault !== undefined) {
        this.#fault = undefined;
        log.info('storage directory readable again', { directory: this.path });
      }
      return files;
    } catch (thrown) {
      const fault = storageErrorFrom(this.path, thrown);
      if (this.#fault === undefined) {
        const { code: error, message: reason } = fault;
        log.error('storage directory unreadable', { directory: this.path, error, reason, lost: kind.holds });
      }
      this.#fault = fault;
      unreadable(fault);
      return undefined;
    }
  }

  async #list(): Promise<string[]> {
    const kind = await kindOf(this.path);
    if (kind === undefined) {
      return [];
    }
    if (kind === 'other') {
      const parent = dirname(this.path);
      if (!(await this.#setAside(parent, basename(this.path), 'it is not a directory'))) {
        throw new StorageError(this.path, 'ENOTDIR', 'it is not a directory. Move it away.');
      }
      await removeOldSetAside(parent);
      return [];
    }
    // The permission to list a directory does not include access to its files.
    await access(this.path, constants.R_OK | constants.X_OK);
    return (await readdir(this.path)).filter((name) => name.endsWith(EXTENSION));
  }

  async #readAll(files: readonly string[]): Promise<Map<string, Value>> {
    const values = new Map<string, Value>();
    for (const record of await this.#reading.map(files, (file) => this.#readOrSetAside(file))) {
      if (record !== undefined) {
        values.set(record.key, record.value);
      }
    }
    await this.#removeOldSetAside();
    return values;
  }

  async #removeOldSetAside(): Promise<void> {
    if (this.#hasSetAside) {
      this.#hasSetAside = false;
      await removeOldSetAside(this.path);
    }
  }

  /** Undefined if the file is unusable. */
  async #readOrSetAside(name: string): Promise<{ readonly key: string; readonly value: Value } | undefined> {
    const { log, kind } = this.#options;
    const file = join(this.path, name);
    try {
      const read = () => readRecord(file, kind.read);
      return (await recordSize(file)) > LARGE_BYTES ? await this.#readingLarge(read) : await read();
    } catch (error) {
      if (error instanceof DamagedRecord) {
        this.#hasSetAside = true;
        await this.#setAside(this.path, name, error.message);
      } else if (codeOf(error) !== 'ENOENT') {
        this.#hasMissed = true;
        const { code, message } = storageErrorFrom(file, error);
        log.error('stored record unreadable', { file, error: code, reason: message, lost: kind.holds });
      }
      return undefined;
    }
  }

  async #setAside(directory: string, name: string, reason: string): Promise<boolean> {
    const { clock, log, kind } = this.#options;
    const aside = await setAside(directory, name, clock.now());
    const file = join(directory, name);
    if (aside === undefined) {
      log.error('damaged record not set aside', { file, lost: kind.holds, reason });
      return false;
    }
    log.error('damaged record set aside', { file, set_aside_as: aside, lost: kind.holds, reason });
    return true;
  }
}
