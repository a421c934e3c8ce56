import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitsPattern } from '../../src/queries/following.ts';

describe('a name pattern', () => {
  it('matches any characters with *, one with ?, and others literally', () => {
    const fits = (pattern: string) =>
      ['prod-a', 'prod-', 'prod', 'xprod-a', 'PROD-a', 'prod.a', 'a'].filter((name) => fitsPattern(name, pattern));
    expect(fits('prod-*')).toEqual(['prod-a', 'prod-']);
    expect(fits('*prod-a')).toEqual(['prod-a', 'xprod-a']);
    expect(fits('prod.a')).toEqual(['prod.a']);
    expect(fits('prod?a')).toEqual(['prod-a', 'prod.a']);
    expect(fits('*a')).toEqual(['prod-a', 'xprod-a', 'PROD-a', 'prod.a', 'a']);
    expect(fits('?')).toEqual(['a']);
    expect(fits('**')).toHaveLength(7);
  });

  it('matches the same names as the equivalent regular expression', () => {
    const text = (characters: string) => fc.string({ unit: fc.constantFrom(...characters), maxLength: 8 });
    fc.assert(
      fc.property(text('ab.'), text('ab.*?'), (name, pattern) => {
        const source = pattern.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.');
        expect(fitsPattern(name, pattern)).toBe(new RegExp(`^${source}$`).test(name));
      }),
      { numRuns: 2_000 },
    );
  });

  it('matches arbitrary patterns quickly', () => {
    expect(fitsPattern('a'.repeat(255), '*a'.repeat(127).concat('b'))).toBe(false);
  });
});
