import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeRecord, encodeRecord, recordFileName } from '../../src/persistence/storage/record.ts';

const record = fc.tuple(fc.string({ unit: 'grapheme' }), fc.jsonValue());

test('a record is read as it was written', () => {
  fc.assert(
    fc.property(record, ([key, value]) => {
      expect(decodeRecord(encodeRecord(key, value))).toEqual({ key, value: JSON.parse(JSON.stringify(value)) });
    }),
  );
});

test('a record that is cut off or changed anywhere is refused', () => {
  fc.assert(
    fc.property(record, fc.nat(), fc.integer({ min: 1, max: 255 }), fc.boolean(), ([key, value], at, bits, cut) => {
      const whole = Buffer.from(encodeRecord(key, value));
      const index = at % whole.length;
      const damaged = Buffer.from(cut ? whole.subarray(0, index) : whole);
      if (!cut) {
        damaged[index] = (damaged[index] ?? 0) ^ bits;
      }
      // A change within the header that JSON does not notice, such as of a blank, changes nothing that is read.
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

test('a record of a newer exporter says so', () => {
  const newer = encodeRecord('a', 1).replace('"version":1', '"version":2');
  expect(() => decodeRecord(newer)).toThrow('it is of version 2, which a newer exporter has written; this one knows 1');
});

test('file names are short and plain, and tell keys apart', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), fc.string({ unit: 'binary' }), (a, b) => {
      const name = recordFileName(a);
      expect(name).toMatch(/^[\w-]{0,60}\.[0-9a-f]{24}\.json$/);
      expect(name === recordFileName(b)).toBe(a === b);
    }),
  );
});
