import request from 'supertest';
import { describe, expect, test } from 'vitest';
import { createApp } from '../../src/http/app.ts';
import { appOptions } from './fixtures.ts';
import { memoryRegistrations } from './memory-registrations.ts';

/** All that changes something. */
const MUTATING = [
  ['post', '/-/reload'],
  ['put', '/-/reload'],
  ['put', '/api/v1/queries/a'],
  ['delete', '/api/v1/queries/a'],
] as const;

const SOME = { monitorName: 'checkout', queryId: 'q' };

/** Everything is enabled; records the performed operations. */
function enabled(changes: Parameters<typeof appOptions>[1] = {}) {
  const done: string[] = [];
  const registrations = memoryRegistrations();
  const app = createApp(
    appOptions([], {
      async reload() {
        done.push('reload');
        return { ok: true };
      },
      registrations: {
        ...registrations,
        put(...args) {
          done.push('put');
          return registrations.put(...args);
        },
        remove(...args) {
          done.push('remove');
          return registrations.remove(...args);
        },
      },
      ...changes,
    }),
  );
  return { app, done };
}

describe.each(MUTATING)('%s %s', (method, path) => {
  const ask = (app: ReturnType<typeof createApp>, headers: Readonly<Record<string, string>> = {}) =>
    request(app)
      [method](path)
      .set(headers)
      .send(method === 'put' ? SOME : undefined);

  test('returns 403 if disabled', async () => {
    const { status, text } = await ask(createApp(appOptions()));
    expect(status).toBe(403);
    expect(text).toContain(path === '/-/reload' ? '--web.enable-lifecycle' : '--web.enable-admin-api');
  });

  test('returns 503 during shutdown', async () => {
    const { app, done } = enabled({ shutdown: AbortSignal.abort() });
    expect((await ask(app)).status).toBe(503);
    expect(done).toEqual([]);
  });

  test.each([
    ['Sec-Fetch-Site', 'cross-site'],
    ['Sec-Fetch-Site', 'same-site'],
    ['Origin', 'https://evil.example'],
    ['Origin', 'http://exporter.example:9999'],
    ['Origin', 'null'],
    ['Origin', 'http://exporter.example:10049.evil.example'],
  ])('returns 403 with %s: %s', async (header, value) => {
    const { app, done } = enabled();
    expect((await ask(app, { Host: 'exporter.example:10049', [header]: value })).status).toBe(403);
    expect(done).toEqual([]);
  });

  test.each([
    [{}],
    [{ 'Sec-Fetch-Site': 'same-origin' }],
    [{ 'Sec-Fetch-Site': 'none' }],
    [{ Host: 'exporter.example:10049', Origin: 'http://exporter.example:10049' }],
    [{ Host: 'exporter.example', Origin: 'https://exporter.example' }],
    [{ Host: 'exporter.example:443', Origin: 'https://exporter.example' }],
    [{ Host: 'Exporter.example:80', Origin: 'http://exporter.example' }],
    [{ Host: 'inside:10049', Origin: 'https://proxy.example' }],
  ])('is performed with %j', async (headers) => {
    const { app, done } = enabled({ externalUrl: 'https://proxy.example/nfm' });
    expect((await ask(app, headers)).status).not.toBe(403);
    expect(done).toHaveLength(1);
  });
});

describe('/-/reload', () => {
  test.each(['post', 'put'] as const)('returns 200 for %s when the configuration is in effect', async (method) => {
    const { app } = enabled();
    const response = await request(app)[method]('/-/reload').expect(200);
    expect(response.text).toBe('Configuration reloaded.\n');
    expect(response.headers['content-type']).toBe('text/plain; charset=utf-8');
  });

  test('returns 500 with every error of an invalid configuration', async () => {
    const errors = [
      'polling.interval (line 2): got "x", expected y',
      'queries[0].name (line 5): got nothing, expected a',
    ];
    const { app } = enabled({ reload: () => Promise.resolve({ ok: false, errors }) });
    const response = await request(app)
      .post('/-/reload')
      .expect(500)
      .expect('Content-Type', /^text\/plain/);
    expect(response.text).toBe(`Reloading the configuration failed:\n${errors.join('\n')}\n`);
  });

  test('omits the cause of an unexpected error', async () => {
    const { app } = enabled({ reload: () => Promise.reject(new Error('secret cause')) });
    const response = await request(app).post('/-/reload').expect(500);
    expect(response.text).toBe('Unexpected error in the request: see the log\n');
  });
});
