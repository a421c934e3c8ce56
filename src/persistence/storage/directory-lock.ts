import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { background } from '../../lib/background.ts';
import { sleep } from '../../lib/clock.ts';
import type { Context } from '../../lib/context.ts';
import { DIRECTORY_MODE, setAside, syncDirectory, writeDurably } from './files.ts';
import { openLifeSocket, probeLifeSocket } from './life-socket.ts';
import { type FoundLock, findLocks, type Lock, lockText, nextLockName, renewLock } from './lock-file.ts';
import { codeOf, ignoreRefusal, ignoring, StorageError, StorageInUseError } from './storage-error.ts';

export interface DirectoryLockOptions extends Omit<Context, 'shutdown'> {
  readonly directory: string;
  readonly host: string;
  /** Called if another exporter has taken over the directory because this process did not renew its lock in time. */
  readonly onLost: (error: StorageInUseError) => void;
}

const RENEW_EVERY_MS = 5_000;
/** The holder of a lock is dead if the lock was not renewed for so long on our clock, in milliseconds. */
const LEASE_MS = 30_000;
const CHECK_EVERY_MS = 1_000;
const SCRATCH = 'writing-';
const SOCKET = 'socket-';

/**
 * Locks a directory for one process.
 *
 * The holder has a file `lock.N` in the directory. On the same host, a socket shows whether the holder is alive. A holder
 * on another host is alive as long as it renews its lock. A new holder creates `lock.N+1`, which only one process can do,
 * and checks that no other lock was added in the meantime. A holder writes all files through a scratch directory of its
 * own, which the next holder removes: a process that was suspended until then can no longer write.
 */
export class DirectoryLock {
  readonly #options: DirectoryLockOptions;
  readonly #id = randomBytes(8).toString('hex');
  /** The last observed change of each lock, on the monotonic clock. */
  readonly #observed = new Map<string, { readonly text: string; readonly since: number }>();
  #state: 'free' | 'held' | 'lost' | 'released' = 'free';
  #taking: Promise<void> | undefined;
  /** Host of the process that has taken over the directory. */
  #holder: string | undefined;
  #file = '';
  #lock: Lock;
  #closeSocket: (() => Promise<void>) | undefined;
  #renewals = 0;
  #cancelRenewal: () => void = () => undefined;

  constructor(options: DirectoryLockOptions) {
    this.#options = options;
    this.#lock = { host: options.host, id: this.#id, socket: false };
  }

