import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createNetwork } from '../../src/aws/network/network.ts';
import { NetworkConfigError, readProxyRoutes } from '../../src/aws/network/proxy-routes.ts';

const PROXY = 'http://proxy.nfm.test:3128';

/** Host of the proxy for an https destination, as HOST or HOST:PORT without brackets. */
function viaFor(env: NodeJS.ProcessEnv, host: string, port = 443): string | undefined {
  return readProxyRoutes(env)('https:', host, port)?.host;
}

describe('the proxy variables', () => {
  it('apply to destinations of their own protocol', () => {
    const routes = readProxyRoutes({ HTTPS_PROXY: 'http://secure.test:1', HTTP_PROXY: 'http://plain.test:2' });
    expect(routes('https:', 'api.test', 443)).toMatchObject({ variable: 'HTTPS_PROXY', host: 'secure.test', port: 1 });
    expect(routes('http:', 'api.test', 80)).toMatchObject({ variable: 'HTTP_PROXY', host: 'plain.test', port: 2 });
  });

  it.each([
    { env: {}, via: undefined },
    { env: { HTTP_PROXY: PROXY }, via: undefined },
    { env: { HTTPS_PROXY: '' }, via: undefined },
    { env: { HTTPS_PROXY: ' ' }, via: undefined },
    { env: { https_proxy: 'http://lower.test' }, via: 'lower.test' },
    { env: { https_proxy: 'http://lower.test', HTTPS_PROXY: 'http://upper.test' }, via: 'lower.test' },
    { env: { https_proxy: '', HTTPS_PROXY: 'http://upper.test' }, via: 'upper.test' },
    { env: { HTTPS_PROXY: PROXY, NO_PROXY: 'a.test', no_proxy: 'b.test' }, via: 'proxy.nfm.test' },
    { env: { HTTPS_PROXY: PROXY, NO_PROXY: 'a.test', no_proxy: '' }, via: undefined },
  ])('$env sends a.test through $via', ({ env, via }) => {
    expect(viaFor(env, 'a.test')).toBe(via);
  });

  it.each([
    { value: 'proxy.test', expected: { protocol: 'http:', host: 'proxy.test', port: 80 } },
    { value: 'proxy.test:3128', expected: { protocol: 'http:', host: 'proxy.test', port: 3128 } },
    { value: 'HTTP://Proxy.Test:3128/', expected: { protocol: 'http:', host: 'proxy.test', port: 3128 } },
    { value: 'https://proxy.test', expected: { protocol: 'https:', host: 'proxy.test', port: 443 } },
    { value: '[2001:db8::1]:3128', expected: { protocol: 'http:', host: '2001:db8::1', port: 3128 } },
    { value: 'user:pa%3Ass@proxy.test', expected: { host: 'proxy.test', authorization: basic('user:pa:ss') } },
    { value: 'http://user@proxy.test', expected: { authorization: basic('user:') } },
    { value: 'http://us%C3%A9r:p@proxy.test', expected: { authorization: basic('usér:p') } },
    { value: 'http://proxy.test', expected: { authorization: undefined } },
  ])('read $value', ({ value, expected }) => {
    expect(readProxyRoutes({ HTTPS_PROXY: value })('https:', 'api.test', 443)).toMatchObject(expected);
  });

  it.each([
    'foo:bar:baz',
    'http://',
    'http://:3128',
    'user:se://cret@proxy.test',
    'http://user:se/cret@proxy.test',
    'http://user:12/34@proxy.test',
    'http://user?x:y@proxy.test',
    'user#x:y@proxy.test',
    'proxy.test:3128/path',
  ])('reject an invalid proxy: %s', (value) => {
    expectRefusal(value, 'expected a proxy as [http://|https://][USER[:PASSWORD]@]HOST[:PORT]');
  });

  it('reject an unsupported protocol', () => {
    expectRefusal('socks5://user:secret@proxy.test', 'got a proxy with scheme "socks5", expected http or https');
  });

  it('reject credentials that cannot be decoded', () => {
    expectRefusal('http://user:secr%et@proxy.test', 'expected a percent-encoded user and password ("%" as %25)');
  });

  it('do not show a password in an error', () => {
    const part = fc.string({ unit: 'grapheme-ascii', minLength: 8 });
    fc.assert(
      fc.property(part, part, (user, password) => {
        const env = { HTTPS_PROXY: `ftp://${user}:${password}@proxy.test`, HTTP_PROXY: `${user}:${password}@:bad` };
        for (const [variable, value] of Object.entries(env)) {
          const error = thrownBy(() => createNetwork({ env: { [variable]: value } }));
          expect(error).toBeInstanceOf(NetworkConfigError);
          expect(`${error}`).not.toContain(password);
        }
      }),
    );
  });
});

