/** Text that is HTML already: what `html` makes. Whoever calls the constructor vouches that nothing in it came from outside. */
export class Html {
  readonly #source: string;

  constructor(source: string) {
    this.#source = source;
  }

  toString(): string {
    return this.#source;
  }
}

/** What a template may hold: text is escaped, HTML goes in as it is, lists are joined, nothing stays nothing. */
export type HtmlValue = Html | string | number | undefined | readonly HtmlValue[];

/** Template tag: every value is escaped for element content and quoted attribute values, unless it is `Html`. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return new Html(strings.map((part, i) => (i === 0 ? part : render(values[i - 1]) + part)).join(''));
}

function render(value: HtmlValue): string {
  if (value === undefined) {
    return '';
  }
  if (value instanceof Html) {
    return value.toString();
  }
  if (typeof value === 'string' || typeof value === 'number') {
    return escapeHtml(String(value));
  }
  return value.map(render).join('');
}

const ENTITY: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITY[character] ?? '');
}
