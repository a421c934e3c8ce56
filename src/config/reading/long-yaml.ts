import { nextTurn } from '../../lib/concurrency.ts';
import { JsonText } from './json-text.ts';
import type { ConfigNode, MapEntry, MapNode } from './nodes.ts';
import { PlainEntries } from './plain-entries.ts';
import { type ParsedYaml, parseYaml } from './yaml.ts';
import { parseInWorker } from './yaml-in-worker.ts';

/** Elements after which all else that waits has its turn. */
const SLICE = 100;

/** Texts below this length are left to the YAML library, which takes a few milliseconds for them. */
const LONG = 16_384;

/** The library takes more than about 100 ms for texts from this length on. */
const VERY_LONG = 131_072;

export interface LongYamlOptions {
  /** As {@link parseYaml} takes it. */
  readonly file: string;
  /** As {@link parseYaml} takes it. */
  readonly rootPath?: string;
  /** The key of the mapping whose list is long; undefined: the list is the whole file. */
  readonly listKey?: string;
}

/**
 * {@link parseYaml}, with the same result, for texts with long lists of entries. Lists that are written plainly, and JSON,
 * are read here, in slices that do not hold up the event loop; all else, and every text with an error, by the library, very
 * long ones in a thread of their own.
 *
 * @param long length in characters from which a text is not left to the library
 */
export async function parseLongYaml(
  text: string,
  { file, rootPath = '', listKey }: LongYamlOptions,
  long = LONG,
): Promise<ParsedYaml> {
  const root = text.length < long ? undefined : await readLong(text, file, listKey);
  if (root !== undefined) {
    return { root, blank: false, problems: [] };
  }
  return text.length < VERY_LONG ? parseYaml(text, file, rootPath) : parseInWorker({ text, file, rootPath });
}

async function readLong(text: string, file: string, listKey: string | undefined): Promise<ConfigNode | undefined> {
  let elements = 0;
  const pause = async () => {
    elements += 1;
    if (elements % SLICE === 0) {
      await nextTurn();
    }
  };
  return /^[ \n]*[[{]/.test(text.slice(0, 200))
    ? new JsonText(text).read(pause)
    : readBlockList(text.split('\n'), file, listKey, pause);
}

/** Undefined if the library has to read it. */
async function readBlockList(
  lines: readonly string[],
  file: string,
  listKey: string | undefined,
  pause: () => Promise<void>,
): Promise<ConfigNode | undefined> {
  const keyIndex = listKey === undefined ? -1 : lines.indexOf(`${listKey}:`);
  if (listKey !== undefined && keyIndex < 0) {
    return undefined;
  }
  const entries = new PlainEntries(lines, keyIndex + 1);
  const indent = entries.indent();
  if (indent === undefined) {
    return undefined;
  }
  const line = entries.at + 1;
  const items: ConfigNode[] = [];
  for (let item = entries.next(indent); item !== 'end'; item = entries.next(indent)) {
    if (item === 'not plain') {
      return undefined;
    }
    items.push(item);
    await pause();
  }
  const list: ConfigNode = { kind: 'list', line, items };
  if (listKey === undefined) {
    return entries.at === lines.length ? list : undefined;
  }
  return inMapping(lines, file, { key: listKey, keyIndex, end: entries.at, list });
}

/** The mapping that has the list under a key, the rest of it read by the library; undefined if that finds anything wrong. */
function inMapping(
  lines: readonly string[],
  file: string,
  { key, keyIndex, end, list }: { key: string; keyIndex: number; end: number; list: ConfigNode },
): ConfigNode | undefined {
  const after = lines.slice(end);
  const before = lines.slice(0, keyIndex + 1);
  // A directive may have other rules for what is text.
  if (before.some((each) => each.startsWith('%')) || (after.length > 0 && !/^[A-Za-z]/.test(after[0] ?? ''))) {
    return undefined;
  }
  const { root, problems } = parseYaml([...before, ...after].join('\n'), file);
  const entry = root?.kind === 'map' ? root.entries.get(key) : undefined;
  const isEmpty = entry?.value.kind === 'scalar' && entry.value.value === null && entry.keyLine === keyIndex + 1;
  if (root?.kind !== 'map' || entry === undefined || !isEmpty || problems.length > 0) {
    return undefined;
  }
  const { entries } = new LineShift(keyIndex + 1, end - keyIndex - 1).map(root);
  return {
    ...root,
    entries: new Map([...entries].map(([each, old]) => [each, each === key ? { ...old, value: list } : old])),
  };
}

/** Moves the lines of nodes behind some lines that were taken out of the text. */
class LineShift {
  readonly #after: number;
  readonly #by: number;
  /** Aliases share nodes. */
  readonly #moved = new Map<ConfigNode, ConfigNode>();

  constructor(after: number, by: number) {
    this.#after = after;
    this.#by = by;
  }

  map(node: MapNode): MapNode {
    const move = ([key, { keyLine, value }]: readonly [string, MapEntry]) =>
      [key, { keyLine: this.#line(keyLine), value: this.#node(value) }] as const;
    return { ...node, line: this.#line(node.line), entries: new Map(Array.from(node.entries, move)) };
  }

  #node(node: ConfigNode): ConfigNode {
    let moved = this.#moved.get(node);
    if (moved === undefined) {
      moved = this.#unmoved(node);
      this.#moved.set(node, moved);
    }
    return moved;
  }

  #unmoved(node: ConfigNode): ConfigNode {
    if (node.kind === 'map') {
      return this.map(node);
    }
    const line = this.#line(node.line);
    return node.kind === 'list'
      ? { ...node, line, items: node.items.map((item) => this.#node(item)) }
      : { ...node, line };
  }

  #line(line: number): number {
    return line > this.#after ? line + this.#by : line;
  }
}
