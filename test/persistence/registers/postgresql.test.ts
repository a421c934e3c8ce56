import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { tlsFixture } from '../../aws/local-network.ts';
import { fileScope } from '../../support/file-scope.ts';
import { ownCertificate, type Postgresql, startPostgresql } from '../../support/postgresql.ts';
import { openPostgresql, registersOf } from '../../support/register-engines.ts';

const scope = fileScope();
const HERE = { onTestFinished };
const KEY = { partition: 'default', name: 'leader' };

let server: Postgresql;

beforeAll(async () => {
  server = await startPostgresql(scope, ownCertificate(scope, 'first-server'));
}, 60_000);

/** Registers of a process with this URL. */
function open(url: string, env: NodeJS.ProcessEnv = {}) {
  return registersOf(openPostgresql(HERE, url, env), `p${Math.random()}`).registers;
}

describe('registers in PostgreSQL', () => {
  it('are created once by processes that start at the same time', async () => {
    server.sql('CREATE DATABASE fresh');
    const url = server.url().replace('/postgres?', '/fresh?');
    const found = await Promise.all(Array.from({ length: 6 }, () => open(url).get(KEY)));
    expect(found).toEqual(Array(6).fill(undefined));
  });

  it('can be used by a role that cannot create them, once they exist', async () => {
    await open(server.url()).list('default');
    server.sql("CREATE USER limited PASSWORD 'hunter3'");
    const url = server.url().replace('nfm:hunter2', 'limited:hunter3');
    await expect(open(url).get(KEY)).rejects.toMatchObject({ kind: 'denied', message: /SQLSTATE 42501/ });
    server.sql('GRANT SELECT, INSERT, UPDATE, DELETE ON nfm_registers TO limited');
    const registers = open(url);
    const version = await registers.put({ ...KEY, partition: 'limited' }, '1');
    await registers.put({ ...KEY, partition: 'limited' }, '2', { ifVersion: version });
    expect(await registers.list('limited')).toHaveLength(1);
  });

  it('cannot be created without the permission, which the error names', async () => {
    server.sql('CREATE DATABASE closed');
    server.sql("CREATE USER stranger PASSWORD 'hunter3'");
    const url = server.url().replace('nfm:hunter2', 'stranger:hunter3').replace('/postgres?', '/closed?');
    await expect(open(url).get(KEY)).rejects.toMatchObject({ kind: 'denied', message: /permission denied for schema/ });
  });

  it('are removed after their expiry by creations of others, and never without one', async () => {
    const registers = open(server.url());
    const partition = 'expiry';
    const past = Date.now() - 1_000;
    for (let index = 0; index < 25; index += 1) {
      await registers.put({ partition, name: `old-${index}` }, '{}', { expiresAt: past });
    }
    await registers.put({ partition, name: 'kept' }, '{}');
    await registers.put({ partition, name: 'later' }, '{}', { expiresAt: Date.now() + 3_600_000 });
    for (let index = 0; index < 5; index += 1) {
      await registers.put({ partition, name: `new-${index}` }, '{}');
    }
    const names = (await registers.list(partition)).map(({ name }) => name);
    expect(names.toSorted()).toEqual(['kept', 'later', 'new-0', 'new-1', 'new-2', 'new-3', 'new-4']);
  });

  it('are read from a primary only', async () => {
    const old = await startPostgresql(HERE);
    const url = old.url();
    await open(url).put(KEY, '1');
    await old.stop();
    writeFileSync(join(old.data, 'standby.signal'), '');
    await old.start();
    await expect(open(url).get(KEY)).rejects.toMatchObject({ kind: 'other', message: /is a standby.*primary/ });
  }, 60_000);

  it('wait for the disk even if that is not the default of the server', async () => {
    server.sql("CREATE USER hasty SUPERUSER PASSWORD 'hunter2'; ALTER ROLE hasty SET synchronous_commit = off");
    server.sql(`CREATE TABLE settings (value text); CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN INSERT INTO settings VALUES (current_setting('synchronous_commit')); RETURN NEW; END $$`);
    await open(server.url()).list('none');
    server.sql('CREATE TRIGGER noted BEFORE INSERT ON nfm_registers FOR EACH ROW EXECUTE FUNCTION note()');
    await open(server.url().replace('nfm:', 'hasty:')).put({ ...KEY, partition: 'hasty' }, '{}');
    server.sql('DROP TRIGGER noted ON nfm_registers');
    expect(server.sql('SELECT value FROM settings')).toBe('on');
  });
});

