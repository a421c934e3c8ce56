import request from 'supertest';
import { describe, expect, test } from 'vitest';
import { createApp } from '../../src/http/app.ts';
import type { QueryView } from '../../src/registry/query-view.ts';
import { appOptions, failingView, queryView, recordingLog } from './fixtures.ts';

const ENDPOINTS = [
  '/',
  '/metrics',
  '/-/healthy',
  '/-/ready',
  '/api/v1/queries',
  '/api/v1/queries/checkout-watch',
  '/api/openapi.json',
];

function allowedAt(path: string): string {
  if (path === '/-/reload') {
    return 'POST, PUT';
  }
  return path === '/api/v1/queries/checkout-watch' ? 'GET, HEAD, PUT, DELETE' : 'GET, HEAD';
}

describe('every endpoint', () => {
  const app = createApp(appOptions([queryView()]));

  test.each(ENDPOINTS)('responds to HEAD %s with the head of GET and no body', async (path) => {
    const get = await request(app).get(path).set('Accept-Encoding', 'identity').expect(200);
    const head = await request(app).head(path).set('Accept-Encoding', 'identity').expect(200);
    expect(Number(get.headers['content-length'])).toBe(Buffer.byteLength(get.text));
    expect(head.text).toBeUndefined();
    expect({ ...head.headers, date: '' }).toEqual({ ...get.headers, date: '' });
  });

  test.each(
    [...ENDPOINTS, '/-/reload'].flatMap((path) =>
      ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']
        .filter((method) => !allowedAt(path).includes(method))
        .map((method) => ({ method, path })),
    ),
  )('rejects $method $path with 405', async ({ method, path }) => {
    const allowed = allowedAt(path);
    const response = await request(app)[method.toLowerCase() as 'post'](path).expect(405).expect('Allow', allowed);
    const message = `Method ${method} is not allowed. Allowed: ${allowed}`;
    if (path.startsWith('/api')) {
      expect(response.body).toEqual({ error: { code: 'method_not_allowed', message, details: [] } });
    } else {
      expect(response.headers['content-type']).toBe('text/plain; charset=utf-8');
      expect(response.text).toBe(`${message}\n`);
    }
  });

  test.each([...ENDPOINTS.slice(1), '/nowhere', '/api/nowhere', '/%zz', '/api/%zz'])(
    '%s has the security headers',
    async (path) => {
      const { headers } = await request(app).get(path);
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'cross-origin-resource-policy': 'same-origin',
        'cache-control': 'no-store',
      });
      const policy = String(headers['content-security-policy']).split('; ');
      expect(policy).toEqual(
        expect.arrayContaining([
          "default-src 'none'",
          "base-uri 'none'",
          "form-action 'none'",
          "frame-ancestors 'none'",
        ]),
      );
      expect(policy.join()).not.toMatch(/script|unsafe/);
      expect(headers).not.toHaveProperty('x-powered-by');
      expect(headers).not.toHaveProperty('etag');
    },
  );

  test('serves requests for any Host', async () => {
    await request(app).get('/metrics').set('Host', 'evil.example:1').expect(200);
  });
});

describe('unknown paths', () => {
  const app = createApp(appOptions([queryView()]));

  test.each([
    '/metrics/',
    '/Metrics',
    '/-/healthy/',
    '/-/Ready',
    '/-/reload/',
    '//',
    '/favicon.ico',
    '/metr%69cs',
    '/apix',
  ])('returns 404 as plain text for %s', async (path) => {
    const response = await request(app).get(path).expect(404).expect('Content-Type', 'text/plain; charset=utf-8');
    expect(response.text).toBe('Not found. See / for a list of pages\n');
  });

  test.each([
    '/api',
    '/api/',
    '/api/v1',
    '/api/v1/queries/',
    '/api/v1/Queries',
    '/api/v1/Events',
    '/api/v1/queries/a/b',
  ])('returns 404 as JSON for %s', async (path) => {
    const response = await request(app).get(path).expect(404).expect('Content-Type', 'application/json; charset=utf-8');
    expect(response.body).toEqual({
      error: { code: 'not_found', message: 'Not found. See / for a list of pages', details: [] },
    });
  });

  test('returns 404 for other methods', async () => {
    await request(app).post('/-/quit').expect(404);
    await request(app).delete('/api/v1/event').expect(404);
  });

  test.each(['/%zz', '/metrics%', '/-/%c3'])('returns 400 for the malformed path %s', async (path) => {
    const response = await request(app).get(path).expect(400).expect('Content-Type', 'text/plain; charset=utf-8');
    expect(response.text).toBe('Malformed URL\n');
  });

  test.each(['/api/%', '/api/v1/queries/%c3%28'])('returns 400 as JSON for the malformed path %s', async (path) => {
    const response = await request(app).get(path).expect(400);
    expect(response.body).toEqual({ error: { code: 'bad_request', message: 'Malformed URL', details: [] } });
  });
});

