import { createHash } from 'node:crypto';
import type { Context } from '../lib/context.ts';
import { LONGEST_LOOKBACK_MS, type ScheduledQuery } from '../model/query.ts';
import type { Question } from '../model/question.ts';
import { EXPIRY_MS } from './own-register.ts';
import { conflictOf, type Register } from './registers.ts';
import { type RunValue, readAll, readRun, type SharedRegisters } from './values.ts';

/** A register of a run, as it was last read or written. */
interface KnownRun {
  readonly value: RunValue;
  readonly version: string;
}

export interface RunRegistersOptions extends Omit<SharedRegisters, 'boot' | 'log'> {
  /** Called when a register is older than it was known to be. */
  readonly lost: () => void;
}

/** Another process has written the register since. `current` is undefined if the register does not exist. */
interface Conflicted {
  readonly outcome: 'conflict';
  readonly current: RunValue | undefined;
  readonly isOlder: boolean;
}

/**
 * The registers of runs as this process knows them: one for each query and its calls, because a register of other calls is kept. While
 * two configurations take turns, each finds what it has run.
 */
export class RunRegisters {
  readonly #options: RunRegistersOptions;
  readonly #partition: string;
  readonly #known = new Map<string, KnownRun>();

  constructor(options: RunRegistersOptions) {
    this.#options = options;
    this.#partition = `${options.group}/runs`;
  }

  get(name: string): RunValue | undefined {
    return this.#known.get(name)?.value;
  }

  /** Reads all registers. @throws RegisterError */
  async load(): Promise<void> {
    for (const [name, run] of await readAll(this.#options, this.#partition, readRun)) {
      if (!this.#isOlder(run, name)) {
        this.#known.set(name, run);
      }
    }
  }

  /** Reads one register. @throws RegisterError */
  async read(name: string): Promise<RunValue | undefined> {
    return this.#replace(name, await this.#options.registers.get({ partition: this.#partition, name })).current;
  }

  /**
   * Writes a register if it is as this process knows it. After a conflict, the current content is known.
   *
   * @param every milliseconds between the windows of the query
   * @throws RegisterError if the outcome is unknown
   */
  async write(name: string, value: RunValue, every: number): Promise<{ readonly outcome: 'written' } | Conflicted> {
    const { registers, now } = this.#options;
    const known = this.#known.get(name);
    const key = { partition: this.#partition, name };
    // The epoch never decreases, so that a lower one shows that the engine has returned to an earlier state.
    const next = { ...value, epoch: Math.max(value.epoch, known?.value.epoch ?? 0) };
    const expiresAt = now() + Math.max(EXPIRY_MS, 2 * every);
    const write = registers.put(key, JSON.stringify(next), { ifVersion: known?.version, expiresAt });
    const conflict = await conflictOf(write.then((version) => this.#known.set(name, { value: next, version })));
    return conflict === undefined
      ? { outcome: 'written' }
      : { outcome: 'conflict', ...this.#replace(name, conflict.current) };
  }

  /** Stores what was read. `isOlder`: than what was known. @throws RegisterError if it cannot be read */
  #replace(name: string, register: Register | undefined): Omit<Conflicted, 'outcome'> {
    const current = register && readRun({ partition: this.#partition, name }, register.value);
    const run = register && current && { value: current, version: register.version };
    const isOlder = run === undefined ? this.#known.has(name) : this.#isOlder(run, name);
    if (run === undefined) {
      this.#known.delete(name);
    } else {
      this.#known.set(name, run);
    }
    if (isOlder) {
      this.#options.lost();
    }
    return { current, isOlder };
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
}

/** What the fence needs of the group. */
export interface FenceGroup {
  readonly boot: string;
  /** Whether this process leads, its heartbeat is recent, and the registers are loaded. */
  readonly mayStart: () => boolean;
  /** The epoch of this process if it leads, otherwise 0. */
  readonly epoch: () => number;
  readonly isDead: (boot: string) => boolean;
  /** In milliseconds of the engine's clock. Windows that were due until then may have been run. */
  readonly lostUntil: () => number;
  /** Called when a register is older than it was known to be: the engine has returned to an earlier state. */
  readonly lost: () => void;
}

/** Dependencies of the fence. The wall time of its clock is that of the engine. */
export interface RunFenceOptions extends Omit<Context, 'shutdown'> {
  readonly registers: RunRegisters;
  readonly group: FenceGroup;
  readonly questionOf: (query: ScheduledQuery) => Question;
  /** How long an intent of another living process is left alone, in milliseconds. */
  readonly patience: () => number;
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
