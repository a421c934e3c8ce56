// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the form that variables would have
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { ConfigError } from '../../src/config/reading/problem.ts';
import { readWebConfig } from '../../src/http/security/web-config.ts';
import { readWebConfigFile } from '../../src/http/security/web-config-file.ts';
import { HEADERS, HTTP, TLS } from '../../src/http/security/web-config-schema.ts';
import { tlsFixture } from '../aws/local-network.ts';
import { FIRST_TLS, readTlsFile, SECRET_2Y } from '../http/secure-exporter.ts';
import { PROJECT } from '../support/project.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Returns the problems of a file with this text. */
async function problems(text: string): Promise<string[]> {
  const file = join(temporaryFolder(), 'web-config.yml');
  writeFileSync(file, text);
  return problemsOf(file);
}

async function problemsOf(file: string): Promise<string[]> {
  const snapshot = await readWebConfigFile(file);
  try {
    snapshot.check();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) {
      return error.problems.map(({ message }) => message);
    }
    throw error;
  }
}

function tls(changes: Readonly<Record<string, unknown>>): string {
  return stringify({ tls_server_config: { ...FIRST_TLS, ...changes } });
}

describe('a web configuration', () => {
  test.each([
    ['an empty file', ''],
    ['empty sections', 'tls_server_config:\nhttp_server_config:\nbasic_auth_users:\n'],
    [
      'everything',
      stringify({
        tls_server_config: {
          ...FIRST_TLS,
          client_auth_type: 'RequireAndVerifyClientCert',
          client_ca_file: tlsFixture('client-authority.pem'),
          client_allowed_sans: ['a.example'],
          min_version: 'TLS12',
          max_version: 'TLS13',
          cipher_suites: ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'TLS_AES_128_GCM_SHA256'],
          prefer_server_cipher_suites: false,
          curve_preferences: ['X25519', 'CurveP256'],
        },
        http_server_config: {
          http2: false,
          headers: { 'X-Frame-Options': 'Deny', 'X-Content-Type-Options': '', 'Content-Security-Policy': 'a; b' },
        },
        basic_auth_users: { alice: SECRET_2Y, 'b c': SECRET_2Y.replace('$2y$', '$2a$') },
      }),
    ],
    ['empty lists', tls({ cipher_suites: [], curve_preferences: [], client_allowed_sans: [] })],
    ['variables that are none', 'http_server_config: { headers: { X-XSS-Protection: "${NOT_SET}" } }'],
  ])('accepts %s', async (_case, text) => {
    expect(await problems(text)).toEqual([]);
  });

  test('reports all errors of a web configuration with path, line, value, and expectation', async () => {
    const text = `tls_server_config:
  cert_file: nowhere.pem
  key: canary-secret
  client_auth_typ: NoClientCert
  min_version: TLS13
  max_version: TLS12
  prefer_server_cipher_suites: 1
  curve_preferences: [X25519, P256]
basic_auth_users:
  alice: canary-secret
  "a:b": ${SECRET_2Y}
http_server_config:
  headers: { X-Frame-Options: allow, X-Nosniff: "1" }
rate_limit: {}
`;
    expect(await problems(text)).toEqual([
      expect.stringMatching(
        /^tls_server_config.cert_file \(line 2\): cannot read \/.*nowhere.pem: no such file or directory$/,
      ),
      'tls_server_config.key (line 3): got a hidden value, expected PEM text',
      expect.stringMatching(/^tls_server_config.client_auth_typ \(line 4\): .*; did you mean "client_auth_type"\?$/),
      'tls_server_config.max_version (line 6): got "TLS12", expected a version not below min_version',
      'tls_server_config.prefer_server_cipher_suites (line 7): got 1, expected true or false',
      'tls_server_config.curve_preferences[1] (line 8): got "P256", expected one of CurveP256, CurveP384, CurveP521, X25519',
      expect.stringMatching(/^basic_auth_users.alice \(line 10\): got a hidden value, expected a bcrypt hash/),
      expect.stringMatching(/^basic_auth_users\["a:b"\] \(line 11\): got a user name that clients cannot send/),
      expect.stringMatching(/^http_server_config.headers.X-Nosniff \(line 13\): got an unknown key/),
      'http_server_config.headers.X-Frame-Options (line 13): got "allow", expected deny, sameorigin, or ""',
      expect.stringMatching(/^rate_limit \(line 14\): got an unknown key, expected one of tls_server_config, /),
    ]);
  });

  const clientCa = { client_ca_file: tlsFixture('client-authority.pem') };
  test.each([
    ['neither certificate nor key', 'tls_server_config: { min_version: TLS13 }', ['cert (line 1)', 'key (line 1)']],
    ['a certificate twice', tls({ cert: readTlsFile('first-server.pem') }), ['cert (line 4)']],
    ['an old version', tls({ min_version: 'TLS10' }), ['min_version (line 4)']],
    ['an insecure suite', tls({ cipher_suites: ['TLS_RSA_WITH_AES_128_CBC_SHA'] }), ['cipher_suites[0] (line 5)']],
    ['a key in place of a certificate', tls({ cert_file: FIRST_TLS.key_file }), ['cert_file (line 2)']],
    ['a certificate in place of a key', tls({ key_file: FIRST_TLS.cert_file }), ['key_file (line 3)']],
    ["another certificate's key", tls({ key_file: tlsFixture('second-server-key.pem') }), ['key_file (line 3)']],
    ['authorities without a policy', tls(clientCa), ['client_ca_file (line 4)']],
    [
      'a policy without authorities',
      tls({ client_auth_type: 'RequireAndVerifyClientCert' }),
      ['client_auth_type (line 4)'],
    ],
    [
      'names of clients that need show none',
      tls({ ...clientCa, client_auth_type: 'VerifyClientCertIfGiven', client_allowed_sans: ['x'] }),
      ['client_allowed_sans (line 7)'],
    ],
    [
      'authorities that are none',
      tls({ client_ca_file: FIRST_TLS.key_file, client_auth_type: 'RequestClientCert' }),
      ['client_ca_file (line 4)'],
    ],
  ])('rejects a web configuration with %s', async (_case, text, places) => {
    expect((await problems(text)).map((message) => message.replace(/: got .*/s, ''))).toEqual(
      places.map((place) => `tls_server_config.${place}`),
    );
  });

  test('rejects an unreadable web configuration', async () => {
    const missing = join(temporaryFolder(), 'none.yml');
    expect(await problemsOf(missing)).toEqual([`cannot read ${missing}: no such file or directory`]);
    const pipe = join(temporaryFolder(), 'pipe.yml');
    execFileSync('mkfifo', [pipe]);
    expect(await problemsOf(pipe)).toEqual([`cannot read ${pipe}: it is not a regular file`]);
    expect(await problems('[1]')).toEqual([
      expect.stringMatching(/web-config.yml \(line 1\): got \[1\], expected a mapping/),
    ]);
  });

  test('accepts or rejects arbitrary web configurations without showing secrets', () => {
    const keys = [...Object.keys({ ...TLS, ...HTTP, ...HEADERS }), 'headers', 'alice', '<<', '__proto__'];
    const value = fc.oneof(
      fc.constantFrom<unknown>('TLS12', 'deny', 'X25519', ['X25519'], 1, true, null, {}, []),
      fc.constantFrom(...keys),
      fc.string(),
    );
    const section = fc.oneof(value, fc.dictionary(fc.constantFrom(...keys), value, { noNullPrototype: true }));
    const secret = 'canary-secret';
    const file = fc.record({
      tls_server_config: section.map((all) =>
        typeof all === 'object' && !Array.isArray(all) ? { ...all, key: secret } : all,
      ),
      http_server_config: section,
      basic_auth_users: fc.dictionary(fc.string(), fc.constantFrom<unknown>(secret, [secret], { secret })),
    });
    fc.assert(
      fc.property(
        fc.oneof(
          file.map((all) => stringify(all)),
          fc.string(),
        ),
        (text) => {
          const { problems: found } = readWebConfig(text, '/etc/web-config.yml');
          for (const { message } of found) {
            expect(message).not.toContain(secret);
            expect(message).not.toMatch(/[\r\n]/);
          }
        },
      ),
    );
  });
});

test('docs/web-config.md describes every key', () => {
  const page = readFileSync(`${PROJECT}docs/web-config.md`, 'utf8');
  const keys = Object.keys({ ...TLS, ...HTTP, ...HEADERS, basic_auth_users: '' });
  expect(keys.filter((key) => !page.includes(key))).toEqual([]);
});
