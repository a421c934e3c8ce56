import { beforeEach, describe, expect, test, vi } from 'vitest';
import { createApp } from '../../src/http/app.ts';
import type { Logger } from '../../src/lib/log.ts';
import { appOptions, recordingLog } from './fixtures.ts';
import { ask, SECRET_2Y, serve, startSecure } from './secure-exporter.ts';

vi.mock('@node-rs/bcrypt', () => ({ verify: vi.fn<(password: string, hash: string) => Promise<boolean>>() }));
const verify = vi.mocked((await import('@node-rs/bcrypt')).verify);

const UNEXPECTED = { status: 500, body: 'Unexpected error in the request: see the log\n' };

beforeEach(() => {
  verify.mockReset();
});

describe('a sign-in that fails unexpectedly', () => {
  test('returns 500 and is logged if a hash cannot be checked', async () => {
    verify.mockRejectedValue(new Error('planted'));
    const { get, events } = await startSecure({ basic_auth_users: { alice: SECRET_2Y } });
    // More than are checked at once: each must give its place back.
    for (let i = 0; i < 5; i += 1) {
      expect(await get('/metrics', { login: `alice:${i}` })).toMatchObject(UNEXPECTED);
    }
    expect(await get('/api/v1/queries', { login: 'alice:secret' })).toMatchObject({
      status: 500,
      body: expect.stringContaining('"code":"internal"'),
    });
    expect(events).toHaveLength(6);
    expect(events[0]).toMatchObject({ level: 'error', msg: 'request failed', fields: { path: '/metrics' } });

    verify.mockResolvedValue(true);
    expect(await get('/metrics', { login: 'alice:secret' })).toMatchObject({ status: 200 });
  });

  test('returns 500 if the check throws at once', async () => {
    verify.mockImplementation(() => {
      throw new TypeError('planted');
    });
    const { get } = await startSecure({ basic_auth_users: { alice: SECRET_2Y } });
    expect(await get('/metrics', { login: 'alice:secret' })).toMatchObject(UNEXPECTED);
  });

  test('returns 500 if the configuration is unavailable', async () => {
    const { log, events } = recordingLog();
    const url = await serve(createApp(appOptions([], { access: () => Promise.reject(new Error('planted')), log })));
    expect(await ask(`${url}/metrics`)).toMatchObject(UNEXPECTED);
    expect(events).toMatchObject([{ msg: 'request failed', fields: { error: expect.stringContaining('planted') } }]);
  });

  test('returns 500 if a failed sign-in cannot be logged', async () => {
    verify.mockResolvedValue(false);
    const events: string[] = [];
    const log: Logger = {
      ...recordingLog().log,
      error: (msg) => events.push(msg),
      warn() {
        throw new Error('planted');
      },
    };
    const { get } = await startSecure({ basic_auth_users: { alice: SECRET_2Y } }, {}, log);
    expect(await get('/metrics', { login: 'alice:secret' })).toMatchObject(UNEXPECTED);
    expect(events).toEqual(['request failed']);
  });
});
