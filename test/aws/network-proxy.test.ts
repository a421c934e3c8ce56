import { once } from 'node:events';
import https from 'node:https';
import net from 'node:net';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/lib/clock.ts';
import { get, networkFor, startOrigin, startProxy, TRUSTING } from './local-network.ts';

/** A clock whose timers the test runs. */
function manualTimers(): Pick<Clock, 'monotonic' | 'setTimer'> & { fire(): void } {
  const timers = new Set<() => void>();
  return {
    monotonic: () => performance.now(),
    setTimer(_ms, callback) {
      timers.add(callback);
      return () => timers.delete(callback);
    },
    fire() {
      for (const callback of timers) {
        callback();
      }
    },
  };
}

/** A port of 127.0.0.1 on which nothing listens. */
async function unusedPort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const CREDENTIALS = 'daemon:p%40ss%3Aw0rd';
const AUTHORIZATION = `Basic ${Buffer.from('daemon:p@ss:w0rd').toString('base64')}`;

describe('without a proxy', () => {
  it.each([
    { protocol: 'http', authority: undefined },
    { protocol: 'https', authority: 'first' },
  ] as const)('uses one $protocol connection for requests in a row', async ({ protocol, authority }) => {
    const origin = await startOrigin({ authority });
    const network = networkFor(TRUSTING);
    for (const path of ['/a', '/b', '/c']) {
      const answer = await get(network, `${protocol}://api.nfm.test:${origin.port}${path}`);
      expect(answer).toEqual({ status: 200, body: 'response' });
    }
    expect(origin.requests.map(({ url }) => url)).toEqual(['/a', '/b', '/c']);
    expect(origin.connections).toBe(1);
  });

  it('closes its idle connections', async () => {
    const plain = await startOrigin();
    const secure = await startOrigin({ authority: 'first' });
    const network = networkFor(TRUSTING);
    await get(network, `http://api.nfm.test:${plain.port}/`);
    await get(network, `https://api.nfm.test:${secure.port}/`);
    expect([plain.open.size, secure.open.size]).toEqual([1, 1]);
    network.close();
    await expect.poll(() => [plain.open.size, secure.open.size]).toEqual([0, 0]);
  });
});

