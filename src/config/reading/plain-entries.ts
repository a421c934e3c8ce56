import type { ConfigNode, MapEntry, MapNode } from './nodes.ts';

type ScalarNode = Extract<ConfigNode, { kind: 'scalar' }>;
type ListNode = Extract<ConfigNode, { kind: 'list' }>;

/** Characters without a meaning in YAML anywhere in a plain scalar of a block. */
const PLAIN = String.raw`[\w./@+\-$(),=~\u00c0-\u024f]`;
/** Words that may contain colons and do not begin with an indicator. Single spaces separate them. */
const WORD = `(?:${PLAIN}|[{}])+(?::(?:${PLAIN}|[{}])+)*`;
const TEXT = new RegExp(String.raw`^[\w/$(\u00c0-\u024f](?:${PLAIN}|[{}])*(?::(?:${PLAIN}|[{}])+)*(?: ${WORD})*$`);
const QUOTED = /^(?:"([ !#-[\]-~\u00a1-\u024f]*)"|'([ -&(-~\u00a1-\u024f]*)')$/;
const FLOW_LIST = /^\[ ?([\w./-]+(?:, ?[\w./-]+)*)?\s?\]$/;
const KEY_LINE = /^( *)([A-Za-z_][\w-]{0,99}):(?: (.*))?$/;
const ITEM_LINE = /^( *)- (.*)$/;
const BLANK = /^ *(?:#.*)?$/;

/** Values that YAML may not read as strings. */
const MAYBE_NUMBER = /^(?:[-+.\d][\d.eE+-]*|0[ox].*|[-+]?\.(?:inf|nan))$/i;
const INTEGER = /^(?:0|[1-9]\d{0,14})$/;
const RESERVED = /^(?:null|true|false)$/i;

/** More levels than any entry needs. */
const MAX_DEPTH = 6;

/** The text has a form that only the YAML library can parse. */
export class NotPlain extends Error {}

/**
 * Reads a list of block mappings in plain form: keys and values that need no rule of YAML except indentation. Accepted text
 * has the same result as with the YAML library. Text with an error is never accepted. A long list takes a small fraction
 * of the library's time and memory.
 */
export class PlainEntries {
  readonly #lines: readonly string[];
  /** Column of the list's items. */
  readonly #indent: number;
  #at: number;

  /**
   * @param at index of the first line that may belong to an item
   * @throws {NotPlain} if no item follows
   */
  constructor(lines: readonly string[], at: number) {
    this.#lines = lines;
    this.#at = at;
    this.#skipBlank();
    const indent = ITEM_LINE.exec(this.#line())?.[1]?.length;
    if (indent === undefined) {
      throw new NotPlain();
    }
    this.#indent = indent;
  }

  /** Index of the first unread line. */
  get at(): number {
    return this.#at;
  }

  /** Yields the items of the list, and reads each on demand. @throws {NotPlain} */
  *items(): Generator<MapNode> {
    for (let rest = this.#firstOfItem(); rest !== undefined; rest = this.#firstOfItem()) {
      yield this.#map(this.#indent + 2, 0, `${' '.repeat(this.#indent + 2)}${rest}`);
    }
  }

  /** Returns the text after the dash of the next item, or undefined at the end of the list. */
  #firstOfItem(): string | undefined {
    this.#skipBlank();
    const column = indentOf(this.#line());
    if (this.#at >= this.#lines.length || column < this.#indent) {
      return undefined;
    }
    const [, lead = '', rest = ''] = ITEM_LINE.exec(this.#line()) ?? [];
    if (rest === '' && this.#indent === 0 && column === 0) {
      return undefined;
    }
    if (rest === '' || lead.length !== this.#indent) {
      throw new NotPlain();
    }
    return rest;
  }

  /** @param first replaces the first line, which may begin with the dash of an item */
  #map(indent: number, depth: number, first = this.#line()): MapNode {
    if (depth > MAX_DEPTH) {
      throw new NotPlain();
    }
    const entries = new Map<string, MapEntry>();
    const node: MapNode = { kind: 'map', line: this.#at + 1, entries };
    for (let line = first; ; line = this.#line()) {
      const [, lead = '', key, written = ''] = KEY_LINE.exec(line) ?? [];
      if (key === undefined || lead.length !== indent || entries.has(key) || RESERVED.test(key)) {
        throw new NotPlain();
      }
      const keyLine = this.#at + 1;
      this.#at += 1;
      const text = withoutComment(written);
      entries.set(key, { keyLine, value: text === '' ? this.#nested(indent, depth) : nodeOf(text, keyLine) });
      this.#skipBlank();
      if (this.#at >= this.#lines.length || indentOf(this.#line()) < indent) {
        return node;
      }
    }
  }

  /** Reads the value of a key without a value on its line. */
  #nested(indent: number, depth: number): ConfigNode {
    const line = this.#line();
    const column = indentOf(line);
    if (ITEM_LINE.test(line) && column >= indent) {
      return this.#list(column);
    }
    if (column <= indent || BLANK.test(line)) {
      throw new NotPlain();
    }
    return this.#map(column, depth + 1);
  }

  #list(indent: number): ListNode {
    const line = this.#at + 1;
    const items: ConfigNode[] = [];
    while (indentOf(this.#line()) === indent && ITEM_LINE.test(this.#line())) {
      const [, , written = ''] = ITEM_LINE.exec(this.#line()) ?? [];
      this.#at += 1;
      items.push(scalarOf(withoutComment(written), this.#at));
    }
    if (this.#at < this.#lines.length && (BLANK.test(this.#line()) || indentOf(this.#line()) > indent)) {
      throw new NotPlain();
    }
    return { kind: 'list', line, items };
  }

  #line(): string {
    return this.#lines[this.#at] ?? '';
  }

  #skipBlank(): void {
    while (this.#at < this.#lines.length && BLANK.test(this.#line())) {
      this.#at += 1;
    }
  }
}

function indentOf(line: string): number {
  let column = 0;
  while (line[column] === ' ') {
    column += 1;
  }
  return column;
}

/** Returns a value without a trailing comment and blanks. A quoted string may contain `#`. */
function withoutComment(written: string): string {
  const text = written.trim();
  if (!text.includes('#') || QUOTED.test(text)) {
    return text;
  }
  return text.startsWith('#') ? '' : text.replace(/ #.*$/, '').trimEnd();
}

function nodeOf(text: string, line: number): ConfigNode {
  const list = FLOW_LIST.exec(text);
  if (list === null) {
    return scalarOf(text, line);
  }
  const items = list[1] === undefined ? [] : list[1].split(/, ?/);
  return { kind: 'list', line, items: items.map((item) => scalarOf(item, line)) };
}

function scalarOf(text: string, line: number): ScalarNode {
  const quoted = QUOTED.exec(text);
  if (quoted !== null) {
    const value = quoted[1] ?? quoted[2] ?? '';
    return { kind: 'scalar', line, value, source: value };
  }
  if (INTEGER.test(text)) {
    return { kind: 'scalar', line, value: Number(text), source: text };
  }
  if (!TEXT.test(text) || MAYBE_NUMBER.test(text) || RESERVED.test(text)) {
    throw new NotPlain();
  }
  return { kind: 'scalar', line, value: text, source: text };
}
