import { readdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import pLimit from 'p-limit';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/log.ts';
import { kindOf, makeFolder, removeFile, replaceFile } from './files.ts';
import { FolderLock } from './folder-lock.ts';
import { RecordFolder, type RecordKind } from './record-folder.ts';
import {
  codeOf,
  ignoreRefusal,
  isDeviceFailure,
  isOfWholeDisk,
  StorageError,
  StorageInUseError,
  storageErrorFrom,
} from './storage-error.ts';
import { WriteHealth } from './write-health.ts';

export interface StorageOptions {
  /** The folder; made if it is not there. */
  readonly path: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** This host's name; the system's by default. */
  readonly host?: string;
}

/** Writes at once. They wait for the disk, in Node's thread pool of four, which others need, too. */
const WRITE_AT_ONCE = 2;

/** A folder of records that outlives this process, whatever ends it, and belongs to it alone meanwhile. */
export class Storage {
  /**
   * Resolves when another exporter has taken the folder over, since this process was held up for long: nothing is written
   * from then on.
   */
  readonly lost: Promise<StorageInUseError>;
  readonly #options: StorageOptions;
  readonly #lock: FolderLock;
  readonly #health: WriteHealth;
  readonly #slots = pLimit(WRITE_AT_ONCE);
  readonly #folders: Pick<
    RecordFolder<unknown>,
    'flush' | 'isComplete' | 'isReadable' | 'path' | 'recover' | 'retry'
  >[] = [];
  /** Folders in which the last write failed, for a reason that others may not share. */
  readonly #unwritable = new Set<string>();
  #tellLost: (error: StorageInUseError) => void = () => undefined;
  #writes = 0;
  #opened = false;
  #closed = false;

  private constructor(options: StorageOptions) {
    const { path: folder, clock, log, host = hostname() } = options;
    this.#options = options;
    this.lost = new Promise((resolve) => {
      this.#tellLost = resolve;
    });
    this.#lock = new FolderLock({ folder, host, clock, log, onLost: (error) => this.#lose(error) });
    this.#health = new WriteHealth({ clock, log, probe: (bytes) => this.#probe(bytes) });
  }

  /**
   * Takes the folder, which may have to wait for the lock of a dead exporter on another host. One that can be read but not
   * written is opened, too: what is there is used, and writing is tried on.
   *
   * @throws StorageInUseError when another exporter has it
   * @throws StorageError when it cannot be made or read, unless its device fails
   */
  static async open(options: StorageOptions): Promise<Storage> {
    const { path, log } = options;
    const storage = new Storage(options);
    try {
      if ((await kindOf(path)) !== 'folder') {
        await makeFolder(path);
      }
      await readdir(path);
    } catch (thrown) {
      const error = storageErrorFrom(path, thrown);
      if (!isDeviceFailure(error)) {
        throw error;
      }
      log.error('storage directory unreadable', { directory: path, error: error.code, reason: error.message });
    }
    await storage.#take().catch((error: unknown) => {
      if (error instanceof StorageInUseError) {
        throw error;
      }
    });
    storage.#opened = true;
    return storage;
  }

  /** Whether the last try to write went well, and all folders can be read. */
  get writable(): boolean {
    return this.#health.writable;
  }

  /** False if something is, or may be, stored that could not be read: then nothing is superfluous for certain. */
  get isComplete(): boolean {
    return this.#folders.every((records) => records.isComplete);
  }

  records<Value>(kind: RecordKind<Value>): RecordFolder<Value> {
    const { path, clock, log } = this.#options;
    const records = new RecordFolder<Value>({
      path,
      kind,
      clock,
      log,
      write: (file, content) => this.#slots(() => this.#write(file, content)),
      unreadable: (error) => this.#health.failed(error, { bytes: 0, isLogged: true }),
    });
    this.#folders.push(records);
    return records;
  }

  /** Waits for what is being written, and leaves the folder to others. */
  async close(): Promise<void> {
    this.#health.close();
    await Promise.all(this.#folders.map((records) => records.flush()));
    this.#closed = true;
    await this.#lock.release();
  }

  async #take(): Promise<void> {
    try {
      await this.#lock.take();
    } catch (error) {
      if (error instanceof StorageInUseError) {
        this.#lose(error);
        throw error;
      }
      throw this.#failed(this.#options.path, error, 0);
    }
  }

  #lose(error: StorageInUseError): void {
    if (this.#opened) {
      this.#tellLost(error);
    }
  }

  async #write(file: string, content: string | undefined): Promise<void> {
    if (this.#closed) {
      throw new StorageError(file, 'ECANCELED', 'the exporter has ended');
    }
    await this.#take();
    const folder = dirname(file);
    try {
      if (content === undefined) {
        await removeFile(file, this.#temporary());
      } else {
        await makeFolder(folder);
        await replaceFile(file, content, this.#temporary());
      }
    } catch (error) {
      if (codeOf(error) === 'ENOENT') {
        await this.#lock.check().catch(ignoreRefusal);
        await this.#take();
      }
      if (codeOf(error) !== 'ENOENT' || content !== undefined) {
        const failure = this.#failed(file, error, content?.length ?? 0);
        if (!isOfWholeDisk(failure)) {
          this.#unwritable.add(folder);
        }
        throw failure;
      }
      return; // There was nothing to remove.
    }
    this.#unwritable.delete(folder);
    if (this.#unwritable.size === 0 && this.#folders.every((records) => records.isReadable)) {
      this.#health.succeeded();
    }
  }

  async #probe(bytes: number): Promise<void> {
    const probe = join(this.#lock.scratch, 'probe');
    await this.#take();
    try {
      await replaceFile(probe, ' '.repeat(bytes), this.#temporary());
      await removeFile(probe, this.#temporary());
    } catch (error) {
      throw this.#failed(this.#options.path, error, bytes);
    }
    const faults: StorageError[] = [];
    for (const records of this.#folders) {
      try {
        await records.recover();
        await this.#probeFolder(records.path);
        records.retry();
      } catch (error) {
        faults.push(storageErrorFrom(records.path, error));
      }
    }
    const [fault] = faults;
    if (fault !== undefined) {
      throw this.#failed(fault.path, fault, bytes);
    }
    this.#health.succeeded();
  }

  /** Writes in a folder in which the last write failed, and removes that again. */
  async #probeFolder(folder: string): Promise<void> {
    if (this.#unwritable.has(folder)) {
      const probe = join(folder, '.probe');
      await makeFolder(folder);
      await replaceFile(probe, '', this.#temporary());
      await removeFile(probe, this.#temporary());
      this.#unwritable.delete(folder);
    }
  }

  #temporary(): string {
    this.#writes += 1;
    return join(this.#lock.scratch, String(this.#writes));
  }

  #failed(path: string, cause: unknown, bytes: number): StorageError {
    const error = storageErrorFrom(path, cause);
    this.#health.failed(error, { bytes });
    return error;
  }
}
