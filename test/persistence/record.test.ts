import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeRecord, encodeRecord, recordFileName } from '../../src/persistence/storage/record.ts';
import { anyCharacter } from '../support/any-character.ts';

const record = fc.tuple(fc.string({ unit: 'grapheme' }), fc.jsonValue());

test('decodes a record as it was encoded', () => {
  fc.assert(
    fc.property(record, ([key, value]) => {
      expect(decodeRecord(encodeRecord(key, value))).toEqual({ key, value: JSON.parse(JSON.stringify(value)) });
    }),
  );
});

test('rejects a record that is truncated or changed anywhere', () => {
  fc.assert(
    fc.property(record, fc.nat(), fc.integer({ min: 1, max: 255 }), fc.boolean(), ([key, value], at, bits, cut) => {
      const whole = Buffer.from(encodeRecord(key, value));
      const index = at % whole.length;
      const damaged = Buffer.from(cut ? whole.subarray(0, index) : whole);
      if (!cut) {
        damaged[index] = (damaged[index] ?? 0) ^ bits;
      }
      // A change of white space in the header does not change the decoded record.
      let read: unknown;
      try {
        read = decodeRecord(damaged.toString());
      } catch {
        return;
      }
      expect(read).toEqual({ key, value: JSON.parse(JSON.stringify(value)) });
    }),
  );
});

test('reports the version of a record that a newer exporter has written', () => {
  const newer = encodeRecord('a', 1).replace('"version":1', '"version":2');
  expect(() => decodeRecord(newer)).toThrow(
    'the format version is 2, written by a newer exporter; this exporter supports version 1',
  );
});

test('makes short, plain, and unique file names from keys', () => {
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter, maxLength: 400 }), fc.string({ unit: anyCharacter }), (a, b) => {
      const name = recordFileName(a);
      expect(name).toMatch(/^[\w-]{0,60}\.[0-9a-f]{24}\.json$/);
      expect(name === recordFileName(b)).toBe(a === b);
    }),
  );
});
