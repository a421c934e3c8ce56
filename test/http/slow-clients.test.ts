import { once } from 'node:events';
import { get, type IncomingMessage, type RequestListener } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { createApp } from '../../src/http/app.ts';
import { sendParts } from '../../src/http/server/respond.ts';
import { DEFAULT_LIMITS, listen, type ServerLimits } from '../../src/http/server/server.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { appOptions, recordingLog } from './fixtures.ts';
import { ask } from './secure-exporter.ts';

const LARGE = 32 * 1024 * 1024;
const PAGE = Buffer.alloc(LARGE, 'x');
const REQUEST = 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n';

/** A server with a stopped clock, whose `/metrics` are larger than the kernel's buffers for a client. */
async function start(limits: Partial<ServerLimits> = {}, app: RequestListener = largePage()) {
  const clock = new FakeClock();
  const listeners = await listen(app, ['127.0.0.1:0'], {
    clock,
    log: recordingLog().log,
    limits: { ...DEFAULT_LIMITS, ...limits },
  });
  onTestFinished(() => listeners.close(0));
  const port = Number(listeners.addresses[0]?.split(':').at(-1));
  return { clock, port, url: `http://127.0.0.1:${port}` };
}

function largePage(): RequestListener {
  return createApp(appOptions([], { scrape: () => Promise.resolve([PAGE]) }));
}

interface Client {
  readonly socket: Socket;
  /** Receives this number of bytes. */
  take(bytes: number): Promise<void>;
  readonly isOpen: () => boolean;
}

/** A client that sends `sent`, and takes nothing of its own accord. */
async function dial(port: number, sent = REQUEST, localAddress = '127.0.0.1'): Promise<Client> {
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  socket.on('error', () => undefined);
  onTestFinished(() => {
    socket.destroy();
  });
  await once(socket, 'connect');
  // The bytes stay in the kernel.
  socket.pause();
  socket.write(sent);
  let due = 0;
  const take = (bytes: number) =>
    new Promise<void>((resolve) => {
      due += bytes;
      const read = () => {
        while (due > 0 && socket.readableLength > 0) {
          const chunk: unknown = socket.read();
          due -= Buffer.isBuffer(chunk) ? chunk.length : 0;
        }
        if (due <= 0 || socket.destroyed) {
          socket.off('readable', read).off('close', read);
          resolve();
        }
      };
      socket.on('readable', read).on('close', read);
      read();
    });
  return { socket, take, isOpen: () => !socket.destroyed };
}

/** Scrapes the page. Returns its status and bytes, without a text that would take longer than all else. */
async function scrape(url: string, localAddress = '127.0.0.1'): Promise<{ status: number | undefined; bytes: number }> {
  const request = get(`${url}/metrics`, { agent: false, localAddress });
  const [response]: IncomingMessage[] = await once(request, 'response');
  let bytes = 0;
  response?.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  await (response && once(response, 'end'));
  return { status: response?.statusCode, bytes };
}

/** Resolves after the server has sent what it can: it has many turns during requests of another client. */
async function settle(url: string, requests = 3): Promise<void> {
  for (let i = 0; i < requests; i += 1) {
    await ask(`${url}/-/healthy`, { localAddress: '127.0.0.9' }).catch(() => undefined);
  }
}

describe('a client that receives its response', () => {
  test('not at all is disconnected after 30 s', async () => {
    const { clock, port, url } = await start();
    const { socket } = await dial(port);
    await settle(url, 100);
    await clock.advance(25_000);
    await settle(url);
    expect(socket.destroyed).toBe(false);
    await clock.advance(10_000);
    await text(socket).catch(() => '');
    expect(socket.destroyed).toBe(true);
  });

  test('slower than 64 KiB per second is disconnected', async () => {
    const { clock, port, url } = await start();
    const client = await dial(port);
    // What the kernel takes on behalf of a client counts as taken.
    for (let seconds = 0; seconds < 1_200 && client.isOpen(); seconds += 20) {
      await client.take(20 * 8 * 1024);
      await settle(url);
      await clock.advance(20_000);
    }
    expect(client.isOpen()).toBe(false);
  });

  test('at 128 KiB per second gets all of it', async () => {
    const { clock, port, url } = await start({ progressTimeout: 60_000 });
    const client = await dial(port);
    let seconds = 0;
    for (; (seconds + 10) * 128 * 1024 < LARGE; seconds += 10) {
      await client.take(10 * 128 * 1024);
      await settle(url);
      expect(client.isOpen()).toBe(true);
      await clock.advance(10_000);
    }
    expect(seconds).toBeGreaterThan(200);
  });

  test('as an event stream may receive nothing for hours', async () => {
    const { clock, port, url } = await start();
    const client = await dial(port, 'GET /api/v1/events HTTP/1.1\r\nHost: x\r\n\r\n');
    await client.take(1);
    for (let i = 0; i < 10; i += 1) {
      await clock.advance(3_600_000);
      await settle(url);
    }
    expect(client.isOpen()).toBe(true);
  });
});

