import { once } from 'node:events';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { tlsFixture } from '../aws/local-network.ts';
import { ask, FIRST_TLS, readTlsFile, SECRET_2Y, type SecureExporter, startSecure } from './secure-exporter.ts';

const TRUST = { ca: [readTlsFile('first-authority.pem'), readTlsFile('second-authority.pem')] };
const SECOND_TLS = { cert_file: tlsFixture('second-server.pem'), key_file: tlsFixture('second-server-key.pem') };
const CLIENT = { cert: readTlsFile('client.pem'), key: readTlsFile('client-key.pem') };
/** A certificate that no authority of clients has signed. */
const STRANGER = { cert: readTlsFile('first-server.pem'), key: readTlsFile('first-server-key.pem') };

/** A TLS connection to the exporter, shaken hands over. */
async function shakeHands({ port }: SecureExporter, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', ...TRUST, ...options });
  await once(socket, 'secureConnect');
  socket.on('error', () => undefined);
  return socket;
}

/** Who signed the certificate that a new connection is shown. */
async function issuer(exporter: SecureExporter): Promise<string | undefined> {
  const socket = await shakeHands(exporter);
  const found = socket.getPeerX509Certificate()?.issuer;
  socket.destroy();
  return found;
}

describe('TLS', () => {
  test('uses the certificate of the file or inline, with TLS 1.2 or later', async () => {
    for (const tls of [
      FIRST_TLS,
      { cert: readTlsFile('first-server.pem'), key: readTlsFile('first-server-key.pem') },
    ]) {
      const exporter = await startSecure({ tls_server_config: tls });
      expect(await exporter.get('/-/healthy')).toMatchObject({ status: 200 });
      expect((await shakeHands(exporter)).getProtocol()).toBe('TLSv1.3');
      expect((await shakeHands(exporter, { maxVersion: 'TLSv1.2' })).getProtocol()).toBe('TLSv1.2');
      const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
      await expect(shakeHands(exporter, old)).rejects.toThrow(/protocol version/);
    }
  });

  test('uses the configured versions, cipher suites, and curves', async () => {
    const exporter = await startSecure({
      tls_server_config: {
        ...FIRST_TLS,
        max_version: 'TLS12',
        cipher_suites: ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'],
        curve_preferences: ['CurveP384', 'CurveP521'],
      },
    });
    const ciphers = 'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305';
    const socket = await shakeHands(exporter, { ciphers });
    expect(socket.getProtocol()).toBe('TLSv1.2');
    expect(socket.getCipher().name).toBe('ECDHE-ECDSA-AES256-GCM-SHA384');
    expect(socket.getEphemeralKeyInfo()).toMatchObject({ name: 'secp384r1' });
    await expect(shakeHands(exporter, { ciphers: 'ECDHE-ECDSA-CHACHA20-POLY1305' })).rejects.toThrow(
      /handshake failure/,
    );
    await expect(shakeHands(exporter, { ecdhCurve: 'P-256' })).rejects.toThrow(/handshake failure/);
  });

  test('rejects TLS 1.2 if the minimum is 1.3', async () => {
    const exporter = await startSecure({ tls_server_config: { ...FIRST_TLS, min_version: 'TLS13' } });
    await expect(shakeHands(exporter, { maxVersion: 'TLSv1.2' })).rejects.toThrow(/protocol version/);
    expect(await exporter.get('/-/healthy')).toMatchObject({ status: 200 });
  });

  test('explains the mistake to clients without TLS', async () => {
    const { port } = await startSecure({ tls_server_config: FIRST_TLS });
    expect(await ask(`http://127.0.0.1:${port}/metrics`)).toMatchObject({
      status: 400,
      body: 'Client sent an HTTP request to an HTTPS server.\n',
      headers: { 'x-content-type-options': 'nosniff' },
    });
  });

  test('disconnects clients that stay silent before, in, or after the handshake', async () => {
    const exporter = await startSecure({ tls_server_config: FIRST_TLS }, { headersTimeout: 200, checkingInterval: 25 });
    const silent = connectPlain(exporter.port, '127.0.0.1');
    const half = connectPlain(exporter.port, '127.0.0.1');
    half.write(Buffer.from([22, 3, 1, 2]));
    const shaken = await shakeHands(exporter);
    expect(await Promise.all([text(silent), text(half).catch(() => ''), text(shaken)])).toEqual([
      '',
      '',
      expect.stringMatching(/^HTTP\/1\.1 408 /),
    ]);
  });

  test('admits others while thousands of connections are held open', async () => {
    const exporter = await startSecure({ tls_server_config: FIRST_TLS }, { maxConnections: 20 });
    const agent = new Agent({ keepAlive: true, localAddress: '127.0.0.2' });
    expect(await exporter.get('/-/healthy', { agent })).toMatchObject({ status: 200 });
    const raw = Array.from({ length: 60 }, () => connectPlain(exporter.port, '127.0.0.1').on('error', () => undefined));
    const shaken = await Promise.allSettled(Array.from({ length: 10 }, () => shakeHands(exporter)));
    expect(await exporter.get('/-/healthy')).toMatchObject({ status: 200 });
    expect(await exporter.get('/-/healthy', { agent })).toMatchObject({ status: 200 });
    expect(Object.values(agent.freeSockets).flat()).toHaveLength(1);
    agent.destroy();
    for (const socket of [...raw, ...shaken.flatMap((each) => (each.status === 'fulfilled' ? each.value : []))]) {
      socket.destroy();
    }
  });
});

