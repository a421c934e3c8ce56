import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AwsCredentials } from '../../src/api/credentials.ts';
import { CredentialsUnavailable } from '../../src/api/errors.ts';
import { RefreshedCredentials } from '../../src/api/refreshed-credentials.ts';
import { FakeClock } from '../support/fake-clock.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A source whose credentials live `life` milliseconds, numbered from 1, and what remembers them. */
function setUp(life: number | undefined) {
  const clock = new FakeClock();
  const source = {
    fetches: 0,
    life,
    failure: undefined as Error | undefined,
    /** Milliseconds that a fetch takes. */
    latency: 0,
  };
  const credentials = new RefreshedCredentials({
    clock,
    explain: (thrown) => `explained: ${thrown instanceof Error ? thrown.message : thrown}`,
    async fetch(): Promise<AwsCredentials> {
      source.fetches += 1;
      const { fetches, failure, latency } = source;
      if (latency > 0) {
        await new Promise<void>((resolve) => clock.setTimer(latency, resolve));
      }
      if (failure !== undefined) {
        throw failure;
      }
      const expiration = source.life === undefined ? {} : { expiration: new Date(clock.now() + source.life) };
      return { accessKeyId: `key-${fetches}`, secretAccessKey: 'secret', ...expiration };
    },
  });
  const key = async () => (await credentials.get()).accessKeyId;
  return { clock, source, credentials, key };
}

describe('credentials', () => {
  test('are fetched once for all that ask, also while they are on their way', async () => {
    const { clock, source, key } = setUp(HOUR);
    source.latency = 500;
    const asked = [key(), key(), key()];
    await clock.advance(500);
    expect(await Promise.all([...asked, key()])).toEqual(['key-1', 'key-1', 'key-1', 'key-1']);
    expect(source.fetches).toBe(1);
  });

  test('without an end are fetched once', async () => {
    const { clock, source, key } = setUp(undefined);
    for (let day = 0; day < 30; day += 1) {
      expect(await key()).toBe('key-1');
      await clock.advance(24 * HOUR);
    }
    expect(source.fetches).toBe(1);
  });

  test('of an hour are renewed five minutes before their end, while the old are used on', async () => {
    const { clock, source, key } = setUp(HOUR);
    await key();
    await clock.advance(54.9 * MINUTE);
    expect(await key()).toBe('key-1');
    expect(source.fetches).toBe(1);
    source.latency = 2_000;
    await clock.advance(0.2 * MINUTE);
    expect(await key()).toBe('key-1');
    expect(source.fetches).toBe(2);
    await clock.advance(2_000);
    expect(await key()).toBe('key-2');
    expect(source.fetches).toBe(2);
  });

  test('of a minute are renewed every 40 s, not for each request', async () => {
    const { clock, source, key } = setUp(MINUTE);
    for (let second = 0; second < 600; second += 1) {
      await key();
      await clock.advance(1_000);
    }
    expect(source.fetches).toBe(600 / 40);
  });

  test('that could expire on their way are waited for', async () => {
    const { clock, source, key } = setUp(MINUTE);
    await key();
    source.latency = 1_000;
    await clock.advance(51_000);
    const asked = key();
    await clock.advance(1_000);
    expect(await asked).toBe('key-2');
  });

  test('given out are never expired, and fetched no more often than their life asks for, whoever asks when', async () => {
    const pauses = fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 20, maxLength: 60 });
    const lives = fc.integer({ min: 2_000, max: 2 * MINUTE });
    const latencies = fc.integer({ min: 0, max: 200 });
    await fc.assert(
      fc.asyncProperty(lives, pauses, latencies, async (life, waits, latency) => {
        const { clock, source, credentials } = setUp(life);
        source.latency = latency;
        let elapsed = 0;
        for (const wait of waits) {
          const asked = credentials.get();
          await clock.advance(latency);
          const { expiration } = await asked;
          expect(expiration?.getTime()).toBeGreaterThan(clock.now());
          await clock.advance(wait);
          elapsed += wait + latency;
        }
        expect(source.fetches).toBeLessThanOrEqual(1 + elapsed / ((life * 2) / 3));
      }),
      { numRuns: 60 },
    );
  });
});