describe.each([
  { scheme: 'http', authority: undefined },
  { scheme: 'https', authority: 'first' },
] as const)('with an $scheme proxy', ({ scheme, authority }) => {
  const at = (port: number) => `${scheme}://${CREDENTIALS}@proxy.nfm.test:${port}`;

  it('reaches https destinations through one CONNECT for requests in a row', async () => {
    const proxy = await startProxy({ authority });
    const origin = await startOrigin({ authority: 'first' });
    const network = networkFor({ ...TRUSTING, HTTPS_PROXY: at(proxy.port) });
    for (const path of ['/a', '/b']) {
      const answer = await get(network, `https://api.nfm.test:${origin.port}${path}`);
      expect(answer).toEqual({ status: 200, body: 'response' });
    }
    expect(proxy.requests).toMatchObject([
      {
        line: `CONNECT api.nfm.test:${origin.port}`,
        headers: { host: `api.nfm.test:${origin.port}`, 'proxy-authorization': AUTHORIZATION },
      },
    ]);
    expect(origin.requests.map(({ url }) => url)).toEqual(['/a', '/b']);
    expect(origin.requests.flatMap(({ headers }) => Object.keys(headers))).not.toContain('proxy-authorization');
    expect([proxy.connections, origin.connections]).toEqual([1, 1]);
  });

  it('requests http destinations with their whole URL, over one connection', async () => {
    const proxy = await startProxy({ authority });
    const origin = await startOrigin();
    const network = networkFor({ ...TRUSTING, HTTP_PROXY: at(proxy.port) });
    for (const path of ['/a?x=%2F', '/b']) {
      const answer = await get(network, `http://api.nfm.test:${origin.port}${path}`);
      expect(answer).toEqual({ status: 200, body: 'response' });
    }
    const headers = { host: `api.nfm.test:${origin.port}`, 'proxy-authorization': AUTHORIZATION };
    expect(proxy.requests).toMatchObject([
      { line: `GET http://api.nfm.test:${origin.port}/a?x=%2F`, headers },
      { line: `GET http://api.nfm.test:${origin.port}/b`, headers },
    ]);
    expect(origin.requests.map(({ url }) => url)).toEqual(['/a?x=%2F', '/b']);
    expect(proxy.connections).toBe(1);
  });

  it('omits the default port, as the signed Host header does', async () => {
    const proxy = await startProxy({ authority });
    const network = networkFor({ ...TRUSTING, HTTP_PROXY: at(proxy.port) });
    await get(network, 'http://api.nfm.test/path');
    expect(proxy.requests).toMatchObject([{ line: 'GET http://api.nfm.test/path', headers: { host: 'api.nfm.test' } }]);
  });

  it("checks the destination's certificate against the destination", async () => {
    const proxy = await startProxy({ authority });
    const origin = await startOrigin({ authority: 'first' });
    const network = networkFor({ ...TRUSTING, HTTPS_PROXY: at(proxy.port) });
    const answer = get(network, `https://[2001:db8::1]:${origin.port}/`);
    await expect(answer).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    expect(proxy.requests).toMatchObject([{ line: `CONNECT [2001:db8::1]:${origin.port}` }]);
  });

  it.each([
    { status: '407 Proxy Authentication Required', code: 'EACCES' },
    { status: '503 Service Unavailable', code: 'ECONNREFUSED' },
  ])('distinguishes an error response ($status) from a response of the destination', async ({ status, code }) => {
    const proxy = await startProxy({ authority, refusal: status });
    const network = networkFor({ ...TRUSTING, HTTPS_PROXY: at(proxy.port) });
    const error: unknown = await get(network, 'https://api.nfm.test/').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      name: 'ProxyError',
      code,
      message: `proxy proxy.nfm.test:${proxy.port} (HTTPS_PROXY) refused to connect to api.nfm.test:443: HTTP ${status}`,
    });
    expectNoCredentials(error);
    await expect.poll(() => proxy.open.size).toBe(0);
  });

  it('fails at once if the proxy does not exist', async () => {
    const port = await unusedPort();
    const network = networkFor({ ...TRUSTING, https_proxy: at(port), http_proxy: at(port) });
    const start = performance.now();
    const viaTunnel: unknown = await get(network, 'https://api.nfm.test/').catch((thrown: unknown) => thrown);
    const asked: unknown = await get(network, 'http://api.nfm.test/').catch((thrown: unknown) => thrown);
    expect(performance.now() - start).toBeLessThan(1_000);
    expect(viaTunnel).toMatchObject({
      name: 'ProxyError',
      code: 'ECONNREFUSED',
      message: `proxy proxy.nfm.test:${port} (https_proxy): connect ECONNREFUSED 127.0.0.1:${port}`,
    });
    expect(asked).toMatchObject({ code: 'ECONNREFUSED' });
    expectNoCredentials(viaTunnel);
    expectNoCredentials(asked);
  });

  it('fails if the proxy closes the connection of a CONNECT', async () => {
    const proxy = await startProxy({ authority, silence: 'hang up' });
    const network = networkFor({ ...TRUSTING, HTTPS_PROXY: at(proxy.port) });
    const answer = get(network, 'https://api.nfm.test/');
    await expect(answer).rejects.toMatchObject({ name: 'ProxyError', code: 'ECONNRESET' });
  });

  it('aborts a CONNECT without a response, and closes the connection', async () => {
    const proxy = await startProxy({ authority, silence: 'wait' });
    const clock = manualTimers();
    const network = networkFor({ ...TRUSTING, HTTPS_PROXY: at(proxy.port) }, { clock });
    const answer = get(network, 'https://api.nfm.test/').catch((thrown: unknown) => thrown);
    await expect.poll(() => proxy.requests.length).toBe(1);
    clock.fire();
    expect(await answer).toMatchObject({ name: 'ProxyError', code: 'ETIMEDOUT' });
    await expect.poll(() => proxy.open.size).toBe(0);
  });

  it('aborts a pending CONNECT when it is closed', async () => {
    const proxy = await startProxy({ authority, silence: 'wait' });
    const network = networkFor({ ...TRUSTING, HTTPS_PROXY: at(proxy.port) });
    const answer = get(network, 'https://api.nfm.test/').catch((thrown: unknown) => thrown);
    await expect.poll(() => proxy.requests.length).toBe(1);
    network.close();
    expect(await answer).toMatchObject({ name: 'ProxyError', code: 'ECONNRESET' });
    await expect.poll(() => proxy.open.size).toBe(0);
  });

  it('closes its idle connections', async () => {
    const proxy = await startProxy({ authority });
    const origin = await startOrigin({ authority: 'first' });
    const network = networkFor({ ...TRUSTING, HTTPS_PROXY: at(proxy.port) });
    await get(network, `https://api.nfm.test:${origin.port}/`);
    expect(proxy.open.size).toBe(1);
    network.close();
    await expect.poll(() => proxy.open.size).toBe(0);
  });

  it('keeps no tunnel of an aborted request', async () => {
    const proxy = await startProxy({ authority });
    const origin = await startOrigin({ authority: 'first' });
    const network = networkFor({ ...TRUSTING, HTTPS_PROXY: at(proxy.port) });
    const url = `https://api.nfm.test:${origin.port}/`;
    const givenUp = https.get(url, { agent: network.httpsAgent });
    givenUp.on('error', () => undefined);
    givenUp.destroy();
    await expect.poll(() => proxy.requests.length).toBe(1);
    // Node 20 closes it, Node 24 pools it.
    const pooled = () => Object.values(network.httpsAgent.freeSockets).flat().length;
    await expect.poll(() => proxy.open.size - pooled()).toBe(0);
    expect(await get(network, url)).toEqual({ status: 200, body: 'response' });
    expect(proxy.open.size).toBe(1);
  });

  it('fails a request whose tunnel is closed', async () => {
    const proxy = await startProxy({ authority });
    const origin = await startOrigin({ authority: 'first', mute: true });
    const network = networkFor({ ...TRUSTING, HTTPS_PROXY: at(proxy.port) });
    const answer = get(network, `https://api.nfm.test:${origin.port}/`).catch((thrown: unknown) => thrown);
    await expect.poll(() => origin.requests.length).toBe(1);
    for (const socket of proxy.open) {
      socket.destroy();
    }
    expect(await answer).toMatchObject({ code: 'ECONNRESET' });
  });
});