describe('client certificates', () => {
  const ca = { client_ca_file: tlsFixture('client-authority.pem') };
  const sans = (...names: string[]) => ({ client_allowed_sans: names });
  test.each([
    ['NoClientCert', {}, [true, true, true]],
    ['RequestClientCert', ca, [true, true, true]],
    ['RequireAnyClientCert', {}, [false, true, true]],
    ['RequireClientCert', {}, [false, true, true]],
    ['RequireAnyClientCert', sans('*.nfm.test'), [false, false, true]],
    ['VerifyClientCertIfGiven', ca, [true, true, false]],
    ['RequireAndVerifyClientCert', ca, [false, true, false]],
    ['RequireAndVerifyClientCert', { client_ca: readTlsFile('client-authority.pem') }, [false, true, false]],
    ['RequireAndVerifyClientCert', { ...ca, ...sans('x', 'scraper.nfm.test') }, [false, true, false]],
    ['RequireAndVerifyClientCert', { ...ca, ...sans('192.0.2.7') }, [false, true, false]],
    ['RequireAndVerifyClientCert', { ...ca, ...sans('scraper@nfm.test') }, [false, true, false]],
    ['RequireAndVerifyClientCert', { ...ca, ...sans('spiffe://nfm.test/scraper') }, [false, true, false]],
    ['RequireAndVerifyClientCert', { ...ca, ...sans('nfm.test', '127.0.0.1') }, [false, false, false]],
  ])('%s with %j admits none, one of the authority, one of another authority: %j', async (policy, more, expected) => {
    const { get, security } = await startSecure({
      tls_server_config: { ...FIRST_TLS, client_auth_type: policy, ...more },
    });
    const answered = await Promise.all(
      [{}, CLIENT, STRANGER].map((identity) =>
        get('/metrics', identity).then(
          ({ status }) => status === 200,
          () => false,
        ),
      ),
    );
    expect(answered).toEqual(expected);
    expect(security.isAuthenticated).toBe(policy === 'RequireAndVerifyClientCert');
  });

  test('are required, and authorities changed, without a restart', async () => {
    const { get, configure, events } = await startSecure({ tls_server_config: FIRST_TLS });
    expect(await get('/metrics')).toMatchObject({ status: 200 });
    configure({ tls_server_config: { ...FIRST_TLS, client_auth_type: 'RequireAndVerifyClientCert', ...ca } });
    await expect(get('/metrics')).rejects.toThrow();
    expect(events.at(-1)).toEqual({
      level: 'debug',
      msg: 'TLS connection rejected',
      fields: { client: '127.0.0.1', reason: 'no client certificate' },
    });
    expect(await get('/metrics', CLIENT)).toMatchObject({ status: 200 });
    const other = { client_ca_file: tlsFixture('first-authority.pem') };
    configure({ tls_server_config: { ...FIRST_TLS, client_auth_type: 'RequireAndVerifyClientCert', ...other } });
    await expect(get('/metrics', CLIENT)).rejects.toThrow();
  });
});

