import fc from 'fast-check';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Conflict, type RegisterEngine, RegisterError } from '../../../src/replicas/registers.ts';
import { anyCharacter } from '../../support/any-character.ts';
import { fileScope } from '../../support/file-scope.ts';
import { MemoryEngine } from '../../support/memory-engine.ts';
import { ENGINE_SERVERS, type EngineServer, registersOf } from '../../support/register-engines.ts';

const KEY = { partition: 'default', name: 'leader' };

const scope = fileScope();

describe.each(['memory', ...Object.keys(ENGINE_SERVERS)])('registers in %s', (kind) => {
  let server: EngineServer | undefined;
  const memory = new MemoryEngine(() => Date.now());

  beforeAll(async () => {
    server = await ENGINE_SERVERS[kind]?.(scope);
  }, 60_000);

  const open = (): RegisterEngine => server?.open({ onTestFinished }) ?? memory;

  let processes = 0;
  /** Registers of a new process. */
  const start = () => {
    processes += 1;
    return registersOf(open(), `${kind}-${processes}`).registers;
  };
  /** A partition that no other test uses. */
  const partition = () => `p${processes}/${Math.random()}`;

  it('has no register before the first write', async () => {
    const registers = start();
    expect(await registers.get(KEY)).toBeUndefined();
    expect(await registers.list('none')).toEqual([]);
  });

  it('creates, replaces, and returns a register', async () => {
    const [one, other] = [start(), start()];
    const key = { partition: partition(), name: 'leader' };
    const created = await one.put(key, '{"n":1}');
    expect(await other.get(key)).toEqual({ value: '{"n":1}', version: created });
    const replaced = await other.put(key, '', { ifVersion: created });
    expect(await one.get(key)).toEqual({ value: '', version: replaced });
  });

  it('rejects a creation of an existing register, and a replacement of another version or of nothing', async () => {
    const [one, other] = [start(), start()];
    const key = { partition: partition(), name: 'leader' };
    const version = await one.put(key, 'a');
    const current = { value: 'a', version };
    await expect(other.put(key, 'b')).rejects.toMatchObject({ kind: 'conflict', current });
    await expect(other.put(key, 'b', { ifVersion: 'x/1' })).rejects.toMatchObject({ kind: 'conflict', current });
    const nothing = other.put({ ...key, name: 'none' }, 'b', { ifVersion: version });
    await expect(nothing).rejects.toSatisfy((error) => error instanceof Conflict && error.current === undefined);
    expect(await one.get(key)).toEqual(current);
  });

  it('lets exactly one of many concurrent writes of each version succeed', async () => {
    const writers = Array.from({ length: 8 }, start);
    const key = { partition: partition(), name: 'counter' };
    let version = await start().put(key, '0');
    for (let round = 1; round <= 5; round += 1) {
      const attempts = await Promise.allSettled(
        writers.map((registers) => registers.put(key, String(round), { ifVersion: version })),
      );
      const winners = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []));
      const losers = attempts.flatMap((attempt) => (attempt.status === 'rejected' ? [attempt.reason] : []));
      expect(winners).toHaveLength(1);
      expect(losers.every((error) => error instanceof Conflict)).toBe(true);
      version = winners[0] ?? '';
      expect(await start().get(key)).toEqual({ value: String(round), version });
    }
    const created = { partition: partition(), name: 'new' };
    const creations = await Promise.allSettled(writers.map((registers) => registers.put(created, 'x')));
    expect(creations.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('separates partitions and names of any characters', async () => {
    const registers = start();
    const base = partition();
    // LIKE and regular expressions would give these characters a meaning. A name that is a prefix of another is not the other.
    const names = ['%', '_', '\\', "'", '"', 'a', 'A', 'ä', 'a\u0308', 'a%', 'ab', ' ', 'ⵣ', '🙂', 'x'.repeat(512)];
    const partitions = [base, `${base}/`, `${base}/members`, `${base}%`, `${base}_`.toUpperCase()];
    for (const each of partitions) {
      await Promise.all(names.map((name) => registers.put({ partition: each, name }, JSON.stringify([each, name]))));
    }
    for (const each of partitions) {
      const listed = await registers.list(each);
      expect(listed.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
      expect(listed.every(({ name, value }) => value === JSON.stringify([each, name]))).toBe(true);
    }
  });

  it('keeps any JSON text', async () => {
    const registers = start();
    const key = { partition: partition(), name: 'any' };
    let version: string | undefined;
    const property = fc.asyncProperty(fc.json({ stringUnit: anyCharacter }), async (value) => {
      version = await registers.put(key, value, version === undefined ? {} : { ifVersion: version });
      expect((await registers.get(key))?.value).toBe(value);
    });
    await fc.assert(property, { numRuns: 50 });
  });

  it('lists all pages of a partition', async () => {
    const registers = start();
    const listed = partition();
    // Three pages by size, in both engines.
    const value = JSON.stringify('"'.repeat(29_000));
    const names = Array.from({ length: 150 }, (_, index) => `n${index}`);
    for (let from = 0; from < names.length; from += 10) {
      const some = names.slice(from, from + 10);
      await Promise.all(some.map((name) => registers.put({ partition: listed, name }, value)));
    }
    const { registers: counted, outcomes } = registersOf(open(), 'reader');
    const found = await counted.list(listed);
    expect(found.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
    expect(found.every((register) => register.value === value)).toBe(true);
    expect(outcomes().length).toBeGreaterThanOrEqual(3);
  }, 60_000);

  it('lists more registers than a page has', async () => {
    const registers = start();
    const listed = partition();
    // A page of PostgreSQL has at most 1,000.
    const names = Array.from({ length: 1_010 }, (_, index) => `n${index}`);
    for (let from = 0; from < names.length; from += 50) {
      const some = names.slice(from, from + 50);
      await Promise.all(some.map((name) => registers.put({ partition: listed, name }, '{}')));
    }
    const found = await registers.list(listed);
    expect(found.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
  }, 60_000);

  it('returns its time with every reply', async () => {
    const { registers, calls } = registersOf(open(), `time-${processes}`);
    const key = { partition: partition(), name: 'time' };
    const before = Date.now();
    const version = await registers.put(key, '1');
    await registers.put(key, '2', { ifVersion: version });
    await registers.get(key);
    await registers.get({ ...key, name: 'none' });
    await registers.list(key.partition);
    await registers.list('none');
    const after = Date.now();
    expect(calls).toHaveLength(6);
    for (const { time } of calls) {
      // A whole second is reported as its middle.
      expect(time).toBeGreaterThanOrEqual(before - 500);
      expect(time).toBeLessThanOrEqual(after + 500);
    }
  });

  it('keeps registers without an expiry, and accepts any other', async () => {
    const registers = start();
    const key = { partition: partition(), name: 'kept' };
    const version = await registers.put(key, 'tombstone', { expiresAt: Date.now() + 8 * 86_400_000 + 0.5 });
    // Without an expiry, the next write removes that of the one before.
    await registers.put(key, 'kept', { ifVersion: version });
    expect((await registers.get(key))?.value).toBe('kept');
  });

  it('does not start a call after an abort', async () => {
    const signal = AbortSignal.abort();
    if (kind !== 'memory') {
      await expect(open().get(KEY, signal)).rejects.toBeInstanceOf(RegisterError);
    }
  });
});
