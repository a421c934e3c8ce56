import fc from 'fast-check';
import { expect, test } from 'vitest';
import { html } from '../../src/http/page/html.ts';
import { anyCharacter } from '../support/any-character.ts';

/** As a browser reads character references. */
function decode(text: string): string {
  const characters = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'", '&amp;': '&' };
  return text.replace(
    /&(?:lt|gt|quot|#39|amp);/g,
    (entity) => new Map(Object.entries(characters)).get(entity) ?? entity,
  );
}

test('preserves any text in content and attributes, without ending them', () => {
  const text = fc.oneof(fc.string({ unit: anyCharacter }), fc.stringMatching(/^[<>"'&;a-z#0-9 ]*$/));
  fc.assert(
    fc.property(text, (value) => {
      const [, attribute = '', content = ''] = /^<a title="([^"<>]*)">([^<>]*)<\/a>$/s.exec(
        html`<a title="${value}">${value}</a>`.toString(),
      ) ?? ['', 'no', 'match'];
      expect([decode(attribute), decode(content)]).toEqual([value, value]);
    }),
  );
});

test('inserts HTML unchanged, joins lists, prints numbers, omits undefined', () => {
  const items = ['<', 2].map((item) => html`<li>${item}</li>`);
  expect(html`<ul>${items}</ul>${undefined}${[]}`.toString()).toBe('<ul><li>&lt;</li><li>2</li></ul>');
});
