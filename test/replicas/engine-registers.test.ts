import { describe, expect, it } from 'vitest';
import { EngineRegisters } from '../../src/replicas/engine-registers.ts';
import { Conflict, type RegisterEngine, RegisterError } from '../../src/replicas/registers.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { MemoryEngine } from '../support/memory-engine.ts';

const KEY = { partition: 'default', name: 'leader' };

/** Registers of a process, on an engine whose methods a test replaces. */
function registersOn(change: (engine: MemoryEngine) => Partial<RegisterEngine> = () => ({})) {
  const clock = new FakeClock();
  const memory = new MemoryEngine(() => clock.now());
  const engine: RegisterEngine = {
    kind: memory.kind,
    description: memory.description,
    get: (key) => memory.get(key),
    put: (write) => memory.put(write),
    page: (partition, after) => memory.page(partition, after),
    close: () => memory.close(),
    ...change(memory),
  };
  const calls: string[] = [];
  const registers = new EngineRegisters({
    engine,
    clock,
    boot: 'b1',
    timeout: 5_000,
    ended: ({ operation, failure }) => calls.push(failure === undefined ? operation : `${operation} ${failure}`),
  });
  return { clock, memory, registers, calls };
}

describe('registers of an engine', () => {
  it('gives each write a token of its own', async () => {
    const { registers } = registersOn();
    expect(await registers.put(KEY, '1')).toBe('b1/1');
    expect(await registers.put(KEY, '2', { ifVersion: 'b1/1' })).toBe('b1/2');
    expect(await registers.get(KEY)).toEqual({ value: '2', version: 'b1/2' });
  });

  it('rejects a write with the register that is in its way', async () => {
    const { registers, calls } = registersOn();
    await registers.put(KEY, '1');
    const failure = await registers.put(KEY, '2').catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Conflict);
    expect(failure).toMatchObject({ current: { value: '1', version: 'b1/1' } });
    expect(calls).toEqual(['put', 'put conflict', 'get']);
  });

  it('finds that a write with a lost reply has succeeded', async () => {
    const { registers, calls } = registersOn((memory) => ({
      async put(write) {
        await memory.put(write);
        throw new RegisterError('unreachable', 'connection reset');
      },
    }));
    expect(await registers.put(KEY, '1')).toBe('b1/1');
    expect(calls).toEqual(['put unreachable', 'get']);
  });

  it('finds that a write that was sent twice has succeeded', async () => {
    const { registers } = registersOn((memory) => ({
      async put(write) {
        await memory.put(write);
        return memory.put(write);
      },
    }));
    expect(await registers.put(KEY, '1')).toBe('b1/1');
  });

  it('leaves the outcome open if neither the write nor the read has a reply', async () => {
    const { registers } = registersOn(() => ({
      put: () => Promise.reject(new Conflict()),
      get: () => Promise.reject(new RegisterError('timeout', 'no reply')),
    }));
    await expect(registers.put(KEY, '1')).rejects.toMatchObject({ kind: 'timeout' });
  });

  it('ends a call without a reply after the timeout', async () => {
    const { clock, registers, calls } = registersOn(() => ({ get: () => new Promise(() => undefined) }));
    const reading = expect(registers.get(KEY)).rejects.toMatchObject({ kind: 'timeout' });
    await clock.advance(5_000);
    await reading;
    expect(calls).toEqual(['get timeout']);
  });

  it('reads all pages of a partition', async () => {
    const { registers, calls } = registersOn();
    const names = Array.from({ length: 7 }, (_, n) => `member ${n}`);
    for (const name of names) {
      await registers.put({ partition: 'default/members', name }, name);
    }
    const members = await registers.list('default/members');
    expect(members.map(({ name }) => name)).toEqual(names);
    expect(calls.filter((call) => call === 'list')).toHaveLength(3);
  });

  it.each([
    ['the same', () => 'a'],
    ['one of two', (pages: number) => `${pages % 2}`],
  ])('refuses empty pages without an end: %s', async (_which, next) => {
    let pages = 0;
    const { registers } = registersOn(() => ({
      async page() {
        pages += 1;
        return { result: { registers: [], next: next(pages) }, time: undefined };
      },
    }));
    await expect(registers.list('default')).rejects.toThrow('partition default has pages without an end');
    expect(pages).toBeLessThan(5);
  });

  it('refuses values that no exporter has written', async () => {
    const { memory, registers } = registersOn();
    await memory.put({ key: KEY, value: 'x'.repeat(200_000), version: 'other' });
    await expect(registers.get(KEY)).rejects.toMatchObject({ kind: 'invalid' });
    await expect(registers.put(KEY, 'y'.repeat(200_000))).rejects.toMatchObject({ kind: 'invalid' });
  });
});
