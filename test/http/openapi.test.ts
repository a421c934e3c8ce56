import request from 'supertest';
import { describe, expect, test } from 'vitest';
import { QUERY_KEYS } from '../../src/config/schema.ts';
import { createApp, endpoints } from '../../src/http/app.ts';
import type { Refusal, Registered, Removed } from '../../src/registry/registration.ts';
import { appOptions, failingView, queryView } from './fixtures.ts';
import { memoryRegistrations } from './memory-registrations.ts';

/** The parts of JSON Schema that the description uses. */
interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly oneOf?: readonly Schema[];
  readonly format?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly description?: string;
  readonly maxItems?: number;
}

interface Answer {
  readonly $ref?: string;
  /** Undefined without a body. */
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}

interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, Answer>>;
}

const METHODS = ['get', 'post', 'put', 'delete'] as const;
type Method = (typeof METHODS)[number];

interface Document {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, { readonly [method in Method]?: Operation }>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const views = [
  queryView(),
  failingView({ status: null, statusSince: null, lastSuccess: null, nextPoll: null }),
  queryView({ name: 'untried', status: null, statusSince: null, up: null }),
];

async function describedBy(app: ReturnType<typeof createApp>, prefix = ''): Promise<Document> {
  const response = await request(app).get(`${prefix}/api/openapi.json`).expect(200);
  return response.body;
}

/** Follows `#/…` within the document. */
function resolve<T extends { readonly $ref?: string }>(document: Document, value: T): T {
  if (value.$ref === undefined) {
    return value;
  }
  let found: unknown = document;
  for (const key of value.$ref.split('/').slice(1)) {
    found = Object(found)[key];
  }
  expect(found, value.$ref).toBeTypeOf('object');
  return found as T;
}

const KNOWN_KEYWORDS = new Set(
  '$ref type enum oneOf format required properties additionalProperties items description'.split(' '),
);

/** What of `value` is not as `schema` says; empty when all is. */
function violations(document: Document, schema: Schema, value: unknown, at = '$'): string[] {
  expect(Object.keys(schema).filter((keyword) => !KNOWN_KEYWORDS.has(keyword))).toEqual([]);
  const {
    type,
    enum: values,
    oneOf,
    format,
    required,
    properties,
    additionalProperties,
    items,
  } = resolve(document, schema);
  const problems: string[] = [];
  const actual = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
  if (type !== undefined && ![type].flat().includes(actual)) {
    return [`${at}: ${actual} is not ${String(type)}`];
  }
  if (values !== undefined && !values.includes(value)) {
    problems.push(`${at}: ${String(value)} is none of ${values.join()}`);
  }
  if (oneOf !== undefined && oneOf.filter((one) => violations(document, one, value, at).length === 0).length !== 1) {
    problems.push(`${at}: not exactly one of the alternatives`);
  }
  if (format === 'date-time' && value !== null && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(String(value))) {
    problems.push(`${at}: ${String(value)} is not a time`);
  }
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) {
      problems.push(...(items ? violations(document, items, item, `${at}[${i}]`) : []));
    }
  } else if (typeof value === 'object' && value !== null) {
    problems.push(...(required ?? []).filter((key) => !(key in value)).map((key) => `${at}.${key}: missing`));
    for (const [key, member] of Object.entries(value)) {
      const known = properties?.[key] ?? additionalProperties;
      if (known === false) {
        problems.push(`${at}.${key}: not described`);
      } else if (typeof known === 'object') {
        problems.push(...violations(document, known, member, `${at}.${key}`));
      }
    }
  }
  return problems;
}

/** Checks a response against the description of its path: status, media type, and, for JSON, content. */
async function expectAsDescribed(
  app: ReturnType<typeof createApp>,
  template: string,
  url: string,
  status: number,
  { method = 'get', headers = {}, body }: { method?: Method; headers?: Record<string, string>; body?: object } = {},
) {
  const document = await describedBy(app);
  const response = await request(app)[method](url).set(headers).send(body).expect(status);
  const described = document.paths[template]?.[method]?.responses[status];
  expect(described, `${template} ${status}`).toBeDefined();
  const { content } = resolve(document, described as Answer);
  if (content === undefined) {
    expect(response.text).toBe('');
    return;
  }
  const media = content[String(response.headers['content-type'])];
  expect(media, `${template} ${status} ${response.headers['content-type']}`).toBeDefined();
  const answer: unknown = String(response.headers['content-type']).startsWith('application/json')
    ? response.body
    : response.text;
  expect(violations(document, media?.schema ?? {}, answer)).toEqual([]);
}

