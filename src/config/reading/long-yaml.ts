import { getHeapStatistics } from 'node:v8';
import { inSlices, slicing } from '../../lib/concurrency.ts';
import { JsonText } from './json-text.ts';
import type { ConfigNode } from './nodes.ts';
import { NotPlain, PlainEntries } from './plain-entries.ts';
import { createProblem } from './problem.ts';
import { type ParsedYaml, parseYaml } from './yaml.ts';
import { parseInWorker } from './yaml-in-worker.ts';

/** Length in characters below which the YAML library parses a text within a few milliseconds. */
const LONG = 16_384;

/**
 * Most characters that separate keys and values. 100,000 queries have about 2,000,000. Each takes about 100 bytes when parsed, and
 * those of one file must fit into half of the heap.
 */
const MOST_SEPARATORS = Math.min(3_000_000, Math.floor(getHeapStatistics().heap_size_limit / 256));

/** Length in characters from which the library takes more than about 100 ms. */
const VERY_LONG = 131_072;

export interface LongYamlOptions {
  /** See {@link parseYaml}. */
  readonly file: string;
  /** See {@link parseYaml}. */
  readonly rootPath?: string;
  /** The key of the long list. Undefined: the whole file is the list. */
  readonly listKey?: string;
}

/**
 * Returns the result of {@link parseYaml} without blocking the event loop for a text with a long list of entries. Reads
 * JSON and lists in plain form in slices. The library parses all other texts, and those with errors. It parses very
 * long ones in a thread.
 * @param long length in characters from which lists are read without the library
 */
export async function parseLongYaml(
  text: string,
  { file, rootPath = '', listKey }: LongYamlOptions,
  long = LONG,
): Promise<ParsedYaml> {
  if (text.length > MOST_SEPARATORS && hasTooMany(text)) {
    const got = `more than ${MOST_SEPARATORS} keys and values`;
    return { root: undefined, blank: false, problems: [createProblem(file, 1, got, 'a smaller file')] };
  }
  if (text.length >= long) {
    try {
      return { root: await readInSlices(text, file, listKey), blank: false, problems: [] };
    } catch (error) {
      if (!(error instanceof NotPlain)) {
        throw error;
      }
    }
  }
  return text.length < VERY_LONG ? parseYaml(text, file, { rootPath }) : parseInWorker({ text, file, rootPath });
}

/** Of these, at least one is before each key or value, except the first. Hyphens within a text do not count. */
const SEPARATOR = /[,:[{\n]|-(?=\s)/g;

function hasTooMany(text: string): boolean {
  let count = 0;
  SEPARATOR.lastIndex = 0;
  while (count <= MOST_SEPARATORS && SEPARATOR.test(text)) {
    count += 1;
  }
  return count > MOST_SEPARATORS;
}

/** @throws {NotPlain} */
async function readInSlices(text: string, file: string, listKey: string | undefined): Promise<ConfigNode> {
  return /^[ \n]*[[{]/.test(text.slice(0, 200))
    ? new JsonText(text).read(slicing())
    : readBlockList(text.split('\n'), file, listKey);
}

/** @throws {NotPlain} */
async function readBlockList(lines: readonly string[], file: string, listKey: string | undefined): Promise<ConfigNode> {
  const keyIndex = listKey === undefined ? -1 : lines.indexOf(`${listKey}:`);
  if (listKey !== undefined && keyIndex < 0) {
    throw new NotPlain();
  }
  const entries = new PlainEntries(lines, keyIndex + 1);
  const line = entries.at + 1;
  const items: ConfigNode[] = [];
  await inSlices(entries.items(), (item) => {
    items.push(item);
  });
  const list: ConfigNode = { kind: 'list', line, items };
  if (listKey !== undefined) {
    return inMapping(lines, file, { key: listKey, keyIndex, end: entries.at, list });
  }
  if (entries.at < lines.length) {
    throw new NotPlain();
  }
  return list;
}

/**
 * Returns the mapping that contains the list. The library parses the rest of the mapping.
 * @throws {NotPlain} if the rest has errors
 */
function inMapping(
  lines: readonly string[],
  file: string,
  { key, keyIndex, end, list }: { key: string; keyIndex: number; end: number; list: ConfigNode },
): ConfigNode {
  const after = lines.slice(end);
  const before = lines.slice(0, keyIndex + 1);
  // A directive may change which values are strings.
  if (before.some((each) => each.startsWith('%')) || (after.length > 0 && !/^[A-Za-z]/.test(after[0] ?? ''))) {
    throw new NotPlain();
  }
  const skipped = { after: keyIndex + 1, lines: end - keyIndex - 1 };
  const { root, problems } = parseYaml([...before, ...after].join('\n'), file, { skipped });
  const entry = root?.kind === 'map' ? root.entries.get(key) : undefined;
  const isEmpty = entry?.value.kind === 'scalar' && entry.value.value === null && entry.keyLine === keyIndex + 1;
  if (root?.kind !== 'map' || entry === undefined || !isEmpty || problems.length > 0) {
    throw new NotPlain();
  }
  return { ...root, entries: new Map([...root.entries, [key, { ...entry, value: list }]]) };
}
