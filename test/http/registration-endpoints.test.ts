import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import request from 'supertest';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { createApp } from '../../src/http/app.ts';
import type { Refusal } from '../../src/registry/registration.ts';
import { appOptions, queryView, recordingLog } from './fixtures.ts';
import { memoryRegistrations } from './memory-registrations.ts';

const PATH = '/api/v1/queries/incident-42';
const DEFINITION = { monitorName: 'checkout', queryId: 'q-1' };

function enabled() {
  const registrations = memoryRegistrations();
  const views = () => [...registrations.definitions.keys()].map((name) => queryView({ name, source: 'http' }));
  const app = createApp(
    appOptions([queryView()], {
      registrations,
      get: (name) => [queryView(), ...views()].find((view) => view.name === name),
    }),
  );
  return { app, registrations };
}

/** Serves an app until the test is over; its port. */
async function serve(app: RequestListener): Promise<number> {
  const server = createServer(app).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** PUT of a body as it is, without a type. */
function putBytes(port: number, body: string | Buffer) {
  return fetch(`http://127.0.0.1:${port}${PATH}`, { method: 'PUT', body: Buffer.from(body) });
}

/** An app whose registrations fail with one outcome. */
function refusing(refusal: Refusal) {
  return createApp(
    appOptions([], {
      registrations: { etag: () => undefined, put: async () => refusal, remove: async () => refusal },
    }),
  );
}

describe('PUT', () => {
  test('returns 201 with a new query, then 200', async () => {
    const { app, registrations } = enabled();
    const created = await request(app).put(PATH).send(DEFINITION).expect(201);
    expect(created.body).toMatchObject({ name: 'incident-42', source: 'http' });
    expect(created.headers['content-type']).toBe('application/json; charset=utf-8');
    await request(app).put(PATH).send(DEFINITION).expect(200).expect('ETag', String(created.headers['etag']));
    const replaced = await request(app)
      .put(PATH)
      .send({ ...DEFINITION, interval: '5s' })
      .expect(200);
    expect(replaced.headers['etag']).not.toBe(created.headers['etag']);
    expect([...registrations.definitions]).toEqual([['incident-42', { ...DEFINITION, interval: '5s' }]]);
  });

  test('returns a strong tag, as does GET', async () => {
    const { app } = enabled();
    const { headers } = await request(app).put(PATH).send(DEFINITION).expect(201);
    expect(headers['etag']).toMatch(/^"[\w-]+"$/);
    await request(app).get(PATH).expect(200).expect('ETag', String(headers['etag']));
    await request(app).head(PATH).expect(200).expect('ETag', String(headers['etag']));
    const other = await request(app).get('/api/v1/queries/checkout-watch').expect(200);
    expect(other.headers).not.toHaveProperty('etag');
  });

  test('reads the name from the URL, percent-encoded', async () => {
    const { app, registrations } = enabled();
    await request(app).put('/api/v1/queries/a%2Fb%20c').send(DEFINITION).expect(201);
    expect([...registrations.definitions.keys()]).toEqual(['a/b c']);
  });

  test.each([
    'application/json',
    'application/json; charset=latin1',
    // Default content types of fetch for text, and of curl for any data.
    'text/plain;charset=UTF-8',
    'application/x-www-form-urlencoded',
  ])('reads JSON with the content type %s', async (type) => {
    const { app } = enabled();
    await request(app).put(PATH).set('Content-Type', type).send(JSON.stringify(DEFINITION)).expect(201);
  });

  test('accepts a body without a content type', async () => {
    const response = await putBytes(await serve(enabled().app), JSON.stringify(DEFINITION));
    expect(response.status).toBe(201);
  });

  test('returns 415 for a compressed body', async () => {
    const { app } = enabled();
    const response = await request(app).put(PATH).set('Content-Encoding', 'gzip').send(DEFINITION).expect(415);
    expect(response.body.error).toMatchObject({ code: 'unsupported_media_type', details: [] });
    await request(app).put(PATH).set('Content-Encoding', 'identity').send(DEFINITION).expect(201);
  });

  test.each([
    ['', 'The body is not valid JSON: '],
    ['{"a":', 'The body is not valid JSON: '],
    ['name: yaml', 'The body is not valid JSON: '],
    ['[1]\n[2]', 'The body is not valid JSON: '],
    [Buffer.from([0x22, 0xff, 0x22]), 'The body is not valid UTF-8'],
  ])('returns 400 for the body %j', async (body, message) => {
    const response = await putBytes(await serve(enabled().app), body);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      error: { code: 'bad_request', message: expect.stringContaining(message), details: [] },
    });
  });
});

