import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeLabelValue } from '../../src/metrics/text.ts';
import { exportedLabelValue, LONGEST_LABEL_VALUE } from '../../src/state/label-value.ts';

describe('exportedLabelValue', () => {
  it.each(['', 'use1-az1', 'a"b\\c\nd', 'naïve 日本 🚦', '\u0000\t\r', 'x'.repeat(LONGEST_LABEL_VALUE)])(
    'leaves %j as it is',
    (text) => {
      expect(exportedLabelValue(text)).toBe(text);
    },
  );

  it('cuts a long text, with a mark', () => {
    const cut = exportedLabelValue('x'.repeat(10_000));
    expect(cut).toBe(`${'x'.repeat(LONGEST_LABEL_VALUE - 1)}…`);
  });

  it.each([
    ['a\ud83d', 'a\ufffd'],
    ['\udea6b', '\ufffdb'],
    ['\udea6\ud83d', '\ufffd\ufffd'],
    ['🚦'.repeat(1_000), `${'🚦'.repeat(LONGEST_LABEL_VALUE / 2 - 1)}\ufffd…`],
  ])('makes %j well-formed', (text, expected) => {
    expect(exportedLabelValue(text)).toBe(expected);
  });

  it('gives what comes out of the exposition, so that different ones are different there', () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.string({ unit: fc.integer({ min: 0xd7f0, max: 0xe00f }).map((unit) => String.fromCharCode(unit)) }),
      fc.string({ minLength: LONGEST_LABEL_VALUE - 3, maxLength: LONGEST_LABEL_VALUE + 3 }),
    );
    fc.assert(
      fc.property(hostile, (text) => {
        const exported = exportedLabelValue(text);
        const written = Buffer.from(escapeLabelValue(exported)).toString();
        const read = written.replace(/\\(.)/g, (_, char) => (char === 'n' ? '\n' : char));
        expect(read).toBe(exported);
        expect(exported.length).toBeLessThanOrEqual(LONGEST_LABEL_VALUE);
        expect(exportedLabelValue(exported)).toBe(exported);
      }),
    );
  });
});
