import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls, { rootCertificates } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createNetwork } from '../../src/aws/network/network.ts';
import { NetworkConfigError } from '../../src/aws/network/proxy-routes.ts';
import { readAuthorities } from '../../src/aws/network/trust.ts';
import { get, networkFor, startOrigin, startProxy, tlsFixture } from './local-network.ts';

const FIRST = tlsFixture('first-authority.pem');
const SECOND = tlsFixture('second-authority.pem');
const UNTRUSTED = { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' };

async function temporaryFile(content: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'trust-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'bundle.pem');
  await writeFile(path, content);
  return path;
}

describe('a private authority', () => {
  it.each([
    { env: {}, first: false, second: false },
    { env: { AWS_CA_BUNDLE: '', NODE_EXTRA_CA_CERTS: '' }, first: false, second: false },
    { env: { AWS_CA_BUNDLE: FIRST }, first: true, second: false },
    { env: { NODE_EXTRA_CA_CERTS: SECOND }, first: false, second: true },
    { env: { AWS_CA_BUNDLE: FIRST, NODE_EXTRA_CA_CERTS: SECOND }, first: true, second: true },
  ])('is trusted if a variable names its file (first: $first, second: $second)', async ({ env, first, second }) => {
    const network = networkFor(env);
    for (const [authority, trusted] of [
      ['first', first],
      ['second', second],
    ] as const) {
      const origin = await startOrigin({ authority });
      const answer = get(network, `https://api.nfm.test:${origin.port}/`);
      if (trusted) {
        expect(await answer).toEqual({ status: 200, body: 'response' });
      } else {
        await expect(answer).rejects.toMatchObject(UNTRUSTED);
      }
    }
  });

  it('is trusted among others in one file with any text between them', async () => {
    const bundle = `# first\n${await readFile(FIRST, 'utf8')}\nSubject: CN=second\n${await readFile(SECOND, 'utf8')}`;
    const network = networkFor({ AWS_CA_BUNDLE: await temporaryFile(bundle.replaceAll('\n', '\r\n')) });
    for (const authority of ['first', 'second'] as const) {
      const origin = await startOrigin({ authority });
      expect(await get(network, `https://api.nfm.test:${origin.port}/`)).toMatchObject({ status: 200 });
    }
  });

  it('is parsed with the first TLS connection', async () => {
    const created = vi.spyOn(tls, 'createSecureContext');
    syncBuiltinESMExports();
    onTestFinished(() => {
      created.mockRestore();
      syncBuiltinESMExports();
    });
    const withAuthorities = () => created.mock.calls.filter(([options]) => Array.isArray(options?.ca)).length;
    const network = networkFor({ AWS_CA_BUNDLE: FIRST });
    expect(withAuthorities()).toBe(0);
    const origin = await startOrigin({ authority: 'first' });
    for (const _ of [1, 2]) {
      await get(network, `https://api.nfm.test:${origin.port}/`);
    }
    expect(withAuthorities()).toBe(1);
  });

  it('does not make a server of another name trusted', async () => {
    const origin = await startOrigin({ authority: 'first' });
    const network = networkFor({ AWS_CA_BUNDLE: FIRST });
    const answer = get(network, `https://api.other.test:${origin.port}/`);
    await expect(answer).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  });

  it('is required for an https proxy, too', async () => {
    const proxy = await startProxy({ authority: 'second' });
    const origin = await startOrigin({ authority: 'first' });
    const HTTPS_PROXY = `https://127.0.0.1:${proxy.port}`;
    const url = `https://api.nfm.test:${origin.port}/`;
    const answer = get(networkFor({ HTTPS_PROXY, AWS_CA_BUNDLE: FIRST }), url);
    await expect(answer).rejects.toMatchObject({ name: 'ProxyError', ...UNTRUSTED });
    const network = networkFor({ HTTPS_PROXY, AWS_CA_BUNDLE: FIRST, NODE_EXTRA_CA_CERTS: SECOND });
    expect(await get(network, url)).toEqual({ status: 200, body: 'response' });
  });

  it('verifies the name of an https proxy, not that of the destination', async () => {
    const proxy = await startProxy({ authority: 'first' });
    const url = `https://proxy.other.test:${proxy.port}`;
    const network = networkFor({ HTTPS_PROXY: url, HTTP_PROXY: url, AWS_CA_BUNDLE: FIRST });
    const wrongName = { code: 'ERR_TLS_CERT_ALTNAME_INVALID' };
    await expect(get(network, 'https://api.nfm.test/')).rejects.toMatchObject({ name: 'ProxyError', ...wrongName });
    await expect(get(network, 'http://api.nfm.test/')).rejects.toMatchObject(wrongName);
    expect(proxy.requests).toEqual([]);
  });

  it('sends the name of an https proxy in the TLS handshake', async () => {
    const proxy = await startProxy({ authority: 'first' });
    const origin = await startOrigin({ authority: 'first' });
    const url = `https://proxy.nfm.test:${proxy.port}`;
    const network = networkFor({ HTTPS_PROXY: url, HTTP_PROXY: url, AWS_CA_BUNDLE: FIRST });
    await get(network, `https://api.nfm.test:${origin.port}/`);
    await get(network, 'http://api.nfm.test/');
    expect(proxy.serverNames).toEqual(['proxy.nfm.test', 'proxy.nfm.test']);
  });

  it("is trusted beside Node's own", () => {
    expect(readAuthorities({ AWS_CA_BUNDLE: FIRST })).toEqual(expect.arrayContaining([...rootCertificates]));
  });

  it('is trusted by a process started with both variables', async () => {
    const first = await startOrigin({ authority: 'first' });
    const second = await startOrigin({ authority: 'second' });
    const built = fileURLToPath(new URL('../../build/aws/network/network.js', import.meta.url));
    const program = `
      import https from 'node:https';
      import { createNetwork } from ${JSON.stringify(built)};
      const { httpsAgent } = createNetwork({ env: process.env });
      for (const port of process.argv.slice(1)) {
        https.get({ host: '127.0.0.1', port, agent: httpsAgent }, (response) => console.log(response.resume().statusCode));
      }`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', program, String(first.port), String(second.port)],
      { env: { AWS_CA_BUNDLE: FIRST, NODE_EXTRA_CA_CERTS: SECOND }, timeout: 10_000 },
    );
    expect(stdout).toBe('200\n200\n');
  });
});

