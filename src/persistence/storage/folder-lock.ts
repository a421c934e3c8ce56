import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { background } from '../../lib/background.ts';
import { type Clock, sleep } from '../../lib/clock.ts';
import type { Logger } from '../../lib/log.ts';
import { setAside } from './damaged.ts';
import { FOLDER_MODE, syncFolder, writeDurably } from './files.ts';
import { askLifeSocket, type LifeSocket, openLifeSocket } from './life-socket.ts';
import {
  type FoundLock,
  findLocks,
  type Lock,
  lockFileName,
  lockText,
  nextGeneration,
  renewLock,
} from './lock-file.ts';
import { codeOf, ignoreRefusal, StorageError, StorageInUseError } from './storage-error.ts';

export interface FolderLockOptions {
  readonly folder: string;
  /** This host's name. */
  readonly host: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Another has taken the folder, since this process did not renew its lock in time. */
  readonly onLost: (error: StorageInUseError) => void;
}

const RENEW_EVERY_MS = 5_000;
/** A lock of another host that was not renewed for this long, by our clock, is a dead one's. */
const LEASE_MS = 30_000;
const LOOK_EVERY_MS = 1_000;
const SCRATCH = 'writing-';
const SOCKET = 'socket-';

/** When a lock was last seen to have changed, on the monotonic clock. */
interface Observation {
  readonly text: string;
  readonly since: number;
}

/**
 * Keeps a folder for one process.
 *
 * Who holds it has a file there, `lock.N`. On the same host a socket tells whether the holder lives; of another host, its
 * lock is renewed as long as it does. Who takes over creates `lock.N+1`, which only one can, and makes sure that no lock
 * has come meanwhile but those it found dead. All that a holder writes goes through a folder of its own, which goes when
 * another takes over: one that was asleep until then cannot write any more, whatever it believes.
 */
export class FolderLock {
  readonly #options: FolderLockOptions;
  readonly #id = randomBytes(8).toString('hex');
  readonly #observed = new Map<string, Observation>();
  #state: 'free' | 'held' | 'lost' | 'released' = 'free';
  #taking: Promise<void> | undefined;
  /** The host of who has taken the folder from this process. */
  #holder: string | undefined;
  #file = '';
  #lock: Lock;
  #socket: LifeSocket | undefined;
  #beats = 0;
  #cancelRenewal: () => void = () => undefined;

  constructor(options: FolderLockOptions) {
    this.#options = options;
    this.#lock = { host: options.host, id: this.#id, socket: false };
  }

