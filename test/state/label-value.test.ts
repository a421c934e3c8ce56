import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundedLabelValue, exportedLabelValue } from '../../src/results/label-value.ts';
import { anyCharacter } from '../support/any-character.ts';

describe('exportedLabelValue', () => {
  it.each(['', 'use1-az1', 'a"b\\c\nd', 'naïve 日本 🚦', '\u0000\t\r', 'x'.repeat(1_024), '日'.repeat(341)])(
    'keeps %j unchanged',
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

  it('returns the UTF-8 form of any text, so that different texts differ on a page', () => {
    const surrogates = fc.integer({ min: 0xd7f0, max: 0xe00f }).map((unit) => String.fromCharCode(unit));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: anyCharacter }), fc.string({ unit: surrogates })), (text) => {
        expect(exportedLabelValue(text)).toBe(Buffer.from(text).toString());
      }),
    );
  });

  const filler = fc.constantFrom('x', 'é', '日', '🚦', '👩‍👩‍👧', '"', '\\', '\ud83d');
  const longText = fc
    .tuple(fc.string({ unit: anyCharacter }), filler, fc.nat(4), fc.string({ unit: anyCharacter }))
    .map(([start, unit, more, end]) => `${start}${unit.repeat(1_025 + more)}${end}`);

  it('truncates a text over 1,024 bytes between characters and appends digits of a hash', () => {
    fc.assert(
      fc.property(longText, (text) => {
        let cuts = 0;
        const exported = exportedLabelValue(text, () => {
          cuts += 1;
        });
        expect(cuts).toBe(1);
        const [, beginning = ''] = /^([\s\S]+)…[0-9a-f]{8}$/.exec(exported) ?? [];
        expect(Buffer.from(text).toString().startsWith(beginning)).toBe(true);
        expect(Buffer.from(exported).toString()).toBe(exported);
        const bytes = Buffer.byteLength(exported);
        expect(bytes).toBeLessThanOrEqual(1_024);
        // At most one character of four bytes did not fit.
        expect(bytes).toBeGreaterThan(1_020);
        expect(boundedLabelValue(exported)).toBe(exported);
      }),
    );
  });

  it('distinguishes long texts that differ only at the end', () => {
    const texts = Array.from({ length: 1_000 }, (_, i) => `${'x'.repeat(2_000)}${i}`);
    expect(new Set(texts.map((text) => exportedLabelValue(text))).size).toBe(texts.length);
  });
});
