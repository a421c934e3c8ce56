import { Composer, CST, type Document, isAlias, isMap, isScalar, isSeq, LineCounter, Parser } from 'yaml';
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
import { describeFaults } from './yaml-faults.ts';

/** The composer recurses, and runs out of stack where the file nests a few thousand deep; the config needs 5 levels. */
const MAX_DEPTH = 64;

export interface ParsedYaml {
  /** Undefined when the text is not one YAML document; `problems` then say why. */
  readonly root: ConfigNode | undefined;
  /** The text holds no value at all, only blanks, comments, and marks. */
  readonly blank: boolean;
  /** Faults of syntax, unknown tags, duplicate keys, aliases that lead nowhere. */
  readonly problems: readonly Problem[];
}

export interface YamlOptions {
  /** What paths begin with: nothing, as in `polling.interval`, or a name, as in `queries.yml[0].name`. */
  readonly rootPath?: string;
  /** So many lines of the file are not in the text, after the first ones. */
  readonly skipped?: { readonly after: number; readonly lines: number };
}

/**
 * Parses one YAML document (so JSON too) into nodes that know their lines. An empty text is an empty mapping.
 *
 * @param file the file's name, for problems that belong to no key
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

  // Duplicate keys and merges are handled below, where paths and lines are known.
  const composer = new Composer({ uniqueKeys: false, merge: false, logLevel: 'silent' });
  let documents: readonly Document.Parsed[];
  try {
    documents = [...composer.compose(tokens, true, text.length)];
  } catch (error) {
    if (!(error instanceof RangeError)) {
      throw error;
    }
    // It passes all faults as arguments of one call: 100,000 are too many.
    return refused(createProblem(file, 1, 'more faults of YAML than can be reported', 'valid YAML'));
  }
  const faults = documents.flatMap((document) => [...document.errors, ...document.warnings]);
  if (faults.length > 0) {
    return {
      root: undefined,
      blank: false,
      problems: describeFaults(faults, text, file, lineOf),
    };
  }
  const [document, second] = documents;
  if (second !== undefined) {
    return refused(createProblem(file, lineOf(second.range[0]), 'a second YAML document', 'one'));
  }
  return document === undefined ? refused() : new TreeBuilder(lineOf, file).build(document, rootPath);
}

function refused(...problems: Problem[]): ParsedYaml {
  return { root: undefined, blank: false, problems };
}

/** Where a document first nests deeper than {@link MAX_DEPTH} lists and mappings; undefined where it does not. */
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

/** Walks the document in its order, so that an alias always finds the last anchor of its name before it. */
class TreeBuilder {
  readonly #lineOf: (offset: number) => number;
  readonly #file: string;
  readonly #problems: Problem[] = [];
  /** Nodes by anchor; `open` while the anchor's own node is being built, since an alias to it would be a cycle. */
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
    const merged: ConfigNode[] = [];
    for (const pair of pairs) {
      const keyLine = this.#line(pair.key, mapLine);
      if (isMergeKey(pair.key)) {
        for (const source of this.#mergeSources(pair.value, keyPath(path, '<<'), keyLine)) {
          merged.push(source);
        }
        continue;
      }
      const keyNode = this.#node(pair.key, path, mapLine);
      if (keyNode.kind !== 'scalar' || typeof keyNode.value !== 'string') {
        const got = `the key ${showNode(keyNode)}`;
        this.#report(path, keyLine, got, 'keys that are text, in quotes where YAML reads something else');
        this.#node(pair.value, path, keyLine);
        continue;
      }
      const key = keyNode.value;
      const value = this.#node(pair.value, keyPath(path, key), keyLine);
      const first = entries.get(key);
      if (first !== undefined) {
        this.#report(keyPath(path, key), keyLine, 'the key again', `it once: line ${first.keyLine} has it too`);
        continue;
      }
      entries.set(key, { keyLine, value });
    }
    for (const source of merged) {
      for (const [key, entry] of source.kind === 'map' ? source.entries : []) {
        if (!entries.has(key)) {
          entries.set(key, entry);
        }
      }
    }
    return entries;
  }

  /** The mappings that `<<` brings in, those whose keys win first. */
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
    const shown = isSensitive(path) ? '…' : oneWord(name);
    const expected =
      target === 'open'
        ? 'no alias inside its own anchor'
        : `an anchor &${shown} before it, or quotes around text: "*${shown}"`;
    this.#report(path, line, `the alias *${shown}`, expected);
    return { kind: 'scalar', line, value: null, source: '', reported: true };
  }

  /** The line of a node, or of what holds it where the node is nothing at all, as the value of `? key`. */
  #line(node: unknown, parentLine: number): number {
    const range = isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range : undefined;
    return range ? this.#lineOf(range[0]) : parentLine;
  }

  #report(path: string, line: number, got: string, expected: string): void {
    this.#problems.push(createProblem(path === '' ? this.#file : path, line, got, expected));
  }
}

/** `<<` without quotes. YAML 1.1 (a `%YAML 1.1` line) reads it as a symbol, YAML 1.2 as text. */
function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.type === 'PLAIN' && key.source === '<<';
}

function oneWord(name: string): string {
  return quote(name).slice(1, -1);
}
