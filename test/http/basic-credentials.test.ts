import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseBasicCredentials } from '../../src/http/security/password-checks.ts';
import { basic } from './secure-exporter.ts';

test('reads any user name without a colon and any password', () => {
  const text = fc.string({ unit: 'grapheme' });
  const name = text.filter((user) => !user.includes(':'));
  const scheme = fc.constantFrom('Basic ', 'basic ', 'BASIC  ');
  fc.assert(
    fc.property(name, text, scheme, (user, password, begin) => {
      const header = basic(`${user}:${password}`).replace('Basic ', begin);
      expect(parseBasicCredentials(header)).toEqual({ user, password });
    }),
  );
});

test('returns credentials or undefined for any header', () => {
  const header = fc.oneof(
    fc.string(),
    fc.string().map(basic),
    fc.base64String().map((text) => `Basic ${text}`),
  );
  fc.assert(
    fc.property(header, (text) => {
      const found = parseBasicCredentials(text);
      expect(found === undefined || !found.user.includes(':')).toBe(true);
    }),
  );
});

test.each([
  ['no header', undefined],
  ['nothing', ''],
  ['another scheme', 'Bearer YTpi'],
  ['no colon', basic('alice')],
  ['no base64', 'Basic a:b'],
  ['more than one value', 'Basic YTpi, Basic YTpi'],
  ['a control character', 'Basic YTpi\n'],
])('returns undefined for %s', (_case, header) => {
  expect(parseBasicCredentials(header)).toBeUndefined();
});