  /** The directory in which files are written before they are renamed. It exists as long as the lock is held. */
  get scratch(): string {
    return join(this.#options.directory, SCRATCH + this.#id);
  }

  /**
   * Locks the directory unless this process has done so. Waits up to 30 seconds if only time can show whether the holder
   * of a lock is alive.
   *
   * @throws StorageInUseError if another process has the lock or has taken it over; the error of the file system if the
   * directory is not writable
   */
  take(): Promise<void> {
    this.#taking ??= this.#take().finally(() => {
      this.#taking = undefined;
    });
    return this.#taking;
  }

  async #take(): Promise<void> {
    const { directory, clock, log } = this.#options;
    if (this.#state === 'lost') {
      throw new StorageInUseError(directory, this.#holder);
    }
    let isLogged = false;
    while (this.#state === 'free') {
      const found = await findLocks(directory);
      const verdicts = await Promise.all(found.map((each) => this.#verdictOn(each)));
      const doubtful = found[verdicts.indexOf('doubtful')];
      if (doubtful === undefined) {
        if (await this.#claim(found)) {
          return;
        }
      } else if (!isLogged) {
        isLogged = true;
        const holder = doubtful.lock?.host;
        log.info('waiting for storage lock', { directory, holder, at_most: `${LEASE_MS / 1_000}s` });
      }
      await sleep(clock, CHECK_EVERY_MS);
    }
  }

  /** Renews the lock now, and finds out whether it was taken over. */
  async check(): Promise<void> {
    if (this.#state === 'held' && !(await renewLock(this.#file, this.#lock, this.#renewals))) {
      await this.#lose();
    }
  }

  async release(): Promise<void> {
    const wasHeld = this.#state === 'held';
    this.#state = 'released';
    this.#cancelRenewal();
    if (wasHeld) {
      await this.#clear();
    }
  }

  /** @throws StorageInUseError if the holder is alive */
  async #verdictOn({ file, isForeign, text, lock }: FoundLock): Promise<'dead' | 'doubtful'> {
    const { directory, host, clock } = this.#options;
    if (isForeign) {
      return 'dead';
    }
    if (lock?.socket === true && lock.host === host) {
      const verdict = await probeLifeSocket(directory, SOCKET + lock.id);
      if (verdict === 'alive') {
        throw new StorageInUseError(directory, lock.host);
      }
      if (verdict === 'dead') {
        return 'dead';
      }
    }
    const now = clock.monotonic();
    const before = this.#observed.get(file);
    if (before === undefined) {
      this.#observed.set(file, { text, since: now });
      return 'doubtful';
    }
    if (before.text !== text) {
      throw new StorageInUseError(directory, lock?.host);
    }
    return now - before.since >= LEASE_MS ? 'dead' : 'doubtful';
  }

  /** Returns false if another process was faster. */
  async #claim(dead: readonly FoundLock[]): Promise<boolean> {
    const { directory, clock } = this.#options;
    this.#file = join(directory, nextLockName(dead));
    try {
      await rm(this.scratch, { recursive: true, force: true });
      await mkdir(this.scratch, { mode: DIRECTORY_MODE });
      this.#closeSocket = await openLifeSocket(directory, SOCKET + this.#id);
      this.#lock = { ...this.#lock, socket: this.#closeSocket !== undefined };
      await writeDurably(this.#file, lockText(this.#lock, 0));
    } catch (error) {
      const taken = codeOf(error) === 'EEXIST';
      if (!taken) {
        await rm(this.#file, { force: true }).catch(ignoreRefusal);
      }
      await this.#clearOwn();
      if (taken) {
        return false;
      }
      throw error;
    }
    try {
      const known = new Set([this.#file, ...dead.map(({ file }) => file)]);
      if ((await findLocks(directory)).some(({ file }) => !known.has(file))) {
        await this.#clear();
        return false;
      }
      await this.#removeDead(dead);
    } catch (error) {
      await this.#clear();
      throw error;
    }
    this.#state = 'held';
    this.#renewLater(clock.monotonic());
    return true;
  }

  /** Removes the files of dead holders. A holder that is alive after all can no longer write then. */
  async #removeDead(dead: readonly FoundLock[]): Promise<void> {
    const { directory } = this.#options;
    // First the locks: a holder whose scratch directory is missing checks its lock.
    for (const { file, isForeign } of dead) {
      if (isForeign) {
        await this.#setAside(file);
      } else {
        await rm(file, { force: true });
      }
    }
    for (const name of await readdir(directory)) {
      if ((name.startsWith(SCRATCH) || name.startsWith(SOCKET)) && !name.endsWith(this.#id)) {
        await this.#removeAtomically(name);
      }
    }
    await syncDirectory(directory);
  }

  /** Renames an entry that no exporter has created: a user may need it. */
  async #setAside(file: string): Promise<void> {
    const { directory, clock, log } = this.#options;
    const aside = await setAside(directory, basename(file), clock.now());
    if (aside === undefined) {
      throw new StorageError(file, 'EEXIST', 'it has the name of a lock file, but is not a file. Move it away.');
    }
    log.error('invalid storage lock set aside', { file, set_aside_as: aside });
  }

  /** Renames the entry first: its owner may be writing to it. */
  async #removeAtomically(name: string): Promise<void> {
    const renamed = join(this.scratch, name);
    await rename(join(this.#options.directory, name), renamed).catch(ignoring(['ENOENT']));
    await rm(renamed, { recursive: true, force: true });
  }

  #renewLater(from: number): void {
    const { clock, log } = this.#options;
    const wait = Math.max(0, from + RENEW_EVERY_MS - clock.monotonic());
    this.#cancelRenewal = clock.setTimer(wait, () => background(log, 'renewal of the storage lock', this.#renew()));
  }

  async #renew(): Promise<void> {
    const { clock, log } = this.#options;
    const startedAt = clock.monotonic();
    this.#renewals += 1;
    try {
      await this.check();
    } catch (error) {
      // Writes report an unwritable directory.
      log.debug('storage lock not renewed', { error: String(error) });
    }
    if (this.#state === 'held') {
      this.#renewLater(startedAt);
    }
  }

  async #lose(): Promise<void> {
    if (this.#state !== 'held') {
      return;
    }
    this.#state = 'lost';
    this.#cancelRenewal();
    const others = (await findLocks(this.#options.directory).catch(ignoreRefusal)) ?? [];
    this.#holder = others[0]?.lock?.host;
    await this.#clearOwn();
    this.#options.onLost(new StorageInUseError(this.#options.directory, this.#holder));
  }

  async #clear(): Promise<void> {
    await rm(this.#file, { force: true }).catch(ignoreRefusal);
    await this.#clearOwn();
  }

  async #clearOwn(): Promise<void> {
    await this.#closeSocket?.();
    this.#closeSocket = undefined;
    await rm(join(this.#options.directory, SOCKET + this.#id), { force: true }).catch(ignoreRefusal);
    await rm(this.scratch, { recursive: true, force: true }).catch(ignoreRefusal);
  }
}
