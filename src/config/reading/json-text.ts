import type { ConfigNode, MapEntry, MapNode } from './nodes.ts';
import { NotPlain } from './plain-entries.ts';

const SPACE = /[ \n]*/y;
/** A string without escapes that have another meaning in YAML. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern excludes control characters
const STRING = /"(?:[^"\\\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]|\\["\\/nt])*"/y;
const NUMBER = /-?(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?(?=[ ,\n\]}])/y;
const WORD = /(?:null|true|false)(?=[ ,\n\]}])/y;
const LONGEST_KEY = 200;
/** Levels of nesting. No key of the configuration needs as many. */
const MAX_DEPTH = 16;

/**
 * Reads a JSON text into the nodes that the YAML library returns, with lines. The library takes about 16 times as long for
 * 10,000 entries. Rejects texts with tabs, repeated keys, escapes that have another meaning in YAML, or errors.
 */
export class JsonText {
  readonly #text: string;
  #at = 0;
  #line = 1;

  constructor(text: string) {
    this.#text = text;
  }

  /**
   * Returns the root of the text.
   * @param pause called between the elements of lists of the first two levels
   * @throws {NotPlain}
   */
  async read(pause: () => Promise<void> | undefined): Promise<ConfigNode> {
    this.#space();
    const root = await this.#longValue(pause, 2);
    this.#space();
    if (this.#at < this.#text.length) {
      throw new NotPlain();
    }
    return root;
  }

  /** Reads a value of the first levels, which may have many elements. */
  async #longValue(pause: () => Promise<void> | undefined, levels: number): Promise<ConfigNode> {
    const line = this.#line;
    if (levels > 0 && this.#takes('{')) {
      const entries = new Map<string, MapEntry>();
      for (let more = !this.#takes('}'); more; more = this.#continues('}')) {
        const { key, keyLine } = this.#key(entries);
        entries.set(key, { keyLine, value: await this.#longValue(pause, levels - 1) });
      }
      return { kind: 'map', line, entries };
    }
    if (levels > 0 && this.#takes('[')) {
      const items: ConfigNode[] = [];
      for (let more = !this.#takes(']'); more; more = this.#continues(']')) {
        items.push(this.#value(0));
        await pause();
      }
      return { kind: 'list', line, items };
    }
    return this.#value(0);
  }

  #value(depth: number): ConfigNode {
    if (depth > MAX_DEPTH) {
      throw new NotPlain();
    }
    const line = this.#line;
    if (this.#takes('{')) {
      return this.#map(line, depth);
    }
    if (this.#takes('[')) {
      const items: ConfigNode[] = [];
      for (let more = !this.#takes(']'); more; more = this.#continues(']')) {
        items.push(this.#value(depth + 1));
      }
      return { kind: 'list', line, items };
    }
    if (this.#text[this.#at] === '"') {
      const value = this.#string();
      return { kind: 'scalar', line, value, source: value };
    }
    const source = this.#match(NUMBER) ?? this.#match(WORD);
    if (source === undefined) {
      throw new NotPlain();
    }
    return { kind: 'scalar', line, value: JSON.parse(source), source };
  }

  #map(line: number, depth: number): MapNode {
    const entries = new Map<string, MapEntry>();
    for (let more = !this.#takes('}'); more; more = this.#continues('}')) {
      const { key, keyLine } = this.#key(entries);
      entries.set(key, { keyLine, value: this.#value(depth + 1) });
    }
    return { kind: 'map', line, entries };
  }

  #key(entries: ReadonlyMap<string, MapEntry>): { readonly key: string; readonly keyLine: number } {
    const keyLine = this.#line;
    const key = this.#string();
    if (entries.has(key) || key.length > LONGEST_KEY || !this.#takes(':')) {
      throw new NotPlain();
    }
    return { key, keyLine };
  }

  #string(): string {
    const source = this.#match(STRING);
    if (source === undefined) {
      throw new NotPlain();
    }
    return source.includes('\\') ? JSON.parse(source) : source.slice(1, -1);
  }

  #continues(close: string): boolean {
    this.#space();
    if (this.#takes(',')) {
      return true;
    }
    if (!this.#takes(close)) {
      throw new NotPlain();
    }
    return false;
  }

  /** Skips a character and the space after it. Returns false if another character is next. */
  #takes(character: string): boolean {
    if (this.#text[this.#at] !== character) {
      return false;
    }
    this.#at += 1;
    if (character !== '}' && character !== ']') {
      this.#space();
    }
    return true;
  }

  #space(): void {
    for (const character of this.#match(SPACE) ?? '') {
      this.#line += character === '\n' ? 1 : 0;
    }
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }
}
