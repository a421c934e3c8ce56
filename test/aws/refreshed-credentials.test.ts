import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AwsCredentials } from '../../src/aws/credentials/credentials.ts';
import { RefreshedCredentials } from '../../src/aws/credentials/refreshed-credentials.ts';
import { CredentialsUnavailable } from '../../src/aws/errors.ts';
import { FakeClock } from '../support/fake-clock.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A source of numbered credentials that are valid for `life` milliseconds, and their cache. */
function setUp(life: number | undefined) {
  const clock = new FakeClock();
  const source = {
    fetches: 0,
    life,
    failure: undefined as Error | undefined,
    /** Duration of a fetch in milliseconds. */
    latency: 0,
    /** Access key of all fetches; undefined for a new one each time. */
    key: undefined as string | undefined,
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
      return { accessKeyId: source.key ?? `key-${fetches}`, secretAccessKey: 'secret', ...expiration };
    },
  });
  const key = async (place = 'here') => (await credentials.get(place)).accessKeyId;
  return { clock, source, credentials, key };
}

describe('credentials', () => {
  test('are fetched once for all callers, even during a fetch', async () => {
    const { clock, source, key } = setUp(HOUR);
    source.latency = 500;
    const asked = [key(), key(), key()];
    await clock.advance(500);
    expect(await Promise.all([...asked, key()])).toEqual(['key-1', 'key-1', 'key-1', 'key-1']);
    expect(source.fetches).toBe(1);
  });

  test('without an expiration are fetched once', async () => {
    const { clock, source, key } = setUp(undefined);
    for (let day = 0; day < 30; day += 1) {
      expect(await key()).toBe('key-1');
      await clock.advance(24 * HOUR);
    }
    expect(source.fetches).toBe(1);
  });

  test('of an hour are renewed five minutes before they expire, while the old ones are used', async () => {
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

  test('that could expire in flight are replaced before use', async () => {
    const { clock, source, key } = setUp(MINUTE);
    await key();
    source.latency = 1_000;
    await clock.advance(51_000);
    const asked = key();
    await clock.advance(1_000);
    expect(await asked).toBe('key-2');
  });

  test('have never expired when they are returned, and are not fetched more often than necessary', async () => {
    const pauses = fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 20, maxLength: 60 });
    const lives = fc.integer({ min: 2_000, max: 2 * MINUTE });
    const latencies = fc.integer({ min: 0, max: 200 });
    await fc.assert(
      fc.asyncProperty(lives, pauses, latencies, async (life, waits, latency) => {
        const { clock, source, credentials } = setUp(life);
        source.latency = latency;
        let elapsed = 0;
        for (const wait of waits) {
          const asked = credentials.get('here');
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
  test('is reported in words, and repeated after a second at the earliest', async () => {
    const { clock, source, credentials, key } = setUp(HOUR);
    source.failure = new Error('refused');
    for (let tenth = 0; tenth < 100; tenth += 1) {
      const failure: unknown = await credentials.get('here').catch((thrown: unknown) => thrown);
      expect(failure).toBeInstanceOf(CredentialsUnavailable);
      expect(failure).toMatchObject({ message: 'explained: refused' });
      await clock.advance(100);
    }
    expect(source.fetches).toBe(10);
    source.failure = undefined;
    await clock.advance(1_000);
    expect(await key()).toBe('key-11');
  });

  test('leaves valid credentials in use', async () => {
    const { clock, source, credentials, key } = setUp(HOUR);
    await key();
    source.failure = new Error('refused');
    for (let minute = 0; minute < 60; minute += 1) {
      expect(await key()).toBe('key-1');
      await clock.advance(MINUTE);
    }
    expect(source.fetches).toBeGreaterThan(1);
    await expect(credentials.get('here')).rejects.toThrow('explained: refused');
    source.failure = undefined;
    await clock.advance(1_000);
    expect(await key()).toBe(`key-${source.fetches}`);
  });

  test('to end delays callers by at most 30 s, and is used once it ends', async () => {
    const { clock, source, credentials, key } = setUp(HOUR);
    source.latency = 10 * MINUTE;
    const asked = credentials.get('here').catch((thrown: unknown) => thrown);
    await clock.advance(30_000);
    expect(await asked).toMatchObject({ name: 'CredentialsUnavailable', message: 'no credentials after 30 s' });
    await clock.advance(10 * MINUTE);
    expect(await key()).toBe('key-1');
    expect(source.fetches).toBe(1);
  });
});

describe('credentials that AWS refuses', () => {
  test('are fetched again', async () => {
    const { clock, source, credentials, key } = setUp(undefined);
    await key();
    await clock.advance(5_000);
    credentials.refused('here', 'key-1');
    expect(await key()).toBe('key-2');
    expect(source.fetches).toBe(2);
  });

  test('are fetched with exponential backoff, at least every five minutes', async () => {
    const { clock, source, credentials, key } = setUp(HOUR);
    const fetchedAt: number[] = [];
    for (let second = 0; second < 1_000; second += 1) {
      const before = source.fetches;
      credentials.refused('here', await key());
      fetchedAt.push(...(source.fetches > before ? [second] : []));
      await clock.advance(1_000);
    }
    expect(fetchedAt).toEqual([0, 5, 15, 35, 75, 155, 315, 615, 915]);
  });

  test('are fetched every 30 s if the source returns the same ones', async () => {
    const { clock, source, credentials, key } = setUp(undefined);
    source.key = 'key of a file';
    for (let second = 0; second < 155; second += 1) {
      credentials.refused('here', await key());
      await clock.advance(1_000);
    }
    expect(source.fetches).toBe(7);
    source.key = 'key of the corrected file';
    await clock.advance(30_000);
    expect(await key()).toBe(source.key);
  });

  test('are rejected by the key of the request, not by their replacement', async () => {
    const { clock, source, credentials, key } = setUp(MINUTE);
    await key();
    await clock.advance(MINUTE);
    expect(await key()).toBe('key-2');
    await clock.advance(10_000);
    credentials.refused('here', 'key-1');
    expect(await key()).toBe('key-2');
    expect(source.fetches).toBe(2);
  });

  test('are not returned to the same place again', async () => {
    const { clock, source, credentials, key } = setUp(HOUR);
    await key();
    await clock.advance(MINUTE);
    credentials.refused('here', 'key-1');
    source.failure = new Error('no more');
    await expect(credentials.get('here')).rejects.toThrow('explained: no more');
  });
});

describe('credentials that one place refuses', () => {
  test.for([undefined, HOUR])('are kept while another place accepts them (life: %s)', async (life) => {
    const { clock, source, credentials, key } = setUp(life);
    source.key = life === undefined ? 'static key' : undefined;
    for (let second = 0; second < 54 * 60; second += 1) {
      credentials.refused('refusing', await key('refusing'));
      if (second % 60 === 30) {
        credentials.accepted('accepting', await key('accepting'));
      }
      await clock.advance(1_000);
    }
    // The second one is fetched before the other place has accepted the first one.
    expect(source.fetches).toBeLessThanOrEqual(3);
  });

  test('stay in use at all others if there are no new ones', async () => {
    const { clock, source, credentials, key } = setUp(HOUR);
    await key('refusing');
    await clock.advance(MINUTE);
    credentials.refused('refusing', 'key-1');
    source.failure = new Error('STS is down');
    await expect(key('refusing')).rejects.toThrow('STS is down');
    expect(await key('untried')).toBe('key-1');
    credentials.accepted('untried', 'key-1');
    expect(await key('refusing'), 'its error is that of the place, not that of the source').toBe('key-1');
  });

  test('are replaced once all places refuse them', async () => {
    const { clock, source, credentials, key } = setUp(undefined);
    credentials.accepted('a', await key('a'));
    credentials.accepted('b', await key('b'));
    await clock.advance(HOUR);
    credentials.refused('a', 'key-1');
    credentials.refused('b', 'key-1');
    expect(await Promise.all([key('a'), key('b')])).toEqual(['key-2', 'key-2']);
    expect(source.fetches).toBe(2);
  });

  test('are replaced even if an idle place has accepted them before', async () => {
    const { clock, credentials, key } = setUp(undefined);
    credentials.accepted('idle', await key('idle'));
    credentials.accepted('busy', await key('busy'));
    await clock.advance(2 * MINUTE);
    credentials.refused('busy', 'key-1');
    expect(await key('busy')).toBe('key-2');
  });

  test('wait the shortest time again once the place has accepted some', async () => {
    const { clock, source, credentials, key } = setUp(HOUR);
    for (let second = 0; second < 35; second += 1) {
      credentials.refused('here', await key());
      await clock.advance(1_000);
    }
    credentials.accepted('here', await key());
    await clock.advance(5_000);
    credentials.refused('here', await key());
    const before = source.fetches;
    await key();
    expect(source.fetches).toBe(before + 1);
  });
});

describe('clocks', () => {
  test('does not use credentials longer if the wall clock is set back', async () => {
    const { clock, key } = setUp(MINUTE);
    await key();
    clock.jump(-HOUR);
    await clock.advance(MINUTE);
    expect(await key()).toBe('key-2');
  });

  test('does not use credentials that expired while the machine was suspended', async () => {
    const { clock, key } = setUp(MINUTE);
    await key();
    await clock.advance(1_000);
    clock.jump(HOUR);
    expect(await key()).not.toBe('key-1');
  });

  test.each([-365 * 24 * HOUR, -MINUTE, -1, 0])(
    'uses credentials that seem to expire %i ms after the fetch, and fetches new ones after minutes',
    async (life) => {
      const { clock, source, key } = setUp(life);
      for (let second = 0; second < 600; second += 1) {
        await expect(key()).resolves.toMatch(/^key-\d+$/);
        await clock.advance(1_000);
      }
      expect(source.fetches).toBeLessThanOrEqual(3);
    },
  );

  test('fetches credentials at an interval of minutes while the wall clock is ahead', async () => {
    const { clock, source, key } = setUp(HOUR);
    await key();
    clock.jump(2 * HOUR);
    source.life = -HOUR;
    for (let second = 0; second < 600; second += 1) {
      await key();
      await clock.advance(1_000);
    }
    expect(source.fetches).toBeLessThanOrEqual(4);
    clock.jump(-2 * HOUR);
    source.life = HOUR;
    await clock.advance(5 * MINUTE);
    const before = source.fetches;
    for (let minute = 0; minute < 120; minute += 1) {
      await key();
      await clock.advance(MINUTE);
    }
    expect(source.fetches - before).toBeLessThanOrEqual(4);
  });

  test('replaces refused credentials that seem expired when they are fetched', async () => {
    const { clock, source, credentials, key } = setUp(-MINUTE);
    const first = await key();
    credentials.refused('here', first);
    await clock.advance(6_000);
    expect(await key()).toBe('key-2');
    expect(source.fetches).toBe(2);
  });
});
