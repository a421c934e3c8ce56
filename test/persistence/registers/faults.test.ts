import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type FaultyProxy, startFaultyProxy } from '../../support/faulty-proxy.ts';
import { fileScope } from '../../support/file-scope.ts';
import { ENGINE_SERVERS, type EngineServer, registersOf } from '../../support/register-engines.ts';

const scope = fileScope();

describe.each(Object.keys(ENGINE_SERVERS))('registers in %s behind a faulty network', (kind) => {
  let server: EngineServer;
  let proxy: FaultyProxy;
  let tests = 0;

  beforeAll(async () => {
    const start = ENGINE_SERVERS[kind] ?? expect.fail('no such engine');
    server = await start(scope);
  }, 60_000);

  beforeEach(async () => {
    tests += 1;
    proxy = await startFaultyProxy({ onTestFinished }, server.port);
  });

  /** Registers of a process behind the proxy, and a register that it has written. */
  const startWriter = async ({ timeout = 20_000 } = {}) => {
    const key = { partition: `${kind}/${tests}`, name: 'leader' };
    const writer = registersOf(server.open({ onTestFinished }, proxy.port), `writer-${tests}`, timeout);
    const version = await writer.registers.put(key, 'first');
    writer.calls.length = 0;
    return { ...writer, key, version };
  };

  /** Registers of a process without faults. */
  const startReader = () => registersOf(server.open({ onTestFinished }), `reader-${tests}`).registers;

  it('finds that a write whose reply was lost has succeeded', async () => {
    const { registers, key, version, outcomes } = await startWriter();
    for (const options of [{ ifVersion: version }, undefined]) {
      const target = options === undefined ? { ...key, name: 'new' } : key;
      proxy.set('lose a reply');
      const written = await registers.put(target, 'second', options);
      expect(await startReader().get(target)).toEqual({ value: 'second', version: written });
    }
    expect(outcomes()).toEqual(['put unreachable', 'get', 'put unreachable', 'get']);
  });

  // A connection to PostgreSQL has a state, so nothing between can repeat its statements.
  it.runIf(kind === 'dynamodb')('finds that the conflict of a repeated write is with itself', async () => {
    const { registers, key, version, outcomes } = await startWriter();
    for (const options of [{ ifVersion: version }, undefined]) {
      const target = options === undefined ? { ...key, name: 'new' } : key;
      proxy.set('repeat requests');
      const written = await registers.put(target, 'second', options);
      proxy.set('pass');
      expect(await startReader().get(target)).toEqual({ value: 'second', version: written });
    }
    expect(outcomes()).toEqual(['put conflict', 'get', 'put conflict', 'get']);
  });

  it('does not find its write if another process has written since', async () => {
    const { registers, key, version } = await startWriter();
    proxy.set('lose a reply');
    const lost = registers.put(key, 'second', { ifVersion: version });
    const written = await lost;
    await startReader().put(key, 'third', { ifVersion: written });
    proxy.set('lose a reply');
    await expect(registers.put(key, 'fourth', { ifVersion: written })).rejects.toMatchObject({ kind: 'unreachable' });
    expect((await startReader().get(key))?.value).toBe('third');
  });

  it('ends a call with a slow reply, whose write may be in effect', async () => {
    const { registers, key, version, outcomes, calls } = await startWriter({ timeout: 400 });
    proxy.set('hold replies');
    await expect(registers.put(key, 'late', { ifVersion: version })).rejects.toMatchObject({ kind: 'timeout' });
    expect(outcomes()).toEqual(['put timeout', 'get timeout']);
    expect(calls.every(({ sentAt, endedAt }) => endedAt - sentAt >= 399)).toBe(true);
    expect((await startReader().get(key))?.value).toBe('late');
  });

  it('reports a slow reply that is in time by its duration', async () => {
    const { registers, key, calls } = await startWriter();
    proxy.set('hold replies');
    const slow = registers.get(key);
    const pause = new Promise((resolve) => setTimeout(resolve, 300));
    await pause;
    proxy.set('pass');
    expect((await slow)?.value).toBe('first');
    expect(calls).toMatchObject([{ operation: 'get', failure: undefined }]);
    expect((calls[0]?.endedAt ?? 0) - (calls[0]?.sentAt ?? 0)).toBeGreaterThanOrEqual(299);
  });

  it('reports a cut connection, and connects again', async () => {
    const { registers, key, outcomes } = await startWriter();
    proxy.set('refuse');
    await expect(registers.get(key)).rejects.toMatchObject({ kind: 'unreachable' });
    await expect(registers.list(key.partition)).rejects.toMatchObject({ kind: 'unreachable' });
    proxy.set('pass');
    expect((await registers.get(key))?.value).toBe('first');
    expect(await registers.list(key.partition)).toHaveLength(1);
    expect(outcomes()).toEqual(['get unreachable', 'list unreachable', 'get', 'list']);
  });

  it('continues with the same registers after a kill of the database', async () => {
    const { registers, key, version } = await startWriter();
    await server.kill();
    await expect(registers.put(key, 'second', { ifVersion: version })).rejects.toMatchObject({ kind: 'unreachable' });
    await server.start();
    expect(await registers.get(key)).toEqual({ value: 'first', version });
    await registers.put(key, 'second', { ifVersion: version });
  }, 60_000);

  it('ends calls while the database is paused, and continues afterward', async () => {
    const { registers, key, version } = await startWriter({ timeout: 500 });
    server.signal('SIGSTOP');
    const paused = [
      registers.get(key),
      registers.list(key.partition),
      registers.put(key, 'second', { ifVersion: version }),
    ];
    const ended = await Promise.allSettled(paused);
    server.signal('SIGCONT');
    expect(ended).toMatchObject(paused.map(() => ({ status: 'rejected', reason: { kind: 'timeout' } })));
    const { registers: patient } = registersOf(server.open({ onTestFinished }, proxy.port), `patient-${tests}`);
    // The write was sent before the pause ended, and may be in effect now.
    expect(['first', 'second']).toContain((await patient.get(key))?.value);
  }, 60_000);

  it('closes while calls have no reply', async () => {
    const engine = server.open({ onTestFinished }, proxy.port);
    await engine.get({ partition: 'p', name: 'n' }, new AbortController().signal);
    proxy.set('hold all');
    const abort = new AbortController();
    const call = engine.get({ partition: 'p', name: 'n' }, abort.signal).catch((error: unknown) => error);
    await engine.close();
    abort.abort();
    expect(await call).toBeInstanceOf(Error);
  });
});
