import { inSlices } from '../../lib/concurrency.ts';
import type { ConfigNode } from './nodes.ts';
import { NotPlain, PlainEntries } from './plain-entries.ts';
import { type ParsedYaml, parseYaml } from './yaml.ts';
import { parseInWorker } from './yaml-in-worker.ts';

/** Length in characters below which texts are left to the YAML library, which takes a few milliseconds for them. */
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
 * {@link parseYaml}, with the same result, for texts with long lists of entries. Lists that are written plainly are read
 * here, in slices that do not hold up the event loop; all else, and every text with an error, by the library, very long
 * ones in a thread of their own.
 *
 * @param long length in characters from which a text is not left to the library
 */
export async function parseLongYaml(
  text: string,
  { file, rootPath = '', listKey }: LongYamlOptions,
  long = LONG,
): Promise<ParsedYaml> {
  if (text.length >= long) {
    try {
      return { root: await readBlockList(text.split('\n'), file, listKey), blank: false, problems: [] };
    } catch (error) {
      if (!(error instanceof NotPlain)) {
        throw error;
      }
    }
  }
  return text.length < VERY_LONG ? parseYaml(text, file, { rootPath }) : parseInWorker({ text, file, rootPath });
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
 * The mapping that has the list under a key, the rest of it read by the library.
 *
 * @throws {NotPlain} if that finds anything wrong
 */
function inMapping(
  lines: readonly string[],
  file: string,
  { key, keyIndex, end, list }: { key: string; keyIndex: number; end: number; list: ConfigNode },
): ConfigNode {
  const after = lines.slice(end);
  const before = lines.slice(0, keyIndex + 1);
  // A directive may have other rules for what is text.
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
