import { conflictOf, type Register } from './registers.ts';
import { type MemberIdentity, type MemberValue, readMember, type SharedRegisters } from './values.ts';

/** Another living process uses the id of this one. */
export class IdInUseError extends Error {
  override readonly name = 'IdInUseError';
}

/** How long the engine keeps the registers of dead members, in milliseconds. */
export const EXPIRY_MS = 8 * 24 * 3_600_000;

/** Heartbeats without a change after which another process with this id is dead. */
const UNMOVED_BEATS = 2;

export interface OwnRegisterOptions extends Pick<SharedRegisters, 'registers' | 'group' | 'now'> {
  readonly identity: () => MemberIdentity;
}

/**
 * The register of this process among the members. It is written with each heartbeat. If it is older than the last acknowledged
 * write, the engine has returned to an earlier state.
 */
export class OwnRegister {
  /** As {@link MemberValue.lostUntil}. */
  lostUntil = 0;
  readonly #options: OwnRegisterOptions;
  /** Version of the last known write of this process. Undefined before the first one. */
  #version: string | undefined;
  #acknowledged = 0;
  #counter = 0;
  #since: number | undefined;
  /** The register of another process with this id, and the number of heartbeats for which it has not changed. */
  #other: { readonly version: string; readonly beats: number } | undefined;

  constructor(options: OwnRegisterOptions) {
    this.#options = options;
  }

  /** Whether the register is that of this process. */
  get hasJoined(): boolean {
    return this.#version !== undefined;
  }

  /** Marks all windows that are due until now, because registers were lost. */
  markLost(): void {
    this.lostUntil = Math.max(this.lostUntil, this.#options.now());
  }

  /**
   * Writes the register. Waits as long as another process with this id may be alive: then nothing is written.
   *
   * @returns whether the engine has returned to an earlier state
   * @throws IdInUseError, RegisterError
   */
  async beat(): Promise<boolean> {
    if (this.#version === undefined) {
      await this.#join();
      return false;
    }
    const conflict = await conflictOf(this.#write(this.#version, false));
    if (conflict === undefined) {
      return false;
    }
    const isLost = this.#isOlder(conflict.current);
    if (isLost) {
      this.markLost();
    }
    await this.#write(conflict.current?.version, false);
    return isLost;
  }

  /** Stores that the process shuts down. @throws RegisterError */
  async release(): Promise<void> {
    if (this.#version !== undefined) {
      await this.#write(this.#version, true);
    }
  }

  /** @throws IdInUseError, RegisterError */
  async #join(): Promise<void> {
    const current = await this.#options.registers.get(this.#key);
    if (current !== undefined && !(await this.#isFree(current))) {
      return;
    }
    this.#since ??= this.#options.now();
    await conflictOf(this.#write(current?.version, false));
  }

  /** Returns whether the process that has written the register has ended. @throws IdInUseError */
  async #isFree({ value, version }: Register): Promise<boolean> {
    const { boot, released, lostUntil } = readMember(this.#key, value);
    this.lostUntil = Math.max(this.lostUntil, lostUntil);
    if (released || boot === this.#options.identity().boot) {
      return true;
    }
    if (this.#other !== undefined && this.#other.version !== version) {
      throw this.#inUse();
    }
    this.#other = { version, beats: (this.#other?.beats ?? 0) + 1 };
    return this.#other.beats > UNMOVED_BEATS;
  }

  /** Returns whether a register that is in the way of a write is older than the last acknowledged write. @throws IdInUseError */
  #isOlder(current: Register | undefined): boolean {
    if (current === undefined) {
      return true;
    }
    const { boot, counter, since } = readMember(this.#key, current.value);
    if (boot === this.#options.identity().boot) {
      return counter < this.#acknowledged;
    }
    if (since >= (this.#since ?? 0)) {
      throw this.#inUse();
    }
    return true;
  }

  async #write(ifVersion: string | undefined, released: boolean): Promise<void> {
    const { registers, identity, now } = this.#options;
    this.#counter += 1;
    const counter = this.#counter;
    const since = this.#since ?? now();
    const value: MemberValue = { ...identity(), since, counter, released, lostUntil: this.lostUntil };
    const expiresAt = now() + EXPIRY_MS;
    this.#version = await registers.put(this.#key, JSON.stringify(value), { ifVersion, expiresAt });
    this.#acknowledged = counter;
  }

  get #key() {
    const { group, identity } = this.#options;
    return { partition: `${group}/members`, name: identity().id };
  }

  #inUse(): IdInUseError {
    const { id } = this.#options.identity();
    return new IdInUseError(`id ${id} is in use by another process of group ${this.#options.group}`);
  }
}
