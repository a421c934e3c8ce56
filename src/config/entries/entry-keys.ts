import { type ConfigNode, keyPath, type MapNode } from '../reading/config-node.ts';
import type { ListedMap, Reading } from '../reading/reading.ts';
import { readSection, type Section } from '../reading/section.ts';
import type { SectionSchema } from '../schema.ts';
import type { QueryDefaults } from './query-defaults.ts';
import type { CommonKeys } from './query-schema.ts';

/** An entry of `queries` with the defaults of all queries, its keys checked one by one. */
export interface EntryKeys<T extends CommonKeys> extends Section<T> {
  readonly path: string;
  /** The line on which the entry begins. */
  readonly line: number;
  /** What the entry itself says, defaults aside. */
  readonly own: MapNode;
  /** Reports a key that neither the entry nor the defaults have, even wrongly. */
  require(key: keyof T & string, expected: string): void;
}

/**
 * @param schema of the entry's kind; keys of other kinds are not looked at
 * @param isMeant whether a value of `queryDefaults` is for entries of this kind
 */
export function readEntryKeys<T extends CommonKeys>(
  { node, path }: ListedMap,
  schema: SectionSchema<T>,
  defaults: QueryDefaults,
  isMeant: (key: string, value: ConfigNode) => boolean,
  reading: Reading,
): EntryKeys<T> {
  const own = [...node.entries].filter(([key]) => Object.hasOwn(schema, key));
  const others = [...defaults.entries].filter(([key, { value }]) => Object.hasOwn(schema, key) && isMeant(key, value));
  const whole: MapNode = { ...node, entries: new Map([...others, ...own]) };
  const section = readSection(whole, path, schema, reading);
  const isDropped = (key: string) => defaults.dropped.has(key) && !whole.entries.has(key);
  return {
    ...section,
    faulty: (key) => section.faulty(key) || isDropped(key),
    path,
    line: node.line,
    own: node,
    require(key, expected) {
      if (!whole.entries.has(key) && !isDropped(key)) {
        reading.report(keyPath(path, key), node.line, 'nothing', expected);
      }
    },
  };
}
