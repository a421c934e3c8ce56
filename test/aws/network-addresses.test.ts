import http from 'node:http';
import https from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { get, networkFor, resolveTo, startDeafServer, startOrigin, startProxy, TRUSTING } from './local-network.ts';

const BOTH = resolveTo('127.0.0.1', '127.0.0.2');

async function timed<T>(work: Promise<T>): Promise<{ result: T; took: number }> {
  const start = performance.now();
  const result = await work;
  return { result, took: performance.now() - start };
}

describe('a name with two addresses', () => {
  it('is reached at the second if the first never responds', async () => {
    const deaf = { http: await startDeafServer('http'), https: await startDeafServer('https') };
    await startOrigin({ host: '127.0.0.2', port: deaf.http.port });
    await startOrigin({ host: '127.0.0.2', port: deaf.https.port, authority: 'first' });
    const network = networkFor(TRUSTING, { lookup: BOTH });
    const attempts = await Promise.all([
      timed(get(network, `http://api.nfm.test:${deaf.http.port}/`)),
      timed(get(network, `https://api.nfm.test:${deaf.https.port}/`)),
    ]);
    for (const { result, took } of attempts) {
      expect(result).toEqual({ status: 200, body: 'response' });
      expect(took).toBeGreaterThan(2_000);
      expect(took).toBeLessThan(4_000);
    }
  });

  it('is reached at the first if it is slow', async () => {
    const deaf = { http: await startDeafServer('http'), https: await startDeafServer('https') };
    const seconds = [
      await startOrigin({ host: '127.0.0.2', port: deaf.http.port }),
      await startOrigin({ host: '127.0.0.2', port: deaf.https.port, authority: 'first' }),
    ];
    const network = networkFor(TRUSTING, { lookup: BOTH });
    const answers = Promise.all([
      get(network, `http://api.nfm.test:${deaf.http.port}/`),
      get(network, `https://api.nfm.test:${deaf.https.port}/`),
    ]);
    // The kernel repeats the first packet after a second, which is received then.
    await delay(400);
    deaf.http.wake();
    deaf.https.wake();
    expect(await answers).toEqual([
      { status: 200, body: 'late response' },
      { status: 200, body: 'late response' },
    ]);
    expect(seconds.map(({ connections }) => connections)).toEqual([0, 0]);
  });

  it("would skip a slow first address with Node's own default", async () => {
    const deaf = await startDeafServer('http');
    await startOrigin({ host: '127.0.0.2', port: deaf.port });
    const agents = { httpAgent: new http.Agent({ lookup: BOTH }), httpsAgent: new https.Agent() };
    const { result, took } = await timed(get(agents, `http://api.nfm.test:${deaf.port}/`));
    expect(result.body).toBe('response');
    expect(took).toBeLessThan(900);
  });

  it.each(['http', 'https'] as const)('can be the name of an %s proxy', async (scheme) => {
    const origin = await startOrigin({ authority: 'first' });
    const deaf = await startDeafServer(scheme);
    const proxy = await startProxy({
      host: '127.0.0.2',
      port: deaf.port,
      ...(scheme === 'https' ? { authority: 'first' } : {}),
    });
    const network = networkFor(
      { ...TRUSTING, HTTPS_PROXY: `${scheme}://proxy.nfm.test:${deaf.port}` },
      { lookup: BOTH },
    );
    const { result, took } = await timed(get(network, `https://api.nfm.test:${origin.port}/`));
    expect(result.status).toBe(200);
    expect(proxy.requests).toHaveLength(1);
    expect(took).toBeGreaterThan(2_000);
    expect(took).toBeLessThan(4_000);
  });
});
