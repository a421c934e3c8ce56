import {
  Composer,
  CST,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  Parser,
  type YAMLError,
} from 'yaml';
import {
  type ConfigNode,
  indexPath,
  isSensitive,
  keyPath,
  type MapEntry,
  quote,
  showNode,
  showNodeAt,
} from './nodes.ts';
import { createProblem, type Problem } from './problem.ts';

/** The composer is recursive: a few thousand levels would overflow the stack. The config needs 5 levels. */
const MAX_DEPTH = 64;

export interface ParsedYaml {
  /** Undefined if the text is not one YAML document. Then `problems` has the reasons. */
  readonly root: ConfigNode | undefined;
  /** The text has no value: only blanks, comments, and document markers. */
  readonly blank: boolean;
  /** Syntax errors, unknown tags, duplicate keys, unresolved aliases. */
  readonly problems: readonly Problem[];
}

export interface YamlOptions {
  /** Prefix of paths: empty for `polling.interval`, a name for `queries.yml[0].name`. */
  readonly rootPath?: string;
  /** Number of lines that are omitted from the text, after the first ones. */
  readonly skipped?: { readonly after: number; readonly lines: number };
}

/**
 * Parses one YAML document (or JSON) to nodes with line numbers. An empty text is an empty mapping.
 * @param file the file name, for problems without a key
 */
export function parseYaml(text: string, file: string, { rootPath = '', skipped }: YamlOptions = {}): ParsedYaml {
  const lines = new LineCounter();
  const lineOf = (offset: number) => {
    const line = Math.max(1, lines.linePos(offset).line);
    return skipped !== undefined && line > skipped.after ? line + skipped.lines : line;
  };
  const tokens = [...new Parser(lines.addNewLine).parse(text)];

  const tooDeep = tokens.map(offsetBeyondDepth).find((offset) => offset !== undefined);
  if (tooDeep !== undefined) {
    const got = `lists or mappings nested more than ${MAX_DEPTH} deep`;
    return refused(createProblem(file, lineOf(tooDeep), got, `at most ${MAX_DEPTH} levels`));
  }

  // TreeBuilder handles duplicate keys and merges, because it knows paths and lines.
  const composer = new Composer({ uniqueKeys: false, merge: false, logLevel: 'silent' });
  let documents: readonly Document.Parsed[];
  try {
    documents = withoutStacks(() => [...composer.compose(tokens, true, text.length)]);
  } catch (error) {
    if (!(error instanceof RangeError)) {
      throw error;
    }
    // The library passes all errors as arguments of one call, and 100,000 exceed its limit.
    return refused(createProblem(file, 1, 'more YAML errors than can be reported', 'valid YAML'));
  }
  const faults = documents.flatMap((document) => [...document.errors, ...document.warnings]);
  if (faults.length > 0) {
    return refused(...describeFaults(faults, text, file, lineOf));
  }
  const [document, second] = documents;
  if (second !== undefined) {
    return refused(createProblem(file, lineOf(second.range[0]), 'a second YAML document', 'one'));
  }
  return document === undefined ? refused() : new TreeBuilder(lineOf, file).build(document, rootPath);
}

