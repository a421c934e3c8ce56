import { access, constants, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import pLimit from 'p-limit';
import { background } from '../../lib/background.ts';
import type { Clock } from '../../lib/clock.ts';
import { TurnsByKey } from '../../lib/concurrency.ts';
import type { Logger } from '../../lib/log.ts';
import { removeOldDamaged, setAside } from './damaged.ts';
import { kindOf } from './files.ts';
import { DamagedRecord, encodeRecord, recordFileName } from './record.ts';
import { readRecord, recordSize } from './record-file.ts';
import { codeOf, ignoreRefusal, StorageError, storageErrorFrom } from './storage-error.ts';

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
  /** Called when the folder cannot be read, once that is logged. */
  readonly unreadable: (error: StorageError) => void;
}

/** A change of a record that waits for its turn to be written: a newer one takes its place. */
interface Change {
  /** Undefined: to be removed. */
  content: string | undefined;
  readonly written: Promise<void>;
}

const READ_AT_ONCE = 8;
/** Larger files, of which there are hardly any, are read one at a time: several of them may not fit into memory. */
const LARGE_BYTES = 1024 * 1024;
const EXTENSION = '.json';

/** Records of one kind by a key, which is any text; each in a file of its own, so that damage costs one of them. */
export class RecordFolder<Value> {
  readonly #options: RecordFolderOptions<Value>;
  readonly #folder: string;
  readonly #reading = pLimit(READ_AT_ONCE);
  readonly #readingLarge = pLimit(1);
  readonly #waiting = new Map<string, Change>();
  /** Changes that are not durable yet. */
  readonly #turns = new TurnsByKey();
  /** What could not be written and is to be written all the same. */
  readonly #unwritten = new Map<string, string | undefined>();
  /** Why the folder cannot be read; undefined if it can. */
  #fault: StorageError | undefined;
  /** A record is there, but could not be read. */
  #hasMissed = false;
  /** Receives the records that {@link load} could not read. */
  #late: ((records: Map<string, Value>) => void) | undefined;
  #hasSetAside = false;

  constructor(options: RecordFolderOptions<Value>) {
    this.#options = options;
    this.#folder = join(options.path, options.kind.folder);
  }

  /** The folder's path. */
  get path(): string {
    return this.#folder;
  }

  /** Whether the folder can be read, as far as that was tried. */
  get isReadable(): boolean {
    return this.#fault === undefined;
  }

  /** False if there are, or may be, records that nobody has seen: then nothing must be removed that seems to be superfluous. */
  get isComplete(): boolean {
    return this.#fault === undefined && !this.#hasMissed;
  }

  /**
   * All records. What cannot be used is set aside, and the log says so. Called before anything is written. If the folder
   * cannot be read, there are none; `late` receives them once it can.
   */
  async load(late: (records: Map<string, Value>) => void = () => undefined): Promise<Map<string, Value>> {
    const files = await this.#files();
    if (files === undefined) {
      this.#late = late;
      return new Map();
    }
    return this.#readAll(files);
  }

  /**
   * Tries again to read a folder that could not be read.
   *
   * @throws StorageError while it still cannot
   */
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

  /** One record as it is on the disk. Undefined when there is none, or none that can be used. */
  async read(key: string): Promise<Value | undefined> {
    if (this.#fault !== undefined) {
      return undefined;
    }
    const record = await this.#readFile(recordFileName(key));
    await this.#removeOldDamaged();
    return record?.value;
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

  /** Removes the records of all other keys, good or not, as far as that is possible. Never rejects. */
  async keepOnly(keys: Iterable<string>): Promise<void> {
    const kept = new Set(Array.from(keys, recordFileName));
    for (const file of (await this.#files()) ?? []) {
      if (!kept.has(file)) {
        await this.#options.write(join(this.#folder, file), undefined).catch(ignoreRefusal);
      }
    }
  }

  /** Writes what could not be written. */
  retry(): void {
    for (const [key, content] of this.#unwritten) {
      if (!this.#turns.isBusy(key)) {
        background(this.#options.log, 'storing of a record', this.#change(key, content).catch(ignoreRefusal));
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

  /** Names of the files. Undefined while the folder cannot be read; its log line is written once. */
  async #files(): Promise<string[] | undefined> {
    const { log, kind, unreadable } = this.#options;
    try {
      const files = await this.#list();
      if (this.#fault !== undefined) {
        this.#fault = undefined;
        log.info('storage directory readable again', { directory: this.#folder });
      }
      return files;
    } catch (thrown) {
      const fault = storageErrorFrom(this.#folder, thrown);
      if (this.#fault === undefined) {
        const { code, message } = fault;
        log.error('storage directory unreadable', {
          directory: this.#folder,
          error: code,
          reason: message,
          lost: kind.holds,
        });
      }
      this.#fault = fault;
      unreadable(fault);
      return undefined;
    }
  }

  async #list(): Promise<string[]> {
    const kind = await kindOf(this.#folder);
    if (kind === undefined) {
      return [];
    }
    if (kind === 'other') {
      const parent = dirname(this.#folder);
      if (!(await this.#setAside(parent, basename(this.#folder), 'it is not a folder'))) {
        throw new StorageError(this.#folder, 'ENOTDIR', 'it is not a folder; move it away');
      }
      await removeOldDamaged(parent);
      return [];
    }
    // A folder whose names can be listed may still hide what they name.
    await access(this.#folder, constants.R_OK | constants.X_OK);
    return (await readdir(this.#folder)).filter((name) => name.endsWith(EXTENSION));
  }

  async #readAll(files: readonly string[]): Promise<Map<string, Value>> {
    const values = new Map<string, Value>();
    await Promise.all(
      files.map(async (file) => {
        const record = await this.#readFile(file);
        if (record !== undefined) {
          values.set(record.key, record.value);
        }
      }),
    );
    await this.#removeOldDamaged();
    return values;
  }

  async #removeOldDamaged(): Promise<void> {
    if (this.#hasSetAside) {
      this.#hasSetAside = false;
      await removeOldDamaged(this.#folder);
    }
  }

  #readFile(name: string): Promise<{ readonly key: string; readonly value: Value } | undefined> {
    return this.#reading(() => this.#readOrSetAside(name));
  }

  async #readOrSetAside(name: string): Promise<{ readonly key: string; readonly value: Value } | undefined> {
    const { log, kind } = this.#options;
    const file = join(this.#folder, name);
    try {
      const read = () => readRecord(file, kind.read);
      return (await recordSize(file)) > LARGE_BYTES ? await this.#readingLarge(read) : await read();
    } catch (error) {
      if (error instanceof DamagedRecord) {
        this.#hasSetAside = true;
        await this.#setAside(this.#folder, name, error.message);
      } else if (codeOf(error) !== 'ENOENT') {
        this.#hasMissed = true;
        const { code, message } = storageErrorFrom(file, error);
        log.error('a record of the storage cannot be read', { file, error: code, reason: message, lost: kind.holds });
      }
      return undefined;
    }
  }

  /** Returns whether that was possible. */
  async #setAside(folder: string, name: string, reason: string): Promise<boolean> {
    const { clock, log, kind } = this.#options;
    const aside = await setAside(folder, name, clock.now());
    const file = join(folder, name);
    if (aside === undefined) {
      log.error('a damaged record of the storage cannot be set aside', { file, lost: kind.holds, reason });
      return false;
    }
    log.error('a damaged record of the storage is set aside', { file, set_aside_as: aside, lost: kind.holds, reason });
    return true;
  }
}
