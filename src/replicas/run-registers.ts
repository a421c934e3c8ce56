import { createHash } from 'node:crypto';
import { LONGEST_LOOKBACK_MS } from '../model/query.ts';
import type { Question } from '../model/question.ts';
import { EXPIRY_MS } from './own-register.ts';
import { Conflict, type RegisterError, type Registers } from './registers.ts';
import { type RunValue, readAll, readRun } from './values.ts';

/** A register of a run, as it was last read or written. */
export interface KnownRun {
  readonly value: RunValue;
  readonly version: string;
}

export interface RunRegistersOptions {
  readonly registers: Registers;
  readonly group: string;
  readonly boot: string;
  /** Milliseconds of the engine's clock. */
  readonly now: () => number;
  /** Called when a register is older than it was known to be. */
  readonly lost: () => void;
  /** Called with registers that cannot be read. */
  readonly refused: (error: RegisterError) => void;
}

/** Result of a compare-and-set. */
export type Written =
  | { readonly outcome: 'written' }
  /** Another process has written the register since. `current` is undefined if the register does not exist. */
  | { readonly outcome: 'conflict'; readonly current: RunValue | undefined; readonly isOlder: boolean };

/**
 * The registers of runs as this process knows them: one for each query and its calls, because a register of other calls is kept. While
 * two configurations take turns, each finds what it has run.
 */
export class RunRegisters {
  readonly #options: RunRegistersOptions;
  readonly #known = new Map<string, KnownRun>();

  constructor(options: RunRegistersOptions) {
    this.#options = options;
  }

  get(name: string): RunValue | undefined {
    return this.#known.get(name)?.value;
  }

  /** Reads all registers. @throws RegisterError */
  async load(): Promise<void> {
    const { registers, refused } = this.#options;
    const values = readAll(this.#partition, await registers.list(this.#partition), readRun, refused);
    for (const [name, run] of values) {
      if (!this.#isOlder(run, name)) {
        this.#known.set(name, run);
      }
    }
  }

  /** Reads one register. @throws RegisterError */
  async read(name: string): Promise<RunValue | undefined> {
    const key = { partition: this.#partition, name };
    const register = await this.#options.registers.get(key);
    if (register === undefined) {
      this.#replace(name, undefined);
      return undefined;
    }
    const value = readRun(key, register.value);
    this.#replace(name, { value, version: register.version });
    return value;
  }

  /**
   * Writes a register if it is as this process knows it. After a conflict, the current content is known.
   *
   * @param every milliseconds between the windows of the query
   * @throws RegisterError if the outcome is unknown
   */
  async write(name: string, value: RunValue, every: number): Promise<Written> {
    const { registers, now } = this.#options;
    const known = this.#known.get(name);
    const key = { partition: this.#partition, name };
    // The epoch never decreases, so that a lower one shows that the engine has returned to an earlier state.
    const next = { ...value, epoch: Math.max(value.epoch, known?.value.epoch ?? 0) };
    const condition = known === undefined ? {} : { ifVersion: known.version };
    try {
      const expiresAt = now() + Math.max(EXPIRY_MS, 2 * every);
      const version = await registers.put(key, JSON.stringify(next), { ...condition, expiresAt });
      this.#known.set(name, { value: next, version });
      return { outcome: 'written' };
    } catch (error) {
      if (!(error instanceof Conflict)) {
        throw error;
      }
      const { current } = error;
      const run = current && { value: readRun(key, current.value), version: current.version };
      return { outcome: 'conflict', current: run?.value, isOlder: this.#replace(name, run) };
    }
  }

  /** Stores what was read. Returns whether it is older than what was known. */
  #replace(name: string, run: KnownRun | undefined): boolean {
    const isOlder = run === undefined ? this.#known.has(name) : this.#isOlder(run, name);
    if (run === undefined) {
      this.#known.delete(name);
    } else {
      this.#known.set(name, run);
    }
    if (isOlder) {
      this.#options.lost();
    }
    return isOlder;
  }

  /** Returns whether a register is older than what this process knows of it. */
  #isOlder({ value, version }: KnownRun, name: string): boolean {
    const known = this.#known.get(name);
    if (known === undefined) {
      return false;
    }
    const [boot, n] = partsOf(version);
    const [knownBoot, knownN] = partsOf(known.version);
    return boot === knownBoot ? n < knownN : value.epoch < known.value.epoch;
  }

  get #partition(): string {
    return `${this.#options.group}/runs`;
  }
}

/** Returns the boot and the number of a write. */
function partsOf(version: string): readonly [boot: string, n: number] {
  const slash = version.lastIndexOf('/');
  return [version.slice(0, slash), Number(version.slice(slash + 1))];
}

/** Returns the name of the register of a query: equal if its runs have the same windows and results. */
export function runRegisterOf(query: string, { asked, every, lookback }: Question): string {
  const isWhole = every !== undefined && lookback === Math.min(every, LONGEST_LOOKBACK_MS);
  const parts = JSON.stringify([query, asked, isWhole ? 'whole' : lookback]);
  return createHash('sha256').update(parts).digest('base64url');
}
