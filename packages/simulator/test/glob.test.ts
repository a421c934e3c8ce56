import fc from 'fast-check';
import { expect, test } from 'vitest';
import { globTest } from '../src/glob.ts';

const letters = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 8 });
const patterns = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*'), maxLength: 6 });

test('matches as a regular expression in which * is any text', () => {
  fc.assert(
    fc.property(patterns, letters, (pattern, text) => {
      const expression = new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
      expect(globTest(pattern)(text)).toBe(expression.test(text));
    }),
    { numRuns: 2000 },
  );
});

test('does not overlap the parts between stars', () => {
  expect(globTest('ab*ba')('aba')).toBe(false);
  expect(globTest('*ab*ba*')('aba')).toBe(false);
  expect(globTest('*ab*ba*')('xabbax')).toBe(true);
});