describe('at the limit of connections', () => {
  const limits = { maxConnections: 20 };

  test.each([
    ['that take nothing', REQUEST],
    ['that send a body byte by byte', 'PUT /api/v1/queries/x HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{'],
    ['that send a head byte by byte', 'GET / HT'],
    ['that send nothing', ''],
  ])('ends connections of clients %s in favor of others', async (_case, sent) => {
    const held: RequestListener = (request, response) => {
      if (request.method !== 'PUT') {
        page(request, response);
      }
    };
    const page = largePage();
    const { clock, port, url } = await start(limits, held);
    const slow: Client[] = [];
    for (let i = 0; i < 19; i += 1) {
      slow.push(await dial(port, sent));
    }
    await settle(url);
    await clock.advance(3_000);
    for (let i = 0; i < 5; i += 1) {
      slow.push(await dial(port, sent));
      expect(await scrape(url, '127.0.0.2')).toEqual({ status: 200, bytes: LARGE });
    }
    expect(slow.filter(({ isOpen }) => isOpen()).length).toBeGreaterThan(10);
  });

  test('keeps a client that is served at a normal rate, and one of an address with fewer connections', async () => {
    const { clock, port, url } = await start(limits);
    const normal = await dial(port);
    const other = await dial(port, '', '127.0.0.3');
    for (let i = 0; i < 17; i += 1) {
      await dial(port);
    }
    for (let i = 0; i < 5; i += 1) {
      await normal.take(4 * 1024 * 1024);
      await settle(url);
      await clock.advance(1_000);
    }
    for (let i = 0; i < 10; i += 1) {
      await dial(port);
      await normal.take(1024 * 1024);
      await settle(url);
      await clock.advance(500);
    }
    await normal.take(LARGE - 30 * 1024 * 1024);
    expect(normal.isOpen()).toBe(true);
    expect(other.isOpen()).toBe(true);
  });
});

test('admits a scrape while all connections of another address are being served', async () => {
  const page = largePage();
  let requests = 0;
  const { port, url } = await start({ maxConnections: 32 }, (request, response) => {
    requests += 1;
    page(request, response);
  });
  for (let i = 1; i <= 30; i += 1) {
    await dial(port);
    await vi.waitFor(() => expect(requests).toBe(i));
  }
  for (let i = 0; i < 10; i += 1) {
    await dial(port);
  }
  for (let i = 0; i < 5; i += 1) {
    expect((await scrape(url, '127.0.0.2')).status).toBe(200);
  }
  expect(requests, 'two connections are left to others').toBe(30 + 5);
});

test('serves a client as fast as all clients of another address together', async () => {
  const sockets = new Set<Socket>();
  const page = largePage();
  const { port, url } = await start({}, (request, response) => {
    if (request.socket.remoteAddress === '127.0.0.2') {
      sockets.add(request.socket);
    }
    page(request, response);
  });
  for (let i = 0; i < 60; i += 1) {
    await dial(port, REQUEST, '127.0.0.2');
  }
  const sent = () => [...sockets].reduce((sum, { bytesWritten }) => sum + bytesWritten, 0);
  const before = sent();
  await scrape(url);
  // The kernel accepts about 2 MiB for each of them.
  expect((sent() - before) / LARGE).toBeLessThan(2);
});

test('limits bodies that clients do not receive, and counts shared ones once', async () => {
  const size = 60 * 1024 * 1024;
  const shared = [Buffer.alloc(size)];
  const { port, url } = await start({}, (request, response) => {
    sendParts(response, 200, 'text/plain', request.url === '/shared' ? shared : [Buffer.alloc(size)]);
  });
  const requestOf = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
  for (let i = 0; i < 20; i += 1) {
    const { socket } = await dial(port, requestOf('/shared'));
    await once(socket, 'readable');
  }
  const { socket } = await dial(port, requestOf('/own'));
  await once(socket, 'readable');
  const refused = await ask(`${url}/own`);
  expect(refused).toMatchObject({ status: 503, headers: { 'retry-after': '10' } });
});
