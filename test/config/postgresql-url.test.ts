import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePostgresqlUrl } from '../../src/config/postgresql-url.ts';

describe('the URL of a database', () => {
  it('has defaults for the port and the TLS mode', () => {
    expect(parsePostgresqlUrl('postgres://nfm@db.example/state')).toEqual({
      host: 'db.example',
      port: 5432,
      database: 'state',
      user: 'nfm',
      password: undefined,
      sslMode: 'verify-full',
      sslRootCert: undefined,
    });
  });

  it('returns all parts', () => {
    expect(parsePostgresqlUrl('postgresql://a:b@[::1]:6000/state?sslmode=verify-ca&sslrootcert=/etc/ca.pem')).toEqual({
      host: '::1',
      port: 6000,
      database: 'state',
      user: 'a',
      password: 'b',
      sslMode: 'verify-ca',
      sslRootCert: '/etc/ca.pem',
    });
  });

  it('decodes any user, password, and database', () => {
    const any = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !text.includes('\0'));
    const property = fc.property(any, any, any, (user, password, database) => {
      const [a, b, c] = [user, password, database].map(encodeURIComponent);
      fc.pre(c !== '.' && c !== '..');
      expect(parsePostgresqlUrl(`postgresql://${a}:${b}@h/${c}`)).toMatchObject({ user, password, database });
    });
    fc.assert(property);
  });

  it.each([
    '',
    'db.example',
    'mysql://nfm@db/state',
    'postgresql://db/state',
    'postgresql://nfm@/state',
    'postgresql://nfm@db',
    'postgresql://nfm@db/',
    'postgresql://nfm@db/a/b',
    'postgresql://nfm@db:x/state',
    'postgresql://nfm@db/state#x',
    'postgresql://nfm@db/state?sslmode=prefer',
    'postgresql://nfm@db/state?host=other',
    'postgresql://nfm:%zz@db/state',
    'postgresql://nfm:%00@db/state',
    'postgresql://nfm:a b@db/state',
  ])('rejects %j', (url) => {
    expect(parsePostgresqlUrl(url)).toBeUndefined();
  });
});