  /** Where files are written before they get their place; there as long as the lock is held. */
  get scratch(): string {
    return join(this.#options.folder, SCRATCH + this.#id);
  }

  /**
   * Takes the folder unless this process has it. Waits where only time can tell whether the holder lives: 30 seconds at
   * most.
   *
   * @throws StorageInUseError when another process has it or has taken it over; what the file system throws when nothing
   * can be written there
   */
  take(): Promise<void> {
    this.#taking ??= this.#take().finally(() => {
      this.#taking = undefined;
    });
    return this.#taking;
  }

  async #take(): Promise<void> {
    const { folder, clock, log } = this.#options;
    if (this.#state === 'lost') {
      throw new StorageInUseError(folder, this.#holder);
    }
    let told = false;
    while (this.#state === 'free') {
      const found = await findLocks(folder);
      const verdicts = await Promise.all(found.map((each) => this.#judge(each)));
      const doubtful = found[verdicts.indexOf('doubtful')];
      if (doubtful === undefined) {
        if (await this.#claim(found)) {
          return;
        }
      } else if (!told) {
        told = true;
        log.info('the storage may be in use: waiting whether its lock is renewed', {
          folder,
          holder: doubtful.lock?.host,
          at_most: `${LEASE_MS / 1_000}s`,
        });
      }
      await sleep(clock, LOOK_EVERY_MS);
    }
  }

  /** Asks at once whether the lock is still there: after what looks as if it were not. */
  async check(): Promise<void> {
    if (this.#state === 'held' && !(await renewLock(this.#file, this.#lock, this.#beats))) {
      await this.#lose();
    }
  }

  /** Leaves the folder to others. */
  async release(): Promise<void> {
    const wasHeld = this.#state === 'held';
    this.#state = 'released';
    this.#cancelRenewal();
    if (wasHeld) {
      await this.#clear();
    }
  }

  /** @throws StorageInUseError for one that is alive */
  async #judge({ file, isForeign, text, lock }: FoundLock): Promise<'dead' | 'doubtful'> {
    const { folder, host, clock } = this.#options;
    if (isForeign) {
      return 'dead';
    }
    if (lock?.socket === true && lock.host === host) {
      const answer = await askLifeSocket(folder, SOCKET + lock.id);
      if (answer === 'alive') {
        throw new StorageInUseError(folder, lock.host);
      }
      if (answer === 'dead') {
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
      throw new StorageInUseError(folder, lock?.host);
    }
    return now - before.since >= LEASE_MS ? 'dead' : 'doubtful';
  }

  /** Returns false when another was faster. */
  async #claim(dead: readonly FoundLock[]): Promise<boolean> {
    const { folder, clock } = this.#options;
    this.#file = join(folder, lockFileName(nextGeneration(dead)));
    try {
      await rm(this.scratch, { recursive: true, force: true });
      await mkdir(this.scratch, { mode: FOLDER_MODE });
      this.#socket = await openLifeSocket(folder, SOCKET + this.#id);
      this.#lock = { ...this.#lock, socket: this.#socket !== undefined };
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
      if ((await findLocks(folder)).some(({ file }) => !known.has(file))) {
        await this.#clear();
        return false;
      }
      await this.#clearAway(dead);
    } catch (error) {
      await this.#clear();
      throw error;
    }
    this.#state = 'held';
    this.#renewLater(clock.monotonic());
    return true;
  }

  /** Removes what the dead have left of themselves, so that they are dead, however alive they may be. */
  async #clearAway(dead: readonly FoundLock[]): Promise<void> {
    const { folder } = this.#options;
    // First: whoever finds its folder gone looks for its lock.
    for (const { file, isForeign } of dead) {
      if (isForeign) {
        await this.#setAside(file);
      } else {
        await rm(file, { force: true });
      }
    }
    for (const name of await readdir(folder)) {
      if ((name.startsWith(SCRATCH) || name.startsWith(SOCKET)) && !name.endsWith(this.#id)) {
        await this.#removeAtOnce(name);
      }
    }
    await syncFolder(folder);
  }

  /** What no exporter has made may be of use to somebody. */
  async #setAside(file: string): Promise<void> {
    const { folder, clock, log } = this.#options;
    const aside = await setAside(folder, basename(file), clock.now());
    if (aside === undefined) {
      throw new StorageError(file, 'EEXIST', 'it has the name of a lock, but is not a file; move it away');
    }
    log.error('what had the name of a lock is set aside', { file, set_aside_as: aside });
  }

  /** It gets another name first: its owner may be writing in there. */
  async #removeAtOnce(name: string): Promise<void> {
    const gone = join(this.scratch, name);
    try {
      await rename(join(this.#options.folder, name), gone);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') {
        return;
      }
      throw error;
    }
    await rm(gone, { recursive: true, force: true });
  }

  #renewLater(from: number): void {
    const { clock, log } = this.#options;
    const wait = Math.max(0, from + RENEW_EVERY_MS - clock.monotonic());
    this.#cancelRenewal = clock.setTimer(wait, () =>
      background(log, 'renewal of the lock of the storage', this.#renew()),
    );
  }

  async #renew(): Promise<void> {
    const { clock, log } = this.#options;
    const startedAt = clock.monotonic();
    this.#beats += 1;
    try {
      await this.check();
    } catch (error) {
      // That nothing can be written is told by those who have something to write.
      log.debug('the lock of the storage could not be renewed', { error: String(error) });
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
    const others = (await findLocks(this.#options.folder).catch(ignoreRefusal)) ?? [];
    this.#holder = others[0]?.lock?.host;
    await this.#clearOwn();
    this.#options.onLost(new StorageInUseError(this.#options.folder, this.#holder));
  }

  async #clear(): Promise<void> {
    await rm(this.#file, { force: true }).catch(ignoreRefusal);
    await this.#clearOwn();
  }

  async #clearOwn(): Promise<void> {
    await this.#socket?.close();
    this.#socket = undefined;
    await rm(join(this.#options.folder, SOCKET + this.#id), { force: true }).catch(ignoreRefusal);
    await rm(this.scratch, { recursive: true, force: true }).catch(ignoreRefusal);
  }
}