describe('DELETE', () => {
  test('returns 204 without a body, then 404', async () => {
    const { app } = enabled();
    await request(app).put(PATH).send(DEFINITION).expect(201);
    const response = await request(app).delete(PATH).expect(204);
    expect(response.text).toBe('');
    expect(response.headers).not.toHaveProperty('content-type');
    await request(app).delete(PATH).expect(404);
    await request(app).get(PATH).expect(404);
  });
});

describe('preconditions', () => {
  test('admit only the first of two writers with the same tag', async () => {
    const { app } = enabled();
    const { headers } = await request(app).put(PATH).send(DEFINITION).expect(201);
    const tag = String(headers['etag']);
    await request(app)
      .put(PATH)
      .set('If-Match', tag)
      .send({ ...DEFINITION, interval: '5s' })
      .expect(200);
    const late = await request(app)
      .put(PATH)
      .set('If-Match', tag)
      .send({ ...DEFINITION, interval: '7s' })
      .expect(412);
    expect(late.body.error.code).toBe('precondition_failed');
    await request(app).delete(PATH).set('If-Match', tag).expect(412);
    await request(app).delete(PATH).set('If-Match', `${tag}, *`).expect(400);
    await request(app).delete(PATH).set('If-Match', '*').expect(204);
  });

  test('restrict PUT to creating or replacing', async () => {
    const { app } = enabled();
    await request(app).put(PATH).set('If-Match', '*').send(DEFINITION).expect(412);
    await request(app).put(PATH).set('If-None-Match', '*').send(DEFINITION).expect(201);
    await request(app).put(PATH).set('If-None-Match', '*').send(DEFINITION).expect(412);
  });

  test.each(['put', 'delete'] as const)('return 400 if malformed: %s', async (method) => {
    const { app, registrations } = enabled();
    await registrations.put('incident-42', DEFINITION, {});
    const response = await request(app)[method](PATH).set('If-Match', 'abc').send(DEFINITION).expect(400);
    expect(response.body.error.message).toContain('If-Match: got "abc", expected ');
    expect(registrations.definitions.size).toBe(1);
  });
});

describe('a rejected write', () => {
  const problems = [
    { path: 'interval', got: '"5x"', expected: 'a duration above zero, such as 30s' },
    { path: 'labels.job', got: '"x"', expected: 'another label' },
  ];
  test.each<readonly [Refusal, number, object]>([
    [
      { outcome: 'invalid', problems },
      400,
      { code: 'bad_request', details: problems.map(({ path, got, expected }) => ({ path, value: got, expected })) },
    ],
    [{ outcome: 'taken', source: 'config' }, 409, { code: 'conflict', details: [] }],
    [{ outcome: 'taken', source: 'file' }, 409, { code: 'conflict', details: [] }],
    [{ outcome: 'precondition failed' }, 412, { code: 'precondition_failed', details: [] }],
    [{ outcome: 'unknown' }, 404, { code: 'not_found', details: [] }],
    [{ outcome: 'interrupted' }, 503, { code: 'unavailable', details: [] }],
    [{ outcome: 'not stored', reason: 'no space left' }, 507, { code: 'insufficient_storage', details: [] }],
  ])('with %j returns %i', async (refusal, status, error) => {
    const app = refusing(refusal);
    for (const answer of [await request(app).put(PATH).send(DEFINITION), await request(app).delete(PATH)]) {
      expect(answer.status).toBe(status);
      expect(answer.body).toEqual({ error: { message: expect.stringContaining('"incident-42"'), ...error } });
    }
  });
});

