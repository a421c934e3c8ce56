import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import { createApp } from '../../src/http/app.ts';
import type { TlsConfig } from '../../src/http/security/web-config-file.ts';
import { WebSecurity } from '../../src/http/security/web-security.ts';
import { listen } from '../../src/http/server/server.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { appOptions, queryView, recordingLog } from './fixtures.ts';
import { FIRST_TLS, readTlsFile } from './secure-exporter.ts';

/** An app behind a server, and how many of its responses were owed at once. */
async function start(app: RequestListener, tls?: () => Promise<TlsConfig>) {
  const seen = { handled: 0, owed: 0, mostOwed: 0 };
  const counting: RequestListener = (request, response) => {
    seen.handled += 1;
    seen.owed += 1;
    seen.mostOwed = Math.max(seen.mostOwed, seen.owed);
    response.once('close', () => {
      seen.owed -= 1;
    });
    app(request, response);
  };
  const listeners = await listen(counting, ['127.0.0.1:0'], { clock: systemClock, log: recordingLog().log, tls });
  onTestFinished(() => listeners.close(0));
  return { seen, port: Number(listeners.addresses[0]?.split(':').at(-1)) };
}

async function tlsOfFile(): Promise<() => Promise<TlsConfig>> {
  const file = join(temporaryFolder(), 'web-config.yml');
  writeFileSync(file, stringify({ tls_server_config: FIRST_TLS }));
  const { tls } = await WebSecurity.open({ file, clock: systemClock, log: recordingLog().log });
  return tls ?? expect.unreachable();
}

/** The last request has `Connection: close`. */
function pipelined(lines: readonly string[]): string {
  return lines
    .map((line, i) => `${line} HTTP/1.1\r\nHost: x\r\n${i === lines.length - 1 ? 'Connection: close\r\n' : ''}\r\n`)
    .join('');
}

/** Resolves after the server has had time to parse its input: after a response to another client. */
async function settle(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.end(pipelined(['GET /-/healthy']));
  await text(socket);
  await nextTurn();
}

const PATHS = [
  'GET /api/v1/queries',
  'GET /',
  'GET /metrics',
  'HEAD /metrics',
  'GET /nothing',
  'GET /-/healthy',
  'GET /%zz',
];

describe('pipelined requests', () => {
  test.each(['', 'over TLS'])('are handled one at a time, for any request %s', async (over) => {
    const { seen, port } = await start(
      createApp(appOptions([queryView()])),
      over === '' ? undefined : await tlsOfFile(),
    );
    const lines = Array.from({ length: 700 }, (_, i) => PATHS[i % PATHS.length] ?? '');
    const socket: Socket =
      over === ''
        ? connect(port, '127.0.0.1')
        : connectTls({ port, host: '127.0.0.1', ca: readTlsFile('first-authority.pem') });
    socket.write(pipelined(lines));
    const received = await text(socket);
    expect(received.match(/^HTTP\/1\.1 \d+/gm)).toHaveLength(700);
    const statuses = [...received.matchAll(/HTTP\/1\.1 (\d+) /g)].slice(0, 7).map(([, status]) => status);
    expect(statuses).toEqual(['200', '200', '200', '200', '404', '200', '400']);
    expect(seen.handled).toBe(700);
    // The second one begins just before the end of the first is counted.
    expect(seen.mostOwed).toBeLessThanOrEqual(2);
  });

  test('wait until the client receives the last response', async () => {
    const body = Buffer.alloc(32 * 1024 * 1024, 'x');
    const app = createApp(appOptions([], { scrape: () => Promise.resolve([body]) }));
    const { seen, port } = await start(app);
    const socket = connect(port, '127.0.0.1');
    socket.pause();
    socket.write(pipelined(Array.from({ length: 1_000 }, () => 'GET /metrics')));
    await once(socket, 'readable');
    await settle(port);
    // The other one is that of `settle`.
    expect(seen).toEqual({ handled: 2, owed: 1, mostOwed: 2 });
    socket.destroy();
  });

  test('behind an event stream are not handled', async () => {
    const { seen, port } = await start(createApp(appOptions()));
    const socket = connect(port, '127.0.0.1');
    socket.write(pipelined(Array.from({ length: 1_000 }, () => 'GET /api/v1/events')));
    await once(socket, 'data');
    await settle(port);
    expect(seen.handled).toBe(2);
    socket.destroy();
  });

  test('are parsed correctly with their bodies, split at any position', { timeout: 60_000 }, async () => {
    const echo: RequestListener = (request, response) => {
      void text(request).then((body) => response.end(`<${request.url}:${body}>`));
    };
    const { port } = await start(echo);
    const request = fc.record({
      body: fc.string({ maxLength: 6_000, unit: 'grapheme-ascii' }),
      kind: fc.constantFrom('none', 'length', 'chunked'),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(request, { minLength: 1, maxLength: 12 }),
        fc.array(fc.nat(5_000)),
        async (requests, cuts) => {
          const sent = requests.map(({ body, kind }, i) => written(i, kind, body)).join('');
          const bytes = Buffer.from(`${sent}GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
          const socket = connect(port, '127.0.0.1').setNoDelay();
          const received = text(socket);
          let begin = 0;
          for (const cut of cuts) {
            socket.write(bytes.subarray(begin, begin + cut));
            begin += cut;
            await nextTurn();
          }
          socket.write(bytes.subarray(begin));
          const expected = requests.map(({ body, kind }, i) => `</${i}:${kind === 'none' ? '' : body}>`);
          // The bodies alone: each follows its head, whose length it has.
          expect(bodiesOf(await received)).toEqual([...expected, '</last:>']);
        },
      ),
      { numRuns: 40 },
    );
  });
});

function written(i: number, kind: string, body: string): string {
  if (kind === 'none') {
    return `GET /${i} HTTP/1.1\r\nHost: x\r\n\r\n`;
  }
  const half = body.length >> 1;
  const chunks = [body.slice(0, half), body.slice(half)].filter(Boolean);
  const chunked = chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('');
  return kind === 'length'
    ? `PUT /${i} HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    : `PUT /${i} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}0\r\n\r\n`;
}

function bodiesOf(received: string): string[] {
  const bodies: string[] = [];
  for (let rest = received; rest !== ''; ) {
    const head = rest.slice(0, rest.indexOf('\r\n\r\n') + 4);
    const length = Number(/Content-Length: (\d+)/i.exec(head)?.[1]);
    bodies.push(rest.slice(head.length, head.length + length));
    rest = rest.slice(head.length + length);
  }
  return bodies;
}
