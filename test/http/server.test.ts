import { once } from 'node:events';
import { Agent, get, type IncomingMessage, type RequestListener } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from 'vitest';
import { createApp } from '../../src/http/app.ts';
import {
  DEFAULT_LIMITS,
  ListenError,
  type Listeners,
  listen,
  type ServerLimits,
} from '../../src/http/server/server.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { appOptions, recordingLog } from './fixtures.ts';

const running: Listeners[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((listeners) => listeners.close(0)));
});

interface Started {
  readonly listeners: Listeners;
  readonly address: string;
  readonly port: number;
}

async function start(
  app: RequestListener,
  { address = '127.0.0.1:0', clock = systemClock, limits = {} as Partial<ServerLimits> } = {},
): Promise<Started> {
  const listeners = await listen(app, [address], {
    clock,
    log: recordingLog().log,
    limits: { ...DEFAULT_LIMITS, ...limits },
  });
  running.push(listeners);
  const [real = ''] = listeners.addresses;
  return { listeners, address: real, port: Number(real.slice(real.lastIndexOf(':') + 1)) };
}

const hello: RequestListener = (_request, response) => {
  response.end('hello');
};

/** A raw connection to the port, with everything received until it is closed. */
async function dial(port: number): Promise<{ socket: Socket; firstData: Promise<void>; closed: Promise<string> }> {
  const socket = connect(port, '127.0.0.1');
  let received = '';
  const firstData = new Promise<void>((resolve) => socket.once('data', () => resolve()));
  const closed = new Promise<string>((resolve) => {
    socket.on('data', (chunk) => {
      received += chunk.toString();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(received));
  });
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  return { socket, firstData, closed };
}

/** An app whose responses wait for `release`; `arrival` resolves when that many requests were received. */
function holding(requests = 1) {
  const held: (() => void)[] = [];
  let arrived = () => {};
  const arrival = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const app: RequestListener = (_request, response) => {
    held.push(() => response.end('late'));
    if (held.length === requests) {
      arrived();
    }
  };
  const release = () => {
    const released = held.splice(0);
    for (const answer of released) {
      answer();
    }
    return released.length;
  };
  return { app, arrival, release };
}

async function body(address: string, agent?: Agent): Promise<string> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(`http://${address}/`, agent === undefined ? {} : { agent }, resolve).on('error', reject);
  });
  let text = '';
  for await (const chunk of response) {
    text += String(chunk);
  }
  return text;
}

/** Whether anything accepts connections there. */
async function accepts(port: number): Promise<boolean> {
  return await new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

describe('listen', () => {
  test('serves on every address, and returns the actual ones', async () => {
    const listeners = await listen(hello, ['127.0.0.1:0', '127.0.0.2:0', 'localhost:0'], {
      clock: systemClock,
      log: recordingLog().log,
    });
    running.push(listeners);
    expect(listeners.addresses).toHaveLength(3);
    expect(listeners.addresses[0]).toMatch(/^127\.0\.0\.1:[1-9]\d*$/);
    expect(listeners.addresses[1]).toMatch(/^127\.0\.0\.2:[1-9]\d*$/);
    for (const address of listeners.addresses) {
      expect(await body(address)).toBe('hello');
    }
  });

  test('listens on all interfaces without a host', async () => {
    const { address, port } = await start(hello, { address: ':0' });
    expect(address).toMatch(/^(\[::\]|0\.0\.0\.0):[1-9]\d*$/);
    expect(await body(`127.0.0.1:${port}`)).toBe('hello');
  });

  test.each([
    '',
    '10049',
    'localhost',
    ':port',
    ':65536',
    ':-1',
    '::1:10049',
    '[::1]',
    '[localhost]:1',
    '[]:1',
    'http://localhost:1',
    'a b:1',
  ])('rejects the address "%s"', async (address) => {
    const failure = listen(hello, [address], { clock: systemClock, log: recordingLog().log });
    await expect(failure).rejects.toThrow(
      new ListenError(address, 'expected :PORT, HOST:PORT, or [IPV6]:PORT with a port from 0 to 65535'),
    );
  });

  test('reports a port in use with a remedy, and closes the opened listeners', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const taken = other.address();
    const address = `127.0.0.1:${taken !== null && typeof taken === 'object' ? taken.port : ''}`;
    // A port that is free now and, unlike 0, known.
    const { listeners, address: first, port } = await start(hello);
    await listeners.close(0);

    const failure = listen(hello, [first, address], { clock: systemClock, log: recordingLog().log });
    await expect(failure).rejects.toMatchObject({
      name: 'ListenError',
      address,
      message: `cannot listen on ${address}: the port is in use. Stop the process that listens on it, or choose another port`,
      cause: { code: 'EADDRINUSE' },
    });
    expect(await accepts(port)).toBe(false);
    await new Promise((resolve) => other.close(resolve));
  });

  test('reports an address of another machine', async () => {
    const failure = listen(hello, ['192.0.2.1:0'], { clock: systemClock, log: recordingLog().log });
    await expect(failure).rejects.toThrow(
      /^cannot listen on 192\.0\.2\.1:0: no interface of this machine has this address/,
    );
  });
});

