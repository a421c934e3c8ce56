import { text } from 'node:stream/consumers';
import { HttpRequest } from '@smithy/core/protocols';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { describe, expect, it } from 'vitest';
import { networkFor, startOrigin, startProxy, TRUSTING } from './local-network.ts';

/** POSTs with the SDK's own request handler, as the clients do. */
async function post(handler: NodeHttpHandler, protocol: string, port: number): Promise<string> {
  const { response } = await handler.handle(
    new HttpRequest({
      protocol,
      hostname: 'api.nfm.test',
      port,
      method: 'POST',
      path: '/queries',
      query: { page: '1' },
      headers: { host: `api.nfm.test:${port}`, 'content-length': '2' },
      body: '{}',
    }),
  );
  return `${response.statusCode} ${await text(response.body)}`;
}

describe.each([
  {
    protocol: 'http:',
    authority: undefined,
    line: (port: number) => `POST http://api.nfm.test:${port}/queries?page=1`,
  },
  { protocol: 'https:', authority: 'first', line: (port: number) => `CONNECT api.nfm.test:${port}` },
] as const)("the SDK's request handler over $protocol", ({ protocol, authority, line }) => {
  it('works directly, over one connection', async () => {
    const origin = await startOrigin({ authority });
    const { httpAgent, httpsAgent } = networkFor(TRUSTING);
    const handler = new NodeHttpHandler({ httpAgent, httpsAgent });
    for (let round = 0; round < 3; round += 1) {
      expect(await post(handler, protocol, origin.port)).toBe('200 response');
      await nextTurn();
    }
    expect(origin.requests.map(({ url, body }) => `${url} ${body}`)).toEqual(Array(3).fill('/queries?page=1 {}'));
    expect(origin.connections).toBe(1);
  });

  it.each(['http', 'https'] as const)('works through an %s proxy, over one connection', async (scheme) => {
    const origin = await startOrigin({ authority });
    const proxy = await startProxy({ authority: scheme === 'https' ? 'first' : undefined });
    const url = `${scheme}://user:secret@proxy.nfm.test:${proxy.port}`;
    const { httpAgent, httpsAgent } = networkFor({ ...TRUSTING, HTTP_PROXY: url, HTTPS_PROXY: url });
    const handler = new NodeHttpHandler({ httpAgent, httpsAgent });
    for (let round = 0; round < 3; round += 1) {
      expect(await post(handler, protocol, origin.port)).toBe('200 response');
      await nextTurn();
    }
    expect(new Set(proxy.requests.map((request) => request.line))).toEqual(new Set([line(origin.port)]));
    expect(proxy.requests.map(({ headers }) => headers['proxy-authorization'])).not.toContain(undefined);
    expect(origin.requests.map(({ url, body }) => `${url} ${body}`)).toEqual(Array(3).fill('/queries?page=1 {}'));
    expect(proxy.connections).toBe(1);
  });

  it('works with concurrent requests', async () => {
    const origin = await startOrigin({ authority });
    const proxy = await startProxy();
    const url = `http://127.0.0.1:${proxy.port}`;
    const { httpAgent, httpsAgent } = networkFor({ ...TRUSTING, HTTP_PROXY: url, HTTPS_PROXY: url });
    const handler = new NodeHttpHandler({ httpAgent, httpsAgent });
    const answers = await Promise.all(Array.from({ length: 40 }, () => post(handler, protocol, origin.port)));
    expect(answers).toEqual(Array(40).fill('200 response'));
    expect(proxy.connections).toBeLessThanOrEqual(40);
  });
});

/** A connection returns to its pool one turn of the event loop after the end of the response. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