describe.each(['AWS_CA_BUNDLE', 'NODE_EXTRA_CA_CERTS'])('%s', (variable) => {
  function refusalOf(path: string): unknown {
    try {
      createNetwork({ env: { [variable]: path } }).close();
    } catch (error) {
      return error;
    }
    return undefined;
  }

  it('is rejected if its file does not exist', () => {
    const error = refusalOf('/nowhere/bundle.pem');
    expect(error).toBeInstanceOf(NetworkConfigError);
    expect(error).toMatchObject({
      variable,
      message: `${variable}: cannot read /nowhere/bundle.pem: no such file or directory`,
    });
  });

  it.each([
    { content: '', problem: (path: string) => `${path} has no PEM certificate` },
    { content: 'garbage', problem: (path: string) => `${path} has no PEM certificate` },
    {
      content: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
      problem: (path: string) => `certificate 1 in ${path} cannot be parsed`,
    },
  ])('is rejected if its file contains "$content"', async ({ content, problem }) => {
    const path = await temporaryFile(content);
    const error = refusalOf(path);
    expect(error).toBeInstanceOf(NetworkConfigError);
    expect(error).toMatchObject({ variable, message: `${variable}: ${problem(path)}` });
  });

  it('is rejected if its file never ends', () => {
    expect(refusalOf('/dev/zero')).toMatchObject({ message: `${variable}: /dev/zero is larger than 16 MiB` });
  });

  it('is rejected if a certificate in its file is truncated', async () => {
    const [first, second] = [await readFile(FIRST, 'utf8'), await readFile(SECOND, 'utf8')];
    const path = await temporaryFile(`${first}${second.slice(0, second.length / 2)}`);
    expect(refusalOf(path)).toMatchObject({ message: `${variable}: certificate 2 in ${path} cannot be parsed` });
  });
});
