import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exportedLabelValue } from '../../src/state/label-value.ts';

describe('exportedLabelValue', () => {
  it.each(['', 'use1-az1', 'a"b\\c\nd', 'naïve 日本 🚦', '\u0000\t\r', 'x'.repeat(10_000)])(
    'leaves %j as it is',
    (text) => {
      expect(exportedLabelValue(text)).toBe(text);
    },
  );

  it.each([
    ['a\ud83d', 'a\ufffd'],
    ['\udea6b', '\ufffdb'],
    ['\udea6\ud83d', '\ufffd\ufffd'],
    ['\ud83d🚦', '\ufffd🚦'],
  ])('makes %j well-formed', (text, expected) => {
    expect(exportedLabelValue(text)).toBe(expected);
  });

  it('gives what UTF-8 makes of any text, so that different ones are different on a page', () => {
    const surrogates = fc.integer({ min: 0xd7f0, max: 0xe00f }).map((unit) => String.fromCharCode(unit));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: surrogates })), (text) => {
        expect(exportedLabelValue(text)).toBe(Buffer.from(text).toString());
      }),
    );
  });
});