test('reports that the query of an interrupted PUT may be stored', async () => {
  const { body } = await request(refusing({ outcome: 'interrupted' }))
    .put(PATH)
    .send(DEFINITION)
    .expect(503);
  expect(body.error.message).toContain('may be stored, but is not in effect');
});

/** Sends the parts, and only then reads. Returns everything received until the end of the connection. */
async function exchange(app: RequestListener, parts: readonly string[]) {
  const socket = connect(await serve(app), '127.0.0.1');
  const failed = new Promise<never>((_, reject) => socket.once('error', reject));
  const sent = Promise.all(parts.map((part) => new Promise((resolve) => socket.write(part, resolve))));
  return Promise.race([sent.then(() => text(socket)), failed]);
}

const HEAD = `PUT ${PATH} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n`;

describe('an oversized body', () => {
  test.each([65_536, 65_537])('exceeds 64 KiB: of %i bytes', async (size) => {
    const { app, registrations } = enabled();
    const body = JSON.stringify({ labels: '' });
    const response = await request(app)
      .put(PATH)
      .set('Content-Type', 'application/json')
      .send(body.replace('""', `"${'x'.repeat(size - body.length)}"`));
    expect(response.status).toBe(size > 65_536 ? 413 : 201);
    expect(registrations.definitions.size).toBe(size > 65_536 ? 0 : 1);
  });

  test('is rejected by its length before it is received', async () => {
    const answer = await exchange(enabled().app, [`${HEAD}Content-Length: 65537\r\n\r\n`]);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toContain('\r\nConnection: close\r\n');
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toEqual({
      error: { code: 'payload_too_large', message: 'The body is larger than 65536 bytes', details: [] },
    });
  });

  test('is rejected if sent in endless chunks, and the connection ends', async () => {
    const { app, registrations } = enabled();
    const chunk = `4000\r\n${' '.repeat(0x4000)}\r\n`;
    const answer = await exchange(app, [`${HEAD}Transfer-Encoding: chunked\r\n\r\n`, chunk.repeat(16)]);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(registrations.definitions.size).toBe(0);
  });

  test.each(['Content-Length: 20000000\r\n\r\n', 'Transfer-Encoding: chunked\r\n\r\n1312d00\r\n'])(
    'gets a response if the client sends all of it before reading: %j',
    async (head) => {
      const answer = await exchange(enabled().app, [HEAD + head, ' '.repeat(20_000_000)]);
      expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    },
  );
});

test('registers nothing if a client disconnects during its request', async () => {
  const { log, events } = recordingLog();
  const registrations = memoryRegistrations();
  const app = createApp(appOptions([], { registrations, log }));
  let gone = false;
  const port = await serve((request, response) => {
    request.once('close', () => {
      gone = true;
    });
    app(request, response);
    socket.destroy();
  });
  const socket = connect(port, '127.0.0.1');
  socket.write(`${HEAD}Content-Length: 100\r\n\r\n{"monitorName"`);
  await vi.waitFor(() => expect(gone).toBe(true));
  await turn();
  expect(registrations.definitions.size).toBe(0);
  expect(events).toEqual([]);
});

test('responds to any body according to its content', async () => {
  const port = await serve(enabled().app);
  const bodies = fc.oneof(
    fc.json().map((json) => Buffer.from(json)),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  );
  await fc.assert(
    fc.asyncProperty(bodies, async (body) => {
      expect([200, 201, 400]).toContain((await putBytes(port, body)).status);
    }),
    { numRuns: 100 },
  );
});
