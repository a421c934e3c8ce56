import { setMaxListeners } from 'node:events';
import { Agent } from 'node:http';
import { performance } from 'node:perf_hooks';
import { expect, test } from 'vitest';
import { SECRET_2A, SECRET_2B, SECRET_2Y, SECRET_COST_10, startSecure } from './secure-exporter.ts';

test.each([
  ['$2a$', SECRET_2A],
  ['$2b$', SECRET_2B],
  ['$2y$', SECRET_2Y],
])('admits a user with a %s hash only with the password', async (_kind, hash) => {
  const { get } = await startSecure({ basic_auth_users: { alice: hash } });
  expect(await get('/metrics', { login: 'alice:secret' })).toMatchObject({ status: 200 });
  for (const login of ['alice:Secret', 'alice:', 'alice:secret ', 'bob:secret', ':secret', `alice:${hash}`]) {
    expect(await get('/metrics', { login }), login).toMatchObject({ status: 401 });
  }
  const { status, headers, body } = await get('/metrics');
  expect({ status, body }).toEqual({ status: 401, body: 'Authentication required: user name and password\n' });
  expect(headers['www-authenticate']).toMatch(/^Basic realm="[^"]+"/);
});

test('requires authentication for every path except the probes, even for unknown paths', async () => {
  const { get } = await startSecure({ basic_auth_users: { alice: SECRET_2Y } });
  for (const path of [
    '/',
    '/metrics',
    '/nothing',
    '/-/reload',
    '/-/healthy/',
    '/-/Healthy',
    '/%2d/healthy',
    '//-/healthy',
  ]) {
    expect(await get(path), path).toMatchObject({ status: 401 });
  }
  expect(await get('/api/v1/queries')).toMatchObject({
    status: 401,
    body: expect.stringContaining('"code":"unauthorized"'),
  });
  expect(await get('/-/healthy')).toMatchObject({ status: 200 });
  expect(await get('/-/ready?x')).toMatchObject({ status: 200 });
  expect(await get('/nothing', { login: 'alice:secret' })).toMatchObject({ status: 404 });
});

test('distinguishes user names and passwords with the same concatenation', async () => {
  const { get } = await startSecure({ basic_auth_users: { ab: SECRET_2Y } });
  expect(await get('/metrics', { login: 'ab:secret' })).toMatchObject({ status: 200 });
  for (const login of ['a:bsecret', `ab${SECRET_2Y}:secret`, `:ab${SECRET_2Y}secret`]) {
    expect(await get('/metrics', { login }), login).toMatchObject({ status: 401 });
  }
});

test('logs failed sign-ins once per minute, without user name and password', async () => {
  const { get, events } = await startSecure({ basic_auth_users: { alice: SECRET_2Y } });
  await get('/metrics');
  expect(events).toEqual([]);
  await get('/metrics', { login: 'canary-name:canary-password' });
  await get('/metrics', { login: 'alice:canary-password' });
  expect(events).toEqual([{ level: 'warn', msg: 'sign-in failed', fields: { client: '127.0.0.1', failures: 1 } }]);
});

test('takes the same time for an unknown user', async () => {
  const { get } = await startSecure({ basic_auth_users: { cheap: SECRET_2Y, alice: SECRET_COST_10 } });
  const timed = async (login: string) => {
    const begin = performance.now();
    await get('/metrics', { login });
    return performance.now() - begin;
  };
  const times: [number, number][] = [];
  for (let i = 0; i < 3; i += 1) {
    times.push([await timed(`alice:wrong-${i}`), await timed(`nobody:wrong-${i}`)]);
  }
  // Hashing takes some 50 ms, anything else hardly one: a single undisturbed measurement is sufficient.
  expect(times.some(([known, unknown]) => unknown > known / 3)).toBe(true);
  expect(Math.min(...times.map(([, unknown]) => unknown))).toBeGreaterThan(10);
});

test('serves scrapes during 900 sign-ins with wrong passwords', async () => {
  const { get } = await startSecure({ basic_auth_users: { alice: SECRET_COST_10 } });
  const scrape = async () => {
    const begin = performance.now();
    expect(await get('/metrics', { login: 'alice:secret' })).toMatchObject({ status: 200 });
    return performance.now() - begin;
  };
  await scrape();
  const end = new AbortController();
  setMaxListeners(0, end.signal);
  const guesses = Promise.allSettled(
    // With fewer than the 1,000 connections that a listener admits, each scrape has one of its own.
    Array.from({ length: 900 }, (_, i) => get('/metrics', { login: `alice:guess-${i}`, signal: end.signal })),
  );
  const scrapes: number[] = [];
  for (let i = 0; i < 20; i += 1) {
    scrapes.push(await scrape());
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(scrapes.sort((a, b) => a - b)[10]).toBeLessThan(250);

  // Those who wait leave, and no passwords of theirs are hashed any more: that would take half a minute.
  end.abort();
  const answers = (await guesses).flatMap((guess) => (guess.status === 'fulfilled' ? guess.value.status : []));
  expect(answers.filter((status) => status !== 401)).toEqual([]);
  expect(answers.length).toBeLessThan(500);
  const begin = performance.now();
  expect(await get('/metrics', { login: 'alice:another' })).toMatchObject({ status: 401 });
  expect(performance.now() - begin).toBeLessThan(5_000);
});

test('applies changed users to the next request', async () => {
  const { get, configure, events } = await startSecure({ basic_auth_users: { alice: SECRET_2Y } });
  const agent = new Agent({ keepAlive: true });
  const asks = async (login: string) => (await get('/metrics', { login, agent })).status;
  expect([await asks('alice:secret'), await asks('bob:secret')]).toEqual([200, 401]);
  configure({ basic_auth_users: { bob: SECRET_2A } });
  await expect.poll(() => asks('bob:secret')).toBe(200);
  expect(await asks('alice:secret')).toBe(401);

  // Removing all users by mistake does not disable authentication.
  configure({});
  expect(await asks('bob:secret')).toBe(200);
  await expect
    .poll(() => events.filter(({ level }) => level === 'error'), { timeout: 10_000 })
    .toEqual([
      {
        level: 'error',
        msg: 'web configuration rejected',
        fields: {
          file: expect.any(String),
          error: expect.stringMatching(/^basic_auth_users: got no users, expected users/),
          hint: 'the previous one stays in effect',
        },
      },
    ]);
  expect([await asks('bob:secret'), (await get('/metrics')).status]).toEqual([200, 401]);
  agent.destroy();
});
