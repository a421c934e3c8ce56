import {
  Conflict,
  type Register,
  type RegisterEngine,
  type RegisterKey,
  type RegisterPage,
  type RegisterWrite,
  type Reply,
} from '../../src/replicas/registers.ts';

/** Registers on a page: few, so that lists have several pages. */
const PAGE = 3;

/** An engine in memory, for tests. */
export class MemoryEngine implements RegisterEngine {
  readonly kind = 'memory';
  readonly description = 'memory';
  readonly #time: () => number;
  readonly #partitions = new Map<string, Map<string, Register>>();

  /** @param time the engine's clock */
  constructor(time: () => number) {
    this.#time = time;
  }

  async get({ partition, name }: RegisterKey): Promise<Reply<Register | undefined>> {
    return this.#reply(this.#partitions.get(partition)?.get(name));
  }

  async put({ key: { partition, name }, value, version, ifVersion }: RegisterWrite): Promise<Reply<undefined>> {
    const registers = this.#partitions.get(partition) ?? new Map<string, Register>();
    if (registers.get(name)?.version !== ifVersion) {
      throw new Conflict();
    }
    this.#partitions.set(partition, registers.set(name, { value, version }));
    return this.#reply(undefined);
  }

  async page(partition: string, after: string | undefined): Promise<Reply<RegisterPage>> {
    const all = Array.from(this.#partitions.get(partition) ?? [], ([name, register]) => ({ name, ...register }));
    const start = after === undefined ? 0 : all.findIndex(({ name }) => name === after) + 1;
    const registers = all.slice(start, start + PAGE);
    return this.#reply({ registers, next: start + PAGE < all.length ? registers.at(-1)?.name : undefined });
  }

  /** Other processes use the engine further. */
  async close(): Promise<void> {}

  #reply<T>(result: T): Reply<T> {
    return { result, time: this.#time() };
  }
}