describe('rotation', () => {
  /** A volume as Kubernetes mounts a secret: the files are links into `..data`, itself a link, which is replaced. */
  function mountSecret(folder: string) {
    let version = 0;
    const put = (name: 'first' | 'second') => {
      version += 1;
      mkdirSync(join(folder, `..${version}`));
      writeFileSync(join(folder, `..${version}`, 'tls.crt'), readTlsFile(`${name}-server.pem`));
      writeFileSync(join(folder, `..${version}`, 'tls.key'), readTlsFile(`${name}-server-key.pem`));
      symlinkSync(`..${version}`, join(folder, '..next'));
      renameSync(join(folder, '..next'), join(folder, '..data'));
    };
    put('first');
    for (const file of ['tls.crt', 'tls.key']) {
      symlinkSync(`..data/${file}`, join(folder, file));
    }
    return put;
  }

  test('uses a replaced certificate from the next connection on, without failed scrapes', async () => {
    const exporter = await startSecure({
      tls_server_config: FIRST_TLS,
      basic_auth_users: { alice: SECRET_2Y },
    });
    const put = mountSecret(exporter.folder);
    exporter.configure({
      // Relative to the directory of the file.
      tls_server_config: { cert_file: 'tls.crt', key_file: 'tls.key' },
      basic_auth_users: { alice: SECRET_2Y },
    });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const seen = new Set<string | undefined>();
    for (let round = 0; round < 20; round += 1) {
      const name = round % 2 === 0 ? 'second' : 'first';
      const scrapes = Array.from({ length: 10 }, (_, i) =>
        exporter.get('/metrics', { ...TRUST, login: 'alice:secret', ...(i === 0 ? { agent } : {}) }),
      );
      put(name);
      seen.add(await issuer(exporter));
      expect(await issuer(exporter)).toBe(`CN=Test authority ${name}`);
      for (const { status } of await Promise.all(scrapes)) {
        expect(status).toBe(200);
      }
    }
    expect(seen.size).toBe(2);
    expect(exporter.events.filter(({ level }) => level === 'error')).toEqual([]);
    // A connection that was open all the while.
    expect(Object.values(agent.freeSockets).flat()).toHaveLength(1);
    agent.destroy();
  });

  test('rejects a key of another certificate, logs it once, and accepts the fix', async () => {
    const exporter = await startSecure({ tls_server_config: FIRST_TLS });
    exporter.configure({ tls_server_config: { ...SECOND_TLS, key_file: FIRST_TLS.key_file } });
    expect(await issuer(exporter)).toBe('CN=Test authority first');
    // Not at once: the right key may be on its way.
    expect(exporter.events).toEqual([]);
    await expect.poll(() => exporter.events.length, { timeout: 10_000 }).toBe(1);
    expect(await issuer(exporter)).toBe('CN=Test authority first');
    const key = JSON.stringify(FIRST_TLS.key_file);
    const [logged, ...more] = exporter.events;
    expect(more).toEqual([]);
    expect(logged).toMatchObject({
      level: 'error',
      fields: {
        error: `tls_server_config.key_file (line 3): got ${key}, expected the key of the certificate`,
      },
    });
    exporter.configure({ tls_server_config: SECOND_TLS });
    expect(await issuer(exporter)).toBe('CN=Test authority second');
    expect(exporter.events.at(-1)).toMatchObject({ level: 'info', msg: 'web configuration reloaded' });
  });

  test('rejects settings that OpenSSL rejects, at start and later', async () => {
    const weak = { cert_file: tlsFixture('weak-server.pem'), key_file: tlsFixture('weak-server-key.pem') };
    const message = /tls_server_config: got settings that OpenSSL rejects \(.*key too small\), expected/;
    await expect(startSecure({ tls_server_config: weak })).rejects.toThrow(message);
    const exporter = await startSecure({ tls_server_config: FIRST_TLS });
    exporter.configure({ tls_server_config: weak });
    expect(await exporter.security.reload()).toMatchObject([{ message: expect.stringMatching(message) }]);
    exporter.configure({ tls_server_config: FIRST_TLS });
    expect(await issuer(exporter)).toBe('CN=Test authority first');
    expect(exporter.events.map(({ msg }) => msg)).toEqual(['web configuration rejected', 'web configuration restored']);
  });

  test('keeps its settings if the web configuration is removed, and reports the path once', async () => {
    const exporter = await startSecure({ tls_server_config: FIRST_TLS });
    rmSync(join(exporter.folder, 'web-config.yml'));
    const message = `cannot read ${join(exporter.folder, 'web-config.yml')}: no such file or directory`;
    expect(await exporter.security.reload()).toMatchObject([{ message }]);
    expect((await exporter.get('/-/healthy')).status).toBe(200);
  });

  test('does not turn TLS off while the exporter runs', async () => {
    const exporter = await startSecure({ tls_server_config: FIRST_TLS });
    exporter.configure({});
    const message = 'tls_server_config: got nothing, expected no change: restart the exporter to turn TLS on or off';
    const [problem] = await exporter.security.reload();
    expect(problem?.message).toBe(`${join(exporter.folder, 'web-config.yml')}: ${message}`);
    expect(exporter.events).toMatchObject([{ level: 'error', fields: { error: message } }]);
    expect(await issuer(exporter)).toBe('CN=Test authority first');
  });
});

test('replaces the default headers by those of the file, and removes blank ones', async () => {
  const headers = {
    'Content-Security-Policy': '',
    'X-Frame-Options': 'sameorigin',
    'X-XSS-Protection': '0',
    'Strict-Transport-Security': 'max-age=31536000',
  };
  const exporter = await startSecure({ tls_server_config: FIRST_TLS, http_server_config: { headers, http2: true } });
  const answer = await exporter.get('/-/healthy');
  expect(answer.headers).toMatchObject({
    'x-frame-options': 'sameorigin',
    'x-xss-protection': '0',
    'strict-transport-security': 'max-age=31536000',
    'x-content-type-options': 'nosniff',
  });
  expect(answer.headers).not.toHaveProperty('content-security-policy');
  exporter.configure({ tls_server_config: FIRST_TLS });
  const { headers: plain } = await exporter.get('/-/healthy');
  expect(plain).not.toHaveProperty('strict-transport-security');
  expect(plain).toMatchObject({ 'x-frame-options': 'DENY' });
});