describe('this machine and its link', () => {
  it.each(['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]'])('is reached directly as %s', async (host) => {
    const proxy = await startProxy();
    const origin = await startOrigin();
    const url = `http://127.0.0.1:${proxy.port}`;
    const network = networkFor({ HTTP_PROXY: url, HTTPS_PROXY: url });
    expect(await get(network, `http://${host}:${origin.port}/`)).toEqual({ status: 200, body: 'response' });
    expect(proxy.requests).toEqual([]);
  });
});

describe('NO_PROXY', () => {
  it('sends requests for its destinations directly, and all others through the proxy', async () => {
    const proxy = await startProxy();
    const origin = await startOrigin({ authority: 'first' });
    const network = networkFor({
      ...TRUSTING,
      HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`,
      NO_PROXY: 'direct.nfm.test',
    });
    await get(network, `https://direct.nfm.test:${origin.port}/`);
    expect(proxy.requests).toEqual([]);
    await get(network, `https://proxied.nfm.test:${origin.port}/`);
    expect(proxy.requests).toHaveLength(1);
  });
});

function expectNoCredentials(error: unknown): void {
  const shown = inspect(error, { depth: 10 });
  for (const secret of ['daemon', 'w0rd', AUTHORIZATION]) {
    expect(shown).not.toContain(secret);
  }
}