describe('probes', () => {
  test('returns 200 if healthy', async () => {
    const response = await request(createApp(appOptions())).get('/-/healthy').expect(200);
    expect(response.text).toBe('Network Flow Monitor exporter is healthy.\n');
    expect(response.headers['content-type']).toBe('text/plain; charset=utf-8');
  });

  test('returns 503 with the reason if unhealthy', async () => {
    const app = createApp(appOptions([], { unhealthy: () => 'the scheduler has not ticked for 95 s' }));
    const response = await request(app).get('/-/healthy').expect(503);
    expect(response.text).toBe('Network Flow Monitor exporter is not healthy: the scheduler has not ticked for 95 s\n');
  });

  test.each([
    { waiting: 0, shuttingDown: false, status: 200, text: 'Network Flow Monitor exporter is ready.\n' },
    {
      waiting: 1,
      shuttingDown: false,
      status: 503,
      text: 'Network Flow Monitor exporter is not ready: 1 watched query not polled yet.\n',
    },
    {
      waiting: 217,
      shuttingDown: false,
      status: 503,
      text: 'Network Flow Monitor exporter is not ready: 217 watched queries not polled yet.\n',
    },
    { waiting: 0, shuttingDown: true, status: 503, text: 'Network Flow Monitor exporter is shutting down.\n' },
    { waiting: 3, shuttingDown: true, status: 503, text: 'Network Flow Monitor exporter is shutting down.\n' },
  ])(
    'returns $status from /-/ready with $waiting queries not polled, shutting down: $shuttingDown',
    async ({ waiting, shuttingDown, status, text }) => {
      const app = createApp(
        appOptions([], {
          waiting: () => waiting,
          shutdown: shuttingDown ? AbortSignal.abort() : new AbortController().signal,
        }),
      );
      const response = await request(app).get('/-/ready').expect(status);
      expect(response.text).toBe(text);
    },
  );
});

describe('/api/v1/queries', () => {
  const running = {
    name: 'checkout-watch',
    type: 'monitor-top-contributors',
    source: 'config',
    account: 'payments',
    region: 'us-east-1',
    monitorName: 'checkout',
    queryId: '11111111-2222-3333-4444-555555555555',
    interval: '30s',
    labels: { team: 'payments' },
    status: 'RUNNING',
    statusSince: '2026-11-24T11:55:30Z',
    up: true,
    lastError: null,
    lastSuccess: '2026-11-24T11:59:48Z',
    nextPoll: '2026-11-24T12:00:18Z',
  };

  test('lists the queries in the given order, with null for unknown values', async () => {
    const { monitorName: _, ...scoped } = queryView({
      name: 'org',
      type: 'workload-insights-top-contributors-data',
      scopeId: 'scope-1',
      labels: {},
      status: null,
      statusSince: null,
      up: null,
      lastSuccess: null,
      nextPoll: null,
    });
    const response = await request(createApp(appOptions([queryView(), scoped])))
      .get('/api/v1/queries')
      .expect(200)
      .expect('Content-Type', 'application/json; charset=utf-8');
    const { monitorName: __, ...common } = running;
    expect(response.body).toEqual({
      queries: [
        running,
        {
          ...common,
          name: 'org',
          type: 'workload-insights-top-contributors-data',
          scopeId: 'scope-1',
          labels: {},
          status: null,
          statusSince: null,
          up: null,
          lastSuccess: null,
          nextPoll: null,
        },
      ],
    });
  });

  test('returns an empty list without queries', async () => {
    const response = await request(createApp(appOptions())).get('/api/v1/queries').expect(200);
    expect(response.body).toEqual({ queries: [] });
  });

  test('returns one query as in the list', async () => {
    const app = createApp(appOptions([queryView(), failingView()]));
    const one = await request(app).get('/api/v1/queries/failing').expect(200);
    expect(one.body).toEqual({ ...running, name: 'failing', up: false, lastError: failingView().lastError });
    const list = await request(app).get('/api/v1/queries');
    expect(list.body.queries[1]).toEqual(one.body);
  });

  test('omits undocumented members of a view', async () => {
    const view: QueryView & { externalId: string } = { ...failingView(), externalId: 'hidden' };
    const response = await request(createApp(appOptions([view])))
      .get('/api/v1/queries')
      .expect(200);
    expect(response.text).not.toContain('hidden');
  });

  test.each(['a:eu-west-1', 'a:scope/1?x#y', 'a:100%', 'a:ä b', '__proto__', 'constructor'])(
    'finds the name %s percent-encoded',
    async (name) => {
      const app = createApp(appOptions([queryView({ name })]));
      const response = await request(app)
        .get(`/api/v1/queries/${encodeURIComponent(name)}`)
        .expect(200);
      expect(response.body.name).toBe(name);
    },
  );

  test('finds a name with an unencoded colon', async () => {
    await request(createApp(appOptions([queryView({ name: 'a:eu-west-1' })])))
      .get('/api/v1/queries/a:eu-west-1')
      .expect(200);
  });

  test('returns 404 for an unregistered name', async () => {
    const response = await request(createApp(appOptions([queryView()])))
      .get('/api/v1/queries/Checkout%22watch')
      .expect(404);
    expect(response.body).toEqual({
      error: { code: 'not_found', message: 'No query named "Checkout\\"watch" is registered', details: [] },
    });
  });
});

