import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readPreconditions } from '../../src/http/api/registration-endpoints.ts';
import { HttpError } from '../../src/http/server/respond.ts';
import { areMet } from '../../src/registry/registration.ts';

describe('If-Match', () => {
  test.each([
    ['"a"', 'a', true],
    ['"a"', 'b', false],
    ['"a"', undefined, false],
    ['"b", "a"', 'a', true],
    ['"b","c" , "a"', 'a', true],
    [', "a",,', 'a', true],
    ['*', 'a', true],
    [' * ', 'a', true],
    ['*', undefined, false],
    ['"*"', 'a', false],
    ['W/"a"', 'a', false],
    ['W/"a", "a"', 'a', true],
    ['""', '', true],
    ['"a,b"', 'a,b', true],
  ])('%s of a resource with tag %s: %s', (header, etag, met) => {
    expect(areMet(readPreconditions({ 'if-match': header }), etag)).toBe(met);
  });

  test.each(['', 'a', '"a', 'a"', '"a" "b"', '"a";', 'w/"a"', 'W/a', '*, "a"', ',', '"a b"', `"${'\u0100'}"`])(
    '%j cannot be read',
    (header) => {
      expect(() => readPreconditions({ 'if-match': header })).toThrow(HttpError);
    },
  );
});

describe('If-None-Match', () => {
  test.each([
    ['*', undefined, true],
    ['*', 'a', false],
    ['"a"', 'a', false],
    ['W/"a"', 'a', false],
    ['"b"', 'a', true],
    ['"b"', undefined, true],
  ])('%s of a resource with tag %s: %s', (header, etag, met) => {
    expect(areMet(readPreconditions({ 'if-none-match': header }), etag)).toBe(met);
  });

  test('is combined with If-Match', () => {
    const both = readPreconditions({ 'if-match': '"a"', 'if-none-match': '"a"' });
    expect(areMet(both, 'a')).toBe(false);
  });
});

test('holds without preconditions', () => {
  expect(areMet(readPreconditions({}), undefined)).toBe(true);
  expect(areMet(readPreconditions({}), 'a')).toBe(true);
});

test('reads any tags unchanged, and rejects other headers', () => {
  const tag = fc.string({ unit: fc.constantFrom('a', 'Z', '!', '#', ',', '\\', 'W', '/', '*') });
  fc.assert(
    fc.property(fc.array(tag, { minLength: 1 }), fc.constantFrom(',', ', ', '\t,', ',,'), (tags, separator) => {
      const header = tags.map((each) => `"${each}"`).join(separator);
      expect(readPreconditions({ 'if-match': header })).toEqual({ ifMatch: new Set(tags) });
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('"', 'W/', ',', ' ', '*', 'a', '\\') }), (header) => {
      try {
        readPreconditions({ 'if-match': header });
      } catch (error) {
        expect(error).toBeInstanceOf(HttpError);
      }
    }),
  );
});