describe('close', () => {
  test('completes a request in flight, then ends its connection, and accepts no new ones', async () => {
    const { app, arrival, release } = holding();
    const { listeners, address, port } = await start(app);
    const agent = new Agent({ keepAlive: true });
    const answer = body(address, agent);
    await arrival;

    let done = false;
    const closing = listeners.close(60_000).then(() => {
      done = true;
    });
    expect(await accepts(port)).toBe(false);
    expect(done).toBe(false);
    release();
    expect(await answer).toBe('late');
    await closing;
    agent.destroy();
  });

  test('ends idle connections at once: between requests, and before the first', async () => {
    const { listeners, port } = await start(hello);
    const used = await dial(port);
    used.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await used.firstData;
    const unused = await dial(port);

    await listeners.close(60_000);
    expect(await used.closed).toMatch(/^HTTP\/1\.1 200 OK\r\n.*hello$/s);
    expect(await unused.closed).toBe('');
  });

  test('ends a connection after a started response is complete', async () => {
    let finish: () => void = () => {};
    const halfway: RequestListener = (_request, response) => {
      response.write('first half, ');
      finish = () => response.end('second half');
    };
    const { listeners, port } = await start(halfway);
    const client = await dial(port);
    client.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await client.firstData;
    const closing = listeners.close(60_000);
    finish();
    await closing;
    expect(await client.closed).toMatch(/first half, .*second half/s);
  });

  test('sends a ready response before it ends the connection, even if the client reads late', async () => {
    const large = Buffer.alloc(32 * 1024 * 1024, 'x');
    const { listeners, port } = await start((_request, response) => {
      response.end(large);
    });
    const client = connect(port, '127.0.0.1');
    client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(client, 'readable');
    const closing = listeners.close(60_000);
    const [head = '', content] = (await text(client)).split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(content).toHaveLength(large.length);
    await closing;
  });

  test('responds to a pipelined request, and announces the end in the last response', async () => {
    const { app, arrival, release } = holding();
    const { listeners, port } = await start(app);
    const client = await dial(port);
    client.socket.write('GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n');
    await arrival;
    const closing = listeners.close(60_000);
    release();
    await client.firstData;
    await expect.poll(release).toBe(1);
    await closing;
    const received = await client.closed;
    expect(received.match(/HTTP\/1\.1 200 OK\r\n/g)).toHaveLength(2);
    expect(received.match(/^Connection: .*(?=\r$)/gm)).toEqual(['Connection: keep-alive', 'Connection: close']);
  });

  test('ends connections without a response at the deadline', async () => {
    const { app, arrival } = holding();
    let passDeadline: (() => void) | undefined;
    const timers: number[] = [];
    const clock = {
      ...systemClock,
      setTimer: (ms: number, callback: () => void) => {
        if (ms !== DEFAULT_LIMITS.checkingInterval) {
          timers.push(ms);
          passDeadline = callback;
        }
        return () => undefined;
      },
    };
    const { listeners, port } = await start(app, { clock });
    const client = await dial(port);
    client.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await arrival;

    const closing = listeners.close(10_000);
    const again = listeners.close(1);
    expect(timers).toEqual([10_000]);
    passDeadline?.();
    await closing;
    await again;
    expect(await client.closed).toBe('');
  });
});