describe('the API description', () => {
  test('is valid OpenAPI 3.1 with the version of the exporter', async () => {
    const document = await describedBy(createApp(appOptions()));
    expect(document.openapi).toBe('3.1.0');
    expect(document.info).toMatchObject({ title: 'Network Flow Monitor exporter', version: '1.2.3' });
    expect(document.servers).toEqual([{ url: '/' }]);
  });

  test.each(['/metrics', '/telemetry', '/'])(
    'has each method of each endpoint and no other, with metrics at %s',
    async (telemetryPath) => {
      const options = appOptions([], { telemetryPath });
      const { paths } = await describedBy(createApp(options));
      const described = Object.entries(paths).flatMap(([path, item]) =>
        METHODS.filter((method) => method in item).map((method) => `${method} ${path}`),
      );
      const answered = endpoints(options).flatMap(({ pattern, methods }) =>
        Object.keys(methods).map((method) => `${method} ${pattern.replace(/:(\w+)/g, '{$1}')}`),
      );
      expect(described.sort()).toEqual([...new Set(answered)].sort());
    },
  );

  test.each([
    ['/', '/', 200],
    ['/metrics', '/metrics', 200],
    ['/metrics', '/metrics?collect[]=x', 400],
    ['/-/healthy', '/-/healthy', 200],
    ['/-/ready', '/-/ready', 200],
    ['/api/v1/queries', '/api/v1/queries', 200],
    ['/api/v1/queries/{name}', '/api/v1/queries/checkout-watch', 200],
    ['/api/v1/queries/{name}', '/api/v1/queries/failing', 200],
    ['/api/v1/queries/{name}', '/api/v1/queries/nobody', 404],
    ['/api/v1/queries/{name}', '/api/v1/queries/%zz', 400],
    ['/api/openapi.json', '/api/openapi.json', 200],
  ])('describes the response of %s to %s with %i', async (template, url, status) => {
    const app = createApp(appOptions(views));
    await expectAsDescribed(app, template, url, status);
  });

  test.each<[Method, number, Refusal | Registered | Removed]>([
    ['put', 201, { outcome: 'created', etag: 'a', query: queryView({ source: 'http' }) }],
    ['put', 200, { outcome: 'replaced', etag: 'a', query: queryView({ source: 'file' }) }],
    ['put', 400, { outcome: 'invalid', problems: [{ path: 'a', got: 'b', expected: 'c' }] }],
    ['put', 409, { outcome: 'taken', source: 'config' }],
    ['put', 412, { outcome: 'precondition failed' }],
    ['put', 507, { outcome: 'not stored', reason: 'no space left' }],
    ['delete', 204, { outcome: 'removed' }],
    ['delete', 404, { outcome: 'unknown' }],
    ['delete', 409, { outcome: 'taken', source: 'file' }],
    ['delete', 412, { outcome: 'precondition failed' }],
    ['delete', 507, { outcome: 'not stored', reason: 'no space left' }],
  ])('describes the response of %s for a query with %i', async (method, status, outcome) => {
    // The outcomes of either are among the cases of that one only.
    const answer = async () => outcome as never;
    const app = createApp(appOptions(views, { registrations: { etag: () => undefined, put: answer, remove: answer } }));
    const body = { queryId: 'a' };
    await expectAsDescribed(app, '/api/v1/queries/{name}', '/api/v1/queries/a', status, { method, body });
  });

  test.each<[Method, string, number, Record<string, string>, boolean]>([
    ['put', '/api/v1/queries/a', 400, { 'Content-Type': 'application/json', 'If-Match': 'a' }, true],
    ['delete', '/api/v1/queries/a', 400, { 'If-Match': 'a' }, true],
    ['put', '/api/v1/queries/a', 403, {}, false],
    ['delete', '/api/v1/queries/a', 403, {}, false],
    ['put', '/api/v1/queries/a', 413, { 'Content-Length': '70000' }, true],
    ['put', '/api/v1/queries/a', 415, { 'Content-Encoding': 'gzip' }, true],
    ['post', '/-/reload', 403, {}, false],
    ['put', '/-/reload', 403, {}, false],
    ['post', '/-/reload', 200, {}, true],
    ['put', '/-/reload', 200, {}, true],
  ])('describes the response to %s %s with %i', async (method, url, status, headers, enabled) => {
    const changes = enabled
      ? { registrations: memoryRegistrations(), reload: async () => ({ ok: true }) as const }
      : {};
    const app = createApp(appOptions(views, changes));
    const body = status === 413 ? { a: 'x'.repeat(70_000 - 8) } : undefined;
    const options = { method, headers, ...(body === undefined ? {} : { body }) };
    await expectAsDescribed(app, url.replace(/\/a$/, '/{name}'), url, status, options);
  });

  test('describes the keys of a registration: those of an entry in the file, without selectors', async () => {
    const { components } = await describedBy(createApp(appOptions()));
    const keys = Object.keys(components.schemas['QueryDefinition']?.properties ?? {});
    expect(keys.sort()).toEqual(QUERY_KEYS.filter((key) => key !== 'monitorSelector').sort());
  });

  test('describes metrics in OpenMetrics', async () => {
    const app = createApp(appOptions(views));
    const { paths } = await describedBy(app);
    const response = await request(app).get('/metrics').set('Accept', 'application/openmetrics-text').expect(200);
    const types = Object.keys(paths['/metrics']?.get?.responses['200']?.content ?? {});
    expect(types).toContain(response.headers['content-type']);
    expect(types).toHaveLength(2);
  });

  test.each([
    ['/', '/', 500],
    ['/metrics', '/metrics', 500],
    ['/-/healthy', '/-/healthy', 503],
    ['/-/ready', '/-/ready', 503],
    ['/-/reload', '/-/reload', 500, 'post'],
    ['/-/reload', '/-/reload', 500, 'put'],
    ['/api/v1/queries', '/api/v1/queries', 500],
    ['/api/v1/queries/{name}', '/api/v1/queries/x', 500],
    ['/api/v1/queries/{name}', '/api/v1/queries/x', 500, 'put'],
    ['/api/v1/queries/{name}', '/api/v1/queries/x', 500, 'delete'],
  ] as const)('%s in trouble is as described: %s gives %i', async (template, url, status, method: Method = 'get') => {
    const fail = () => {
      throw new Error('broken');
    };
    const app = createApp(
      appOptions([], {
        all: fail,
        get: fail,
        scrape: fail,
        reload: fail,
        registrations: { etag: fail, put: fail, remove: fail },
        unhealthy: () => 'stuck',
        waiting: () => 1,
      }),
    );
    const body = method === 'put' ? { queryId: 'a' } : undefined;
    await expectAsDescribed(app, template, url, status, { method, ...(body === undefined ? {} : { body }) });
  });

  test('detects a query that differs from the description', async () => {
    const app = createApp(appOptions([queryView({ name: 'odd', status: 'PAUSED', lastSuccess: 'yesterday' })]));
    const document = await describedBy(app);
    const { body } = await request(app).get('/api/v1/queries/odd');
    expect(violations(document, { $ref: '#/components/schemas/Query' }, { ...body, extra: 1 })).toHaveLength(3);
  });

  test.each([
    [{ routePrefix: '/nfm' }, '/nfm', '/nfm'],
    [{ routePrefix: '/nfm', externalUrl: 'https://proxy.example/x' }, '/nfm', 'https://proxy.example/x'],
  ])('describes the base of the paths: %j', async (changes, prefix, url) => {
    expect((await describedBy(createApp(appOptions([], changes)), prefix)).servers).toEqual([{ url }]);
  });
});