describe('a failure of PostgreSQL', () => {
  it.each([
    ['a wrong password', 'denied', () => server.url().replace('hunter2', 'hunter4')],
    ['an unknown database', 'other', () => server.url().replace('/postgres?', '/none?')],
    ['a port without a server', 'unreachable', () => server.url('sslmode=disable', 1)],
    ['a name that does not exist', 'unreachable', () => server.url().replace('127.0.0.1', 'db.invalid')],
    [
      'more connections than allowed',
      'throttled',
      () => {
        server.sql("DROP ROLE IF EXISTS crowded; CREATE USER crowded PASSWORD 'hunter2' CONNECTION LIMIT 0");
        return server.url().replace('nfm:', 'crowded:');
      },
    ],
  ] as const)('is reported without the password: %s', async (_, kind, url) => {
    const error: unknown = await open(url())
      .get(KEY)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind });
    expect(error instanceof Error ? `${error.message}${error.stack}` : '').not.toMatch(/hunter/);
  });

  it('is an invalid register if a name or value cannot be stored', async () => {
    const registers = open(server.url());
    await expect(registers.put({ ...KEY, name: 'a\0b' }, '{}')).rejects.toMatchObject({ kind: 'invalid' });
    await expect(registers.put({ ...KEY, name: 'x'.repeat(513) }, '{}')).rejects.toMatchObject({ kind: 'invalid' });
  });
});

describe('TLS of PostgreSQL', () => {
  const AUTHORITY = encodeURIComponent(tlsFixture('first-authority.pem'));
  const OTHER_AUTHORITY = encodeURIComponent(tlsFixture('second-authority.pem'));
  const encrypted =
    "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'nfm-exporter'";

  it.each([
    ['verifies certificate and name by default', `sslrootcert=${AUTHORITY}`, {}],
    ['verifies them with verify-full', `sslmode=verify-full&sslrootcert=${AUTHORITY}`, {}],
    ["trusts the authorities of the exporter's environment", '', { AWS_CA_BUNDLE: tlsFixture('first-authority.pem') }],
    ['accepts any certificate with require', 'sslmode=require', {}],
  ])('%s', async (_, parameters, env) => {
    await open(server.url(parameters), env).get(KEY);
    expect(server.sql(encrypted)).toBe('t');
  });

  it.each([
    ['an unknown authority', ''],
    ['an unknown authority, which sslrootcert replaces', `sslrootcert=${OTHER_AUTHORITY}`],
    ['an unknown authority with verify-ca', `sslmode=verify-ca&sslrootcert=${OTHER_AUTHORITY}`],
  ])('rejects %s', async (_, parameters) => {
    const trusting = parameters === '' ? {} : { AWS_CA_BUNDLE: tlsFixture('first-authority.pem') };
    const failure = open(server.url(parameters), trusting).get(KEY);
    await expect(failure).rejects.toMatchObject({ kind: 'unreachable', message: /certificate/ });
  });

  it('rejects another name with verify-full, and accepts it with verify-ca', async () => {
    // The certificate is for 127.0.0.1 and *.nfm.test.
    const named = (mode: string) =>
      server.url(`sslmode=${mode}&sslrootcert=${AUTHORITY}`).replace('127.0.0.1', 'localhost');
    const failure = open(named('verify-full')).get(KEY);
    await expect(failure).rejects.toMatchObject({ kind: 'unreachable', message: /localhost/ });
    expect(await open(named('verify-ca')).list('none')).toEqual([]);
  });

  it('is required unless it is disabled', async () => {
    const plain = await startPostgresql(HERE);
    await expect(open(plain.url('')).get(KEY)).rejects.toMatchObject({ kind: 'unreachable', message: /SSL/ });
    expect(await open(plain.url('sslmode=disable')).get(KEY)).toBeUndefined();
  }, 60_000);

  it('rejects a file without certificates when it is opened', () => {
    expect(() => open(server.url('sslrootcert=/dev/null'))).toThrow(
      'storage.postgresql.url: /dev/null has no PEM certificate',
    );
    expect(() => open(server.url('sslrootcert=/none'))).toThrow('cannot read /none: no such file or directory');
  });
});