describe('a fetch that fails', () => {
  test('is told in words, and repeated a second later at the earliest', async () => {
    const { clock, source, credentials, key } = setUp(HOUR);
    source.failure = new Error('refused');
    for (let tenth = 0; tenth < 100; tenth += 1) {
      const failure: unknown = await credentials.get().catch((thrown: unknown) => thrown);
      expect(failure).toBeInstanceOf(CredentialsUnavailable);
      expect(failure).toMatchObject({ message: 'explained: refused' });
      await clock.advance(100);
    }
    expect(source.fetches).toBe(10);
    source.failure = undefined;
    await clock.advance(1_000);
    expect(await key()).toBe('key-11');
  });

  test('leaves those in use that are still valid', async () => {
    const { clock, source, credentials, key } = setUp(HOUR);
    await key();
    source.failure = new Error('refused');
    for (let minute = 0; minute < 60; minute += 1) {
      expect(await key()).toBe('key-1');
      await clock.advance(MINUTE);
    }
    expect(source.fetches).toBeGreaterThan(1);
    await expect(credentials.get()).rejects.toThrow('explained: refused');
    source.failure = undefined;
    await clock.advance(1_000);
    expect(await key()).toBe(`key-${source.fetches}`);
  });

  test('to end keeps nobody longer than 30 s, and is used when it does end', async () => {
    const { clock, source, credentials, key } = setUp(HOUR);
    source.latency = 10 * MINUTE;
    const asked = credentials.get().catch((thrown: unknown) => thrown);
    await clock.advance(30_000);
    expect(await asked).toMatchObject({ name: 'CredentialsUnavailable', message: 'no credentials after 30 s' });
    await clock.advance(10 * MINUTE);
    expect(await key()).toBe('key-1');
    expect(source.fetches).toBe(1);
  });
});

describe('credentials that AWS refuses', () => {
  test('are fetched anew', async () => {
    const { clock, source, credentials, key } = setUp(undefined);
    await key();
    await clock.advance(5_000);
    credentials.refused();
    expect(await key()).toBe('key-2');
    expect(source.fetches).toBe(2);
  });

  test('for ever are fetched every five seconds at most', async () => {
    const { clock, source, credentials, key } = setUp(HOUR);
    for (let tenth = 0; tenth < 600; tenth += 1) {
      await key();
      credentials.refused();
      await clock.advance(100);
    }
    expect(source.fetches).toBe(12);
  });

  test('and cannot be had anew are not given again', async () => {
    const { clock, source, credentials, key } = setUp(HOUR);
    await key();
    await clock.advance(MINUTE);
    credentials.refused();
    source.failure = new Error('no more');
    await expect(credentials.get()).rejects.toThrow('explained: no more');
  });
});

describe('clocks', () => {
  test('a wall clock that is set back does not make credentials last longer', async () => {
    const { clock, key } = setUp(MINUTE);
    await key();
    clock.jump(-HOUR);
    await clock.advance(MINUTE);
    expect(await key()).toBe('key-2');
  });

  test('after a sleep of the machine, credentials that expired meanwhile are not used', async () => {
    const { clock, key } = setUp(MINUTE);
    await key();
    await clock.advance(1_000);
    clock.jump(HOUR);
    expect(await key()).not.toBe('key-1');
  });

  test('with a wall clock ahead, credentials that seem to have expired are used, and fetched once a second at most', async () => {
    const { clock, source, key } = setUp(-MINUTE);
    for (let tenth = 0; tenth < 100; tenth += 1) {
      await expect(key()).resolves.toMatch(/^key-\d+$/);
      await clock.advance(100);
    }
    expect(source.fetches).toBe(10);
  });
});