describe('limits', () => {
  const quick = { headersTimeout: 150, requestTimeout: 300, checkingInterval: 25 };

  test('disconnects a client that sends its head byte by byte, with 408', async () => {
    const { port } = await start(hello, { limits: quick });
    const client = await dial(port);
    client.socket.write('GET / HTTP/1.1\r\n');
    const drip = setInterval(() => client.socket.write('X'), 20);
    const received = await client.closed;
    clearInterval(drip);
    expect(received).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
    expect(received).toContain("\r\nContent-Security-Policy: default-src 'none';");
    expect(received).toContain('\r\nX-Content-Type-Options: nosniff\r\n');
  });

  test('disconnects a client that does not send its announced body', async () => {
    const { app } = holding();
    const { port } = await start(app, { limits: quick });
    const client = await dial(port);
    client.socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12');
    expect(await client.closed).toBe('');
  });

  test('disconnects a client that does not read its response', async () => {
    let cut: () => void = () => {};
    const closed = new Promise<void>((resolve) => {
      cut = resolve;
    });
    const large: RequestListener = (_request, response) => {
      response.once('close', cut);
      response.end(Buffer.alloc(32 * 1024 * 1024));
    };
    const { port } = await start(large, { limits: { stalledTimeout: 100 } });
    const { socket } = await dial(port);
    socket.pause();
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await closed;
    socket.destroy();
  });

  test('ends the connection that was idle the longest in favor of a new one', async () => {
    const { address, port } = await start(hello, { limits: { maxConnections: 2 } });
    const first = await dial(port);
    const second = await dial(port);
    first.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await first.firstData;
    expect(await body(address)).toBe('hello');
    expect(await second.closed).toBe('');
    expect(first.socket.closed).toBe(false);
  });

  test('refuses a new connection if all others wait for responses', async () => {
    const { app, arrival, release } = holding();
    const { port } = await start(app, { limits: { maxConnections: 1 } });
    const busy = await dial(port);
    busy.socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    await arrival;
    const refused = await dial(port);
    expect(await refused.closed).toBe('');
    release();
    expect(await busy.closed).toMatch(/late$/);
  });

  test('admits others if a client holds thousands of connections open', async () => {
    const { address, port } = await start(hello);
    const scraper = new Agent({ keepAlive: true, localAddress: '127.0.0.2' });
    expect(await body(address, scraper)).toBe('hello');
    const idle: Socket[] = [];
    for (let i = 0; i < 30; i += 1) {
      const more = await Promise.all(Array.from({ length: 100 }, () => dial(port)));
      idle.push(...more.map(({ socket }) => socket));
    }
    // A client at the same address as those, and one that was here before.
    expect(await body(address)).toBe('hello');
    const { reused } = await new Promise<{ reused: boolean }>((resolve, reject) => {
      const request = get(`http://${address}/`, { agent: scraper }, (response) => {
        response.resume();
        resolve({ reused: request.reusedSocket });
      }).on('error', reject);
    });
    expect(reused).toBe(true);
    await expect.poll(() => idle.filter(({ closed }) => !closed).length, { timeout: 10_000 }).toBeLessThan(1_000);
    scraper.destroy();
    for (const socket of idle) {
      socket.destroy();
    }
  });

  test('disconnects a client that stays silent', async () => {
    const { port } = await start(hello, { limits: quick });
    const client = await dial(port);
    expect(await client.closed).toMatch(/^(?:HTTP\/1\.1 408 .*)?$/s);
  });

  test('discards a body of any size without waiting for it', async () => {
    const { port } = await start(createApp(appOptions()));
    const client = await dial(port);
    client.socket.write('POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000000\r\n\r\n');
    const flood = setInterval(() => client.socket.write(Buffer.alloc(100_000)), 5);
    const received = await client.closed;
    clearInterval(flood);
    expect(received).toMatch(/^HTTP\/1\.1 405 /);
  });

  test.each([
    ['invalid HTTP', 'HELO\r\n\r\n', '400 Bad Request'],
    [
      'a head over 16 KiB',
      `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(17_000)}\r\n\r\n`,
      '431 Request Header Fields Too Large',
    ],
  ])('rejects %s', async (_case, sent, status) => {
    const { port } = await start(hello);
    const client = await dial(port);
    client.socket.write(sent);
    const received = await client.closed;
    const reason = status.slice(4);
    expect(received.startsWith(`HTTP/1.1 ${status}\r\n`)).toBe(true);
    expect(received).toContain(`\r\nContent-Length: ${reason.length + 1}\r\n`);
    expect(received).toContain("\r\nContent-Security-Policy: default-src 'none';");
    expect(received.endsWith(`\r\n\r\n${reason}\n`)).toBe(true);
  });

  test('keeps garbage after a waiting request out of its response', async () => {
    const { app, arrival, release } = holding();
    const { port } = await start(app);
    const client = await dial(port);
    client.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await arrival;
    client.socket.write('\0garbage\r\n\r\n');
    release();
    expect(await client.closed).toMatch(/^HTTP\/1\.1 200 OK\r\n.*\r\n\r\nlateHTTP\/1\.1 400 Bad Request\r\n/s);
  });
});

describe('the HTTP server', () => {
  test.each([
    ['GET http://proxied.example/-/healthy HTTP/1.1', 200],
    ['GET http://[x/ HTTP/1.1', 400],
    ['GET http://proxied.example/%zz HTTP/1.1', 400],
    ['GET http://proxied.example HTTP/1.1', 200],
    ['OPTIONS * HTTP/1.1', 400],
    ['TRACE /metrics HTTP/1.1', 405],
    ['GET /-/healthy HTTP/1.1\r\nExpect: more', 200],
  ])('responds to %s with %i and the security headers', async (line, status) => {
    const { port } = await start(createApp(appOptions()));
    const client = await dial(port);
    client.socket.write(`${line}\r\nHost: whatever:1\r\nConnection: close\r\n\r\n`);
    const received = await client.closed;
    expect(received).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(received).toContain('\r\nX-Content-Type-Options: nosniff\r\n');
    expect(received).not.toMatch(/<pre>|\bat .*\.[jt]s:/);
  });

  test.each([
    ['1.1', 400],
    ['1.0', 200],
  ])('responds to a request of HTTP/%s without Host with %i and the security headers', async (version, status) => {
    const { port } = await start(createApp(appOptions()));
    const client = await dial(port);
    client.socket.write(`GET /-/healthy HTTP/${version}\r\nConnection: close\r\n\r\n`);
    const received = await client.closed;
    expect(received).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(received).toContain('\r\nX-Content-Type-Options: nosniff\r\n');
  });
});
