/** Trusted HTML, as returned by `html`. Callers of the constructor guarantee that the source contains no external text. */
export class Html {
  readonly #source: string;

  constructor(source: string) {
    this.#source = source;
  }

  toString(): string {
    return this.#source;
  }
}

/** A value in a template: text is escaped, HTML is inserted unchanged, lists are joined, undefined is empty. */
export type HtmlValue = Html | string | number | undefined | readonly HtmlValue[];

/** Template tag: escapes every value, except `Html`, for element content and quoted attribute values. */
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
    return String(value).replace(/[&<>"']/g, (character) => ENTITY[character] ?? '');
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
