import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { describe, expect, it } from 'vitest';
import { NameLookup } from '../../src/aws/network/name-lookup.ts';
import { SystemResolver } from '../../src/aws/network/system-resolver.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { RecordingLog } from '../support/recording-log.ts';

const MINUTE = 60_000;
const HANGING = new Promise<never>(() => undefined);

/** A resolver whose names have addresses, an error, or a hang, as configured. It counts its lookups. */
function resolver(answers: Record<string, string | Error | undefined>) {
  const asked: string[] = [];
  let running = 0;
  return {
    asked,
    most: 0,
    async resolve(name: string): Promise<LookupAddress[]> {
      asked.push(name);
      running += 1;
      this.most = Math.max(this.most, running);
      const answer = answers[name];
      await (answer === undefined ? HANGING : Promise.resolve());
      running -= 1;
      if (answer instanceof Error) {
        throw answer;
      }
      return [{ address: answer ?? '', family: 4 }];
    },
    close: () => undefined,
  };
}

function notFound(name: string): Error {
  return Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' });
}

function look(lookup: LookupFunction, name: string): Promise<string> {
  return new Promise((resolve, reject) => {
    lookup(name, { all: true }, (error, addresses) =>
      error === null && Array.isArray(addresses)
        ? resolve(addresses.map((each) => each.address).join())
        : reject(error),
    );
  });
}

function setUp(answers: Record<string, string | Error | undefined>) {
  const clock = new FakeClock();
  const log = new RecordingLog();
  const source = resolver(answers);
  const names = new NameLookup({ resolve: (name) => source.resolve(name), clock, log });
  return { clock, log, source, names, ask: (name: string) => look(names.lookup, name) };
}

describe('a name', () => {
  it('has one lookup for all connections that wait for it', async () => {
    const { clock, source, names, ask } = setUp({});
    const failures = Array.from({ length: 50 }, () => ask('hanging').catch((error: unknown) => error));
    await clock.advance(5_000);
    failures.push(ask('hanging').catch((error: unknown) => error));
    expect(source.asked).toEqual(['hanging']);
    expect(names.isUnresolved('hanging')).toBe(true);
    expect(names.isUnresolved('another')).toBe(false);
    await clock.advance(25_000);
    for (const failure of await Promise.all(failures)) {
      expect(failure).toMatchObject({
        code: 'EAI_AGAIN',
        syscall: 'getaddrinfo',
        message: 'DNS lookup failed: no response for hanging within 30 s',
      });
    }
  });

  it('fails with the reason of the resolver, as a DNS failure', async () => {
    const { ask } = setUp({ nowhere: notFound('nowhere') });
    await expect(ask('nowhere')).rejects.toMatchObject({
      code: 'ENOTFOUND',
      syscall: 'getaddrinfo',
      hostname: 'nowhere',
      message: 'DNS lookup failed: getaddrinfo ENOTFOUND nowhere',
    });
  });

  it.each([
    { what: 'fails', later: notFound('name'), reason: 'DNS lookup failed: getaddrinfo ENOTFOUND name', wait: 0 },
    { what: 'hangs', later: undefined, reason: 'DNS lookup failed: no response for name within 1 s', wait: 1_000 },
  ])(
    'keeps its last addresses for 15 minutes while its lookup $what, and logs it once',
    async ({ later, reason, wait }) => {
      const answers: Record<string, string | Error | undefined> = { name: '192.0.2.1' };
      const { clock, log, names, ask } = setUp(answers);
      expect(await ask('name')).toBe('192.0.2.1');
      answers['name'] = later;
      await clock.advance(MINUTE);
      for (let second = 0; second < 14 * 60 - 5; second += 5) {
        const asked = ask('name');
        await clock.advance(wait);
        expect(await asked).toBe('192.0.2.1');
        await clock.advance(5_000 - wait);
      }
      expect(names.isUnresolved('name')).toBe(false);
      expect(log.events).toEqual([
        {
          level: 'warn',
          msg: 'last known addresses used',
          fields: { name: 'name', reason, age: wait === 0 ? '60s' : '61s' },
        },
      ]);
      await clock.advance(10_000);
      const asked = ask('name').catch((error: unknown) => error);
      await clock.advance(31_000);
      expect(await asked).toMatchObject({ message: expect.stringContaining('DNS lookup failed') });

      answers['name'] = '192.0.2.2';
      expect(await ask('name')).toBe('192.0.2.2');
      expect(log.events.slice(1)).toMatchObject([
        { level: 'info', msg: 'DNS lookup recovered', fields: { name: 'name' } },
      ]);
    },
  );
});

describe('the system resolver', () => {
  const names = Array.from({ length: 10 }, (_, i) => `region-${i}`);
  const answers = Object.fromEntries(names.map((name, i) => [name, i < 4 ? undefined : `192.0.2.${i}`]));

  it('runs at most one lookup in this process, and delays other names by a hanging one for a second', async () => {
    const clock = new FakeClock();
    const [local, other] = [resolver(answers), resolver(answers)];
    const system = new SystemResolver({
      clock,
      env: {},
      local: (name) => local.resolve(name),
      other: { resolve: (name) => other.resolve(name), close: () => undefined },
    });
    const found: string[] = [];
    for (const name of names) {
      void system.resolve(name, {}).then(([first]) => found.push(String(first?.address)));
    }
    await clock.advance(999);
    expect(found).toEqual([]);
    await clock.advance(1);
    expect(found.sort()).toEqual(names.slice(4).map((_, i) => `192.0.2.${i + 4}`));
    expect(local.most).toBe(1);
    expect(local.asked).toEqual(['region-0']);
    await system.resolve('region-9', {});
    expect(local.asked, 'no more, while one hangs').toEqual(['region-0']);
  });

  it('starts no other process while lookups succeed', async () => {
    const clock = new FakeClock();
    const [local, other] = [resolver({ a: '192.0.2.1', b: '192.0.2.2', c: notFound('c') }), resolver({})];
    const system = new SystemResolver({
      clock,
      env: {},
      local: (name) => local.resolve(name),
      other: { resolve: (name) => other.resolve(name), close: () => undefined },
    });
    const all = await Promise.allSettled(['a', 'c', 'b'].map((name) => system.resolve(name, {})));
    await clock.advance(MINUTE);
    expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect([local.most, other.asked.length]).toEqual([1, 0]);
  });
});
