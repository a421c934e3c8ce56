import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { labelPart } from '../../src/metrics/text.ts';
import { watchedQuery } from '../support/watched-query.ts';
import { ExposedWorld } from './exposed-world.ts';
import { readPage } from './page-grammar.ts';

const HOSTILE: readonly (readonly [what: string, value: string])[] = [
  ['quotes', 'a"b"c'],
  ['a newline, and what would be a series after it', 'a"} 1\naws_nfm_query_up{query="forged"} 1\n# HELP x y'],
  ['backslashes', '\\n\\"\\\\'],
  ['a backslash at the end', 'C:\\'],
  ['carriage returns and tabs', 'a\r\n\tb'],
  ['a NUL', 'a\0b'],
  ['separators of Unicode', 'a\u2028b\u2029c\u0085d'],
  ['other scripts', 'Zürich 東京 🦔'],
  ['braces and commas', '{a="b",c="d"}'],
  ['the end of OpenMetrics', '# EOF\n'],
  ['a space', ' '],
  ['10,000 characters', `begin${'x"\n'.repeat(3_330)}end`],
];

describe('a label value', () => {
  it.each(HOSTILE)('keeps a label value with %s unchanged in both formats', async (_what, value) => {
    const world = new ExposedWorld();
    world.register(watchedQuery({ name: 'q', queryId: value, labels: { team: value } }));
    for (const format of ['text', 'openmetrics'] as const) {
      const families = readPage(await world.scrape({ format }), format);
      const samples = families.find(({ name }) => name === 'aws_nfm_query_info')?.samples ?? [];
      expect(samples).toHaveLength(1);
      expect(Object.fromEntries(samples[0]?.labels ?? [])).toMatchObject({ query: 'q', query_id: value, team: value });
    }
  });

  it.each([
    ['a high surrogate', 'a\ud800b', 'a\ufffdb'],
    ['a low surrogate', 'a\udc00', 'a\ufffd'],
    ['surrogates the wrong way round', '\udc00\ud800', '\ufffd\ufffd'],
  ])('replaces %s alone with U+FFFD', async (_what, value, shown) => {
    const world = new ExposedWorld();
    world.register(watchedQuery({ name: 'q', queryId: value }));
    const families = readPage(await world.scrape(), 'text');
    expect(Object.fromEntries(families[0]?.samples[0]?.labels ?? [])).toMatchObject({ query_id: shown });
  });

  it('returns any label value when it is read back', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', minLength: 1 }), { minLength: 1, maxLength: 5 }), (values) => {
        const labels = values.map((value, i) => [`l${i}`, value] as const);
        const page = `# HELP a A.\n# TYPE a gauge\na${labelPart(labels)} 1\n`;
        expect(readPage(Buffer.from(page), 'text')[0]?.samples[0]?.labels).toEqual(labels);
      }),
    );
  });

  it('omits empty and absent labels, and braces without labels', () => {
    expect(
      labelPart([
        ['a', ''],
        ['b', undefined],
        ['c', 'd'],
      ]),
    ).toBe('{c="d"}');
    expect(labelPart([['a', '']])).toBe('');
    expect(labelPart([])).toBe('');
  });
});