describe('NO_PROXY', () => {
  it.each([
    { list: '*', direct: ['a.test', '10.0.0.1', '2001:db8::1'], proxied: [] },
    { list: 'a.test', direct: ['a.test', 'A.TEST', 'a.test.', 'sub.a.test'], proxied: ['ba.test', 'a.test.org'] },
    { list: 'A.Test.', direct: ['a.test', 'sub.a.test'], proxied: ['b.test'] },
    { list: '.a.test', direct: ['sub.a.test', 'x.sub.a.test'], proxied: ['a.test', 'ba.test'] },
    { list: '*.a.test', direct: ['sub.a.test', 'x.sub.a.test'], proxied: ['a.test', 'ba.test'] },
    { list: 'x.test, a.test', direct: ['x.test', 'a.test'], proxied: ['b.test'] },
    { list: ' x.test a.test,,', direct: ['x.test', 'a.test'], proxied: ['b.test'] },
    { list: 'amazonaws.com,api.aws', direct: ['sts.us-east-1.amazonaws.com', 'x.api.aws'], proxied: ['x.awsapps.com'] },
    { list: '10.0.0.0/8', direct: ['10.1.2.3', '::ffff:10.1.2.3'], proxied: ['11.0.0.1', 'a.test', '2001:db8::1'] },
    { list: '10.1.2.3', direct: ['10.1.2.3'], proxied: ['10.1.2.4', '110.1.2.3'] },
    { list: '2001:db8::/32', direct: ['2001:db8::1', '[2001:db8::1]'], proxied: ['2001:db9::1', '10.0.0.1'] },
    { list: '[2001:DB8::1]', direct: ['2001:db8:0::1'], proxied: ['2001:db8::2'] },
    { list: '10.0.0.0/33,10.0.0.0/x,10.0.0.0/,/8,:443,.', direct: [], proxied: ['10.0.0.1', 'a.test'] },
  ])('$list', ({ list, direct, proxied }) => {
    const env = { HTTPS_PROXY: PROXY, NO_PROXY: list };
    expect(direct.filter((host) => viaFor(env, host) !== undefined)).toEqual([]);
    expect(proxied.filter((host) => viaFor(env, host) === undefined)).toEqual([]);
  });

  it.each([
    { list: 'a.test:8443', host: 'a.test' },
    { list: '.test:8443', host: 'a.test' },
    { list: '10.0.0.1:8443', host: '10.0.0.1' },
    { list: '[2001:db8::1]:8443', host: '2001:db8::1' },
  ])('$list matches that port only', ({ list, host }) => {
    const env = { HTTPS_PROXY: PROXY, NO_PROXY: list };
    expect(viaFor(env, host, 8443)).toBeUndefined();
    expect(viaFor(env, host, 443)).toBe('proxy.nfm.test');
  });

  it('accepts any text', () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ minLength: 1 }), (list, host) => {
        expect([undefined, 'proxy.nfm.test']).toContain(viaFor({ HTTPS_PROXY: PROXY, NO_PROXY: list }, host));
      }),
    );
  });
});

describe('no proxy is used', () => {
  const everyRoute = readProxyRoutes({ HTTPS_PROXY: PROXY, HTTP_PROXY: PROXY });
  const isDirect = (host: string) =>
    everyRoute('http:', host, 80) === undefined && everyRoute('https:', host, 443) === undefined;

  it.each(['localhost', 'LOCALHOST', 'localhost.', 'api.localhost', '::1', '[::1]', '::ffff:127.0.0.1'])(
    'for %s',
    (host) => {
      expect(isDirect(host)).toBe(true);
    },
  );

  it.each(['fe80::1', '[fe80::1]', 'fe80::1%eth0', 'febf::1', 'fd00:ec2::254', 'fd00:ec2::23'])('for %s', (host) => {
    expect(isDirect(host)).toBe(true);
  });

  it.each(['127.', '169.254.'])('for any address that starts with %s', (start) => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        const rest = address.split('.').slice(-(5 - start.split('.').length));
        expect(isDirect(`${start}${rest.join('.')}`)).toBe(true);
      }),
    );
  });

  it.each([
    '126.255.255.255',
    '128.0.0.1',
    '169.253.255.255',
    '169.255.0.1',
    '10.0.0.1',
    '::2',
    'fec0::1',
    'fd00:ec3::1',
    'localhost.test',
    'notlocalhost',
    '127.0.0.1.test',
  ])('except for %s', (host) => {
    expect(isDirect(host)).toBe(false);
  });
});

function expectRefusal(value: string, problem: string): void {
  for (const variable of ['HTTPS_PROXY', 'http_proxy']) {
    const error = thrownBy(() => createNetwork({ env: { [variable]: value } }));
    expect(error).toBeInstanceOf(NetworkConfigError);
    expect(error).toMatchObject({ variable, message: `${variable}: ${problem}` });
  }
}

function basic(credentials: string): string {
  return `Basic ${Buffer.from(credentials).toString('base64')}`;
}

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}
