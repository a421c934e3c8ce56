import { readdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import pLimit from 'p-limit';
import type { Context } from '../../lib/context.ts';
import { DirectoryLock } from './directory-lock.ts';
import { kindOf, makeDirectory, removeFile, replaceFile } from './files.ts';
import { RecordDirectory, type RecordKind } from './record-directory.ts';
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

export interface StorageOptions extends Omit<Context, 'shutdown'> {
  /** The directory; created if it is missing. */
  readonly path: string;
  /** Name of this host. Defaults to the name that the system has. */
  readonly host?: string;
}

/** Concurrent writes. They occupy threads of Node's pool, which has four and serves other work, too. */
const WRITE_AT_ONCE = 2;

/** A directory of records that survives any end of this process. It is locked for this process. */
export class Storage {
  /** Resolves when another exporter has taken over the directory, because this process was suspended. No writes follow. */
  readonly lost: Promise<StorageInUseError>;
  readonly #options: StorageOptions;
  readonly #lock: DirectoryLock;
  readonly #health: WriteHealth;
  readonly #slots = pLimit(WRITE_AT_ONCE);
  readonly #directories: Omit<RecordDirectory<unknown>, 'load' | 'put' | 'read'>[] = [];
  /** Directories in which the last write failed for a reason that may not affect others. */
  readonly #unwritable = new Set<string>();
  #reportLost: (error: StorageInUseError) => void = () => undefined;
  #writes = 0;
  #opened = false;
  #closed = false;

  private constructor(options: StorageOptions) {
    const { path: directory, host = hostname() } = options;
    this.#options = options;
    this.lost = new Promise((resolve) => {
      this.#reportLost = resolve;
    });
    this.#lock = new DirectoryLock({ ...options, directory, host, onLost: (error) => this.#lose(error) });
    this.#health = new WriteHealth({ ...options, probe: (bytes) => this.#probe(bytes) });
  }

  /**
   * Locks the directory, after the lock of a dead exporter on another host has expired. A read-only directory is opened,
   * too: its records are used, and writes are repeated.
   *
   * @throws StorageInUseError if another exporter uses the directory
   * @throws StorageError if the directory cannot be created or read, unless its device fails
   */
  static async open(options: StorageOptions): Promise<Storage> {
    const { path, log } = options;
    const storage = new Storage(options);
    try {
      if ((await kindOf(path)) !== 'directory') {
        await makeDirectory(path);
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
      ignoreRefusal(error);
    });
    storage.#opened = true;
    return storage;
  }

  /** Whether the last write succeeded and all directories can be read. */
  get writable(): boolean {
    return this.#health.writable;
  }

  /** False if there may be records that could not be read: then no record may be removed as superfluous. */
  get isComplete(): boolean {
    return this.#directories.every((records) => records.isComplete);
  }

  records<Value>(kind: RecordKind<Value>): RecordDirectory<Value> {
    const records = new RecordDirectory<Value>({
      ...this.#options,
      kind,
      write: (file, content) => this.#slots(() => this.#write(file, content)),
      unreadable: (error) => this.#health.failed(error, 0, true),
    });
    this.#directories.push(records);
    return records;
  }

  /** Waits for pending writes, and unlocks the directory. */
  async close(): Promise<void> {
    this.#health.close();
    await Promise.all(this.#directories.map((records) => records.flush()));
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
      this.#reportLost(error);
    }
  }

  async #write(file: string, content: string | undefined): Promise<void> {
    if (this.#closed) {
      throw new StorageError(file, 'ECANCELED', 'the exporter has shut down');
    }
    await this.#take();
    const directory = dirname(file);
    try {
      if (content === undefined) {
        await removeFile(file, this.#temporary());
      } else {
        await makeDirectory(directory);
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
          this.#unwritable.add(directory);
        }
        throw failure;
      }
      return; // There was nothing to remove.
    }
    this.#unwritable.delete(directory);
    if (this.#unwritable.size === 0 && this.#directories.every((records) => records.isReadable)) {
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
    let fault: StorageError | undefined;
    for (const records of this.#directories) {
      try {
        await records.recover();
        await this.#probeDirectory(records.path);
        records.retry();
      } catch (error) {
        fault ??= storageErrorFrom(records.path, error);
      }
    }
    if (fault !== undefined) {
      throw this.#failed(fault.path, fault, bytes);
    }
    this.#health.succeeded();
  }

  /** Writes and removes a file in a directory in which the last write failed. */
  async #probeDirectory(directory: string): Promise<void> {
    if (this.#unwritable.has(directory)) {
      const probe = join(directory, '.probe');
      await makeDirectory(directory);
      await replaceFile(probe, '', this.#temporary());
      await removeFile(probe, this.#temporary());
      this.#unwritable.delete(directory);
    }
  }

  #temporary(): string {
    this.#writes += 1;
    return join(this.#lock.scratch, String(this.#writes));
  }

  #failed(path: string, cause: unknown, bytes: number): StorageError {
    const error = storageErrorFrom(path, cause);
    this.#health.failed(error, bytes);
    return error;
  }
}
