import {
  Conflict,
  type Register,
  type RegisterEngine,
  type RegisterKey,
  type RegisterPage,
  type RegisterWrite,
  type Reply,
} from '../../../src/replicas/registers.ts';
import { call, EPOCH, type Line, type Machine, type Random, type World } from './world.ts';

/** A wrong implementation, for tests that must find it. */
export type WrongEngine =
  /** Runs are written without a condition: only the lease keeps members apart. */
  | 'no compare-and-set of runs'
  /** As above, for registrations over HTTP, and for counted periods. */
  | 'no compare-and-set of registrations'
  | 'no compare-and-set of periods'
  /** Versions are counters: a write is treated as one's own if the register has the next number. */
  | 'counters';

/** Registers on a page: few, so that lists have several pages. */
const PAGE = 5;

/** The state of the engine. It can return to an earlier state. */
export class SimulatedEngine {
  readonly world: World;
  readonly random: Random;
  readonly wrong: WrongEngine | undefined;
  #registers = new Map<string, Register>();
  readonly #history: { readonly at: number; readonly registers: ReadonlyMap<string, Register> }[] = [];
  readonly #counters = new Map<string, number>();
  /** Called with each value that is written, with its register. */
  onWrite: (key: RegisterKey, value: string) => void = () => undefined;

  constructor(world: World, random: Random, wrong?: WrongEngine) {
    this.world = world;
    this.random = random;
    this.wrong = wrong;
  }

  /** Remembers the state, to return to it. */
  snapshot(): void {
    this.#history.push({ at: this.world.now, registers: new Map(this.#registers) });
    if (this.#history.length > 200) {
      this.#history.shift();
    }
  }

  /** Returns to the state `ms` milliseconds ago. */
  restore(ms: number): void {
    const earlier = this.#history.findLast(({ at }) => at <= this.world.now - ms);
    if (earlier !== undefined) {
      this.#registers = new Map(earlier.registers);
    }
  }

  value(key: RegisterKey): string | undefined {
    return this.#registers.get(textOf(key))?.value;
  }

  get(key: RegisterKey): Reply<Register | undefined> {
    return this.#reply(this.#registers.get(textOf(key)));
  }

  put({ key, value, version, ifVersion }: RegisterWrite): Reply<undefined> {
    const text = textOf(key);
    const current = this.#registers.get(text);
    const [, part] = key.partition.split('/');
    const isFree = this.wrong === `no compare-and-set of ${part}`;
    if (this.wrong === 'counters') {
      const expected = this.#counters.get(ifVersion ?? '') ?? 0;
      const actual = this.#counters.get(current?.version ?? '') ?? 0;
      this.#counters.set(version, expected + 1);
      if (actual !== expected) {
        if (actual === expected + 1) {
          return this.#reply(undefined);
        }
        throw new Conflict();
      }
    } else if (!isFree && current?.version !== ifVersion) {
      throw new Conflict();
    }
    this.#registers.set(text, { value, version });
    this.onWrite(key, value);
    return this.#reply(undefined);
  }

  page(partition: string, after: string | undefined): Reply<RegisterPage> {
    const prefix = `${partition}\n`;
    const names = Array.from(this.#registers.keys())
      .filter((key) => key.startsWith(prefix))
      .map((key) => key.slice(prefix.length))
      .filter((name) => after === undefined || name > after)
      .sort();
    const registers = names.slice(0, PAGE).flatMap((name) => {
      const register = this.#registers.get(prefix + name);
      return register === undefined ? [] : [{ name, ...register }];
    });
    return this.#reply({ registers, next: names.length > PAGE ? names[PAGE - 1] : undefined });
  }

  /** The engine as a member sees it, over a connection. */
  connect(machine: Machine, line: Line): RegisterEngine {
    const send = <T>(handle: () => T) => call(this.world, this.random, machine, line, handle);
    return {
      kind: 'simulated',
      description: 'simulated engine',
      get: (key) => send(() => this.get(key)),
      put: (write) => send(() => this.put(write)),
      page: (partition, after) => send(() => this.page(partition, after)),
      close: async () => undefined,
    };
  }

  #reply<T>(result: T): Reply<T> {
    return { result, time: Math.floor(EPOCH + this.world.now) };
  }
}

function textOf({ partition, name }: RegisterKey): string {
  return `${partition}\n${name}`;
}