describe('/api/v1/queries/NAME/contributors', () => {
  const app = createApp(
    appOptions([queryView()], {
      contributors: (name) => (name === 'a:b' ? Promise.resolve('{"rows":["ä"]}') : undefined),
    }),
  );

  test('returns the stored JSON of the last results', async () => {
    const response = await request(app).get('/api/v1/queries/a:b/contributors').expect(200);
    expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(response.text).toBe('{"rows":["ä"]}\n');
  });

  test('returns 404 without results', async () => {
    const response = await request(app).get('/api/v1/queries/checkout-watch/contributors').expect(404);
    expect(response.body.error).toMatchObject({ code: 'not_found', message: expect.stringContaining('No results') });
  });
});

describe('an unexpected error', () => {
  const broken = () => {
    const { log, events } = recordingLog();
    const app = createApp(
      appOptions([], {
        log,
        all: () => {
          throw new Error('secret cause');
        },
      }),
    );
    return { app, events };
  };

  test('returns 500 as JSON under /api, without the cause', async () => {
    const { app, events } = broken();
    const response = await request(app).get('/api/v1/queries').expect(500);
    expect(response.body).toEqual({
      error: { code: 'internal', message: 'Unexpected error in the request: see the log', details: [] },
    });
    expect(events).toMatchObject([{ level: 'error', msg: 'request failed', fields: { path: '/api/v1/queries' } }]);
    expect(String(events[0]?.fields['error'])).toContain('secret cause');
  });

  test('returns 500 as plain text for other paths', async () => {
    const response = await request(broken().app)
      .get('/')
      .expect(500)
      .expect('Content-Type', 'text/plain; charset=utf-8');
    expect(response.text).toBe('Unexpected error in the request: see the log\n');
  });
});

describe('a route prefix', () => {
  const app = createApp(appOptions([queryView()], { routePrefix: '/nfm' }));

  test.each(ENDPOINTS)('serves %s below the prefix', async (path) => {
    await request(app).get(`/nfm${path}`).expect(200);
    if (path !== '/') {
      await request(app).get(path).expect(404);
    }
  });

  test.each(['/', '/nfm'])('redirects %s to the prefix', async (path) => {
    await request(app).get(path).expect(302).expect('Location', '/nfm/');
    await request(app).head(path).expect(302).expect('Location', '/nfm/');
    await request(app).post(path).expect(405).expect('Allow', 'GET, HEAD');
  });

  test('applies to the paths of JSON errors', async () => {
    await request(app).get('/nfm/api/x').expect(404).expect('Content-Type', 'application/json; charset=utf-8');
    await request(app).get('/api/x').expect(404).expect('Content-Type', 'text/plain; charset=utf-8');
  });

  test('matches special characters literally, also in the telemetry path', async () => {
    const odd = createApp(appOptions([], { routePrefix: '/a:b(c)', telemetryPath: '/m*(x)/+!' }));
    await request(odd).get('/a:b(c)/m*(x)/+!').expect(200);
    await request(odd).get('/axb(c)/m*(x)/+!').expect(404);
    await request(odd).get('/a:b(c)/my(x)/+!').expect(404);
  });
});

test('serves metrics in place of the status page with the telemetry path /', async () => {
  await request(createApp(appOptions([], { telemetryPath: '/' })))
    .get('/')
    .expect('Content-Type', 'text/plain; version=0.0.4; charset=utf-8');
});