/** Calls `work`. Its errors have no stacks: these take most of the time of a file with an error every few characters. */
function withoutStacks<T>(work: () => T): T {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return work();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

function refused(...problems: Problem[]): ParsedYaml {
  return { root: undefined, blank: false, problems };
}

/** Returns the offset at which a document first exceeds {@link MAX_DEPTH}, or undefined. */
function offsetBeyondDepth(token: CST.Token): number | undefined {
  let offset: number | undefined;
  if (token.type === 'document') {
    CST.visit(token, ({ key, value }, path) => {
      offset = path.length > MAX_DEPTH ? (value ?? key)?.offset : undefined;
      return offset === undefined ? undefined : CST.visit.BREAK;
    });
  }
  return offset;
}

/** Visits the document in order, so that an alias refers to the last preceding anchor of its name. */
class TreeBuilder {
  readonly #lineOf: (offset: number) => number;
  readonly #file: string;
  readonly #problems: Problem[] = [];
  /** Nodes by anchor. `open` while the node is being built: an alias to it would be a cycle. */
  readonly #anchors = new Map<string, ConfigNode | 'open'>();

  constructor(lineOf: (offset: number) => number, file: string) {
    this.#lineOf = lineOf;
    this.#file = file;
  }

  build(document: Document.Parsed, rootPath: string): ParsedYaml {
    const { contents } = document;
    const blank = contents === null || (isScalar(contents) && contents.value === null && contents.source === '');
    const root: ConfigNode = blank ? { kind: 'map', line: 1, entries: new Map() } : this.#node(contents, rootPath, 1);
    return { root, blank, problems: this.#problems };
  }

  #node(node: unknown, path: string, parentLine: number): ConfigNode {
    const line = this.#line(node, parentLine);
    if (isAlias(node)) {
      return this.#alias(node.source, path, line);
    }
    const anchor = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined;
    if (anchor !== undefined) {
      this.#anchors.set(anchor, 'open');
    }
    const built = this.#unaliased(node, path, line);
    if (anchor !== undefined) {
      this.#anchors.set(anchor, built);
    }
    return built;
  }

  #unaliased(node: unknown, path: string, line: number): ConfigNode {
    if (isSeq(node)) {
      return { kind: 'list', line, items: node.items.map((item, i) => this.#node(item, indexPath(path, i), line)) };
    }
    if (isMap(node)) {
      return { kind: 'map', line, entries: this.#entries(node.items, path, line) };
    }
    if (isScalar(node)) {
      if (node.tag === '!' && node.type === 'PLAIN') {
        this.#report(path, line, 'a value without quotes that begins with !', 'quotes around it: "!…"');
        return { kind: 'scalar', line, value: null, source: '', reported: true };
      }
      const source = node.source ?? String(node.value);
      const anchorAlone = node.value === null && source === '' && node.anchor !== undefined;
      return { kind: 'scalar', line, value: node.value, source: anchorAlone ? `&${node.anchor}` : source };
    }
    return { kind: 'scalar', line, value: null, source: '' };
  }

  #entries(pairs: readonly { key: unknown; value: unknown }[], path: string, mapLine: number): Map<string, MapEntry> {
    const entries = new Map<string, MapEntry>();
    const merged: (readonly ConfigNode[])[] = [];
    for (const pair of pairs) {
      const keyLine = this.#line(pair.key, mapLine);
      if (isMergeKey(pair.key)) {
        merged.push(this.#mergeSources(pair.value, keyPath(path, '<<'), keyLine));
        continue;
      }
      const keyNode = this.#node(pair.key, path, mapLine);
      if (keyNode.kind !== 'scalar' || typeof keyNode.value !== 'string') {
        const got = `the key ${showNode(keyNode)}`;
        this.#report(path, keyLine, got, 'keys that are text; quote keys that YAML reads as another type');
        this.#node(pair.value, path, keyLine);
        continue;
      }
      const key = keyNode.value;
      const value = this.#node(pair.value, keyPath(path, key), keyLine);
      const first = entries.get(key);
      if (first !== undefined) {
        const expected = `one key of this name; the first is in line ${first.keyLine}`;
        this.#report(keyPath(path, key), keyLine, 'a duplicate key', expected);
        continue;
      }
      entries.set(key, { keyLine, value });
    }
    for (const source of merged.flat()) {
      for (const [key, entry] of source.kind === 'map' ? source.entries : []) {
        if (!entries.has(key)) {
          entries.set(key, entry);
        }
      }
    }
    return entries;
  }

  /** Returns the mappings that `<<` merges, in order of precedence. */
  #mergeSources(value: unknown, path: string, keyLine: number): readonly ConfigNode[] {
    const node = this.#node(value, path, keyLine);
    const sources = node.kind === 'list' ? node.items : [node];
    for (const source of sources) {
      if (source.kind !== 'map') {
        this.#report(path, source.line, showNodeAt(path, source), 'a mapping or a list of mappings to merge');
      }
    }
    return sources;
  }

  #alias(name: string, path: string, line: number): ConfigNode {
    const target = this.#anchors.get(name);
    if (target !== undefined && target !== 'open') {
      return target;
    }
    const shown = isSensitive(path) ? '…' : quote(name).slice(1, -1);
    const expected =
      target === 'open'
        ? 'no alias inside its own anchor'
        : `an anchor &${shown} before it, or quotes around text: "*${shown}"`;
    this.#report(path, line, `the alias *${shown}`, expected);
    return { kind: 'scalar', line, value: null, source: '', reported: true };
  }

  /** Returns the line of a node, or of its parent if the node is empty, as the value of `? key`. */
  #line(node: unknown, parentLine: number): number {
    const range = isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range : undefined;
    return range ? this.#lineOf(range[0]) : parentLine;
  }

  #report(path: string, line: number, got: string, expected: string): void {
    this.#problems.push(createProblem(path === '' ? this.#file : path, line, got, expected));
  }
}

/** Returns true for `<<` without quotes. YAML 1.1 (with `%YAML 1.1`) reads it as a symbol, YAML 1.2 as a string. */
function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.type === 'PLAIN' && key.source === '<<';
}

/** How YAML reads an unquoted value that begins with one of these characters. */
const INDICATORS: Readonly<Record<string, string>> = {
  '*': 'an alias',
  '&': 'an anchor',
  '!': 'a tag',
  '%': 'a directive',
  '@': 'a reserved character',
  '`': 'a reserved character',
  '|': 'the header of a block of text',
  '>': 'the header of a block of text',
};

/** A file in another format has a fault every few characters. The first ones are sufficient. */
const MOST_FAULTS = 100;

/** Returns problems for YAML errors. For a line with an unquoted value, only the first error is reported. */
function describeFaults(faults: readonly YAMLError[], text: string, file: string, lineOf: (offset: number) => number) {
  const explained = new Set<number>();
  return faults.slice(0, MOST_FAULTS).flatMap((fault) => {
    const line = lineOf(fault.pos[0]);
    if (explained.has(line)) {
      return [];
    }
    const start = wordStart(text, fault);
    const indicator = text[start] ?? '';
    const taken = INDICATORS[indicator];
    if (taken !== undefined) {
      explained.add(line);
      const got = `a value without quotes that begins with ${indicator}, which YAML reads as ${taken}`;
      // A longer value may be secret.
      const more = /^(?:$|[\s,\]}])/.test(text.slice(start + 1, start + 2)) ? '' : '…';
      return [createProblem(file, line, got, `quotes around it: "${indicator}${more}"`)];
    }
    const got = `invalid YAML (${quote(fault.message).slice(1, -1)})`;
    return [createProblem(file, line, got, 'valid YAML')];
  });
}

/** Longest distance to the beginning of a value, in characters: a line may have an error every few characters. */
const LONGEST_WORD = 256;

/** Returns the offset of the invalid value. For `*:` and `|x`, the parser reports a later character. */
function wordStart(text: string, { code, pos: [offset] }: YAMLError): number {
  const isWithin = code === 'BAD_ALIAS' || code === 'UNEXPECTED_TOKEN';
  let start = offset;
  while (isWithin && start > Math.max(0, offset - LONGEST_WORD) && !/[\s,[\]{}]/.test(text[start - 1] ?? '')) {
    start -= 1;
  }
  return start;
}
