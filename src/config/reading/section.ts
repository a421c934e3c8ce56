import convict from 'convict';
import { type Format, type Mismatch, optional } from './formats.ts';
import { didYouMean } from './nearest.ts';
import { type ConfigNode, indexPath, isLoneAnchor, keyPath, type MapNode, quotingHint } from './nodes.ts';
import type { Reading } from './reading.ts';

/** One key of a mapping, in convict's terms. */
export interface Key<T> {
  readonly doc: string;
  readonly format: Format<T>;
  /** As the file would give it; undefined if the key may be left out without effect. */
  readonly default: unknown;
}

/** The keys of one mapping of the file, `T` being their values once parsed. */
export type SectionSchema<T> = { readonly [K in keyof T]: Key<T[K]> };

/** The parsed values of a schema's keys. */
export type ValuesOf<Schema> = { readonly [K in keyof Schema]: Schema[K] extends Key<infer T> ? T : never };

/** @param fallback the default, as the file would give it */
export function key<T>(doc: string, format: Format<T>, fallback: unknown): Key<T> {
  return { doc, format, default: fallback };
}

/** A key that may be left out without effect. */
export function optionalKey<T>(doc: string, format: Format<T>): Key<T | undefined> {
  return { doc, format: optional(format), default: undefined };
}

const AS_WRITTEN = 'as-written';

/**
 * The one format that convict is told, by a name of its own: of keys without a named format it converts strings to the
 * type of the default, `"12abc"` to 12. The key's real check reports instead of throwing, since convict would fold path
 * and value into one sentence and stop at the first fault of a list.
 */
convict.addFormat({
  name: AS_WRITTEN,
  validate(value: unknown, key) {
    key['check'](value);
  },
});

/** A mapping of the file whose keys a schema knows, after it was checked. */
export interface Section<T> {
  /** The parsed values of all keys: as written, or the default where the file gives none or one that was reported. */
  readonly values: T;
  /** What the file says, right or wrong; undefined where it says nothing. */
  written(key: keyof T & string): ConfigNode | undefined;
  /** Whether the key is there but was reported, so that more complaints about it would only repeat the first. */
  faulty(key: string): boolean;
}

/**
 * Checks a mapping against its schema. Everything that is wrong goes to `reading`.
 *
 * @param otherKeys keys that are known, too, but read by the caller
 */
export function readSection<T>(
  node: MapNode,
  path: string,
  schema: SectionSchema<T>,
  reading: Reading,
  otherKeys: readonly string[] = [],
): Section<T> {
  const keys = Object.keys(schema).filter((key): key is keyof T & string => key in schema);
  checkKeys(node, path, [...keys, ...otherKeys], reading);

  const written = (key: string) => node.entries.get(key)?.value;
  const plain = new Map<string, unknown>();
  const reported = new Set<ConfigNode>();
  for (const key of keys) {
    const value = written(key);
    plain.set(key, value === undefined ? schema[key].default : toPlain(value, keyPath(path, key), reading, reported));
  }

  const faulty = new Set<string>();
  const check = CHECKS.get(schema) ?? compile(schema);
  CHECKS.set(schema, check);
  check(plain, (key, { index, expected }, format) => {
    const whole = written(key);
    const element = whole?.kind === 'list' && index !== undefined ? whole.items[index] : undefined;
    const value = element ?? whole;
    faulty.add(key);
    if (value !== undefined && !reported.has(value)) {
      const valuePath = index === undefined ? keyPath(path, key) : indexPath(keyPath(path, key), index);
      reading.reject(valuePath, value, `${expected}${hintFor(value, format, valuePath)}`);
    }
  });

  const values: Partial<T> = {};
  for (const key of keys) {
    values[key] = schema[key].format.parse(faulty.has(key) ? schema[key].default : plain.get(key));
  }
  // Each key of the schema has its value now.
  return { values: values as T, written, faulty: (key) => faulty.has(key) };
}

/** Checks the values of all keys of a mapping, and reports those that do not fit. */
type Check = (values: ReadonlyMap<string, unknown>, report: Report) => void;

type Report = (key: string, mismatch: Mismatch, format: Format<unknown>) => void;

/** By schema: convict takes much longer to compile a schema than to check a mapping with it. */
const CHECKS = new WeakMap<object, Check>();

function compile(schema: Readonly<Record<string, Key<unknown>>>): Check {
  let report: Report = () => undefined;
  const definition: convict.Schema<Record<string, unknown>> = {};
  for (const [key, { doc, default: fallback, format }] of Object.entries(schema)) {
    const check = (value: unknown) => {
      for (const mismatch of format.mismatches(value)) {
        report(key, mismatch, format);
      }
    };
    definition[key] = { doc, default: fallback, format: AS_WRITTEN, check };
  }
  // Given no arguments and environment, convict would look at those of the process.
  const config = convict(definition, { args: [], env: {} });
  return (values, reportTo) => {
    report = reportTo;
    // Every key, since the configuration still holds the values of the mapping before.
    for (const [key, value] of values) {
      config.set(key, value);
    }
    config.validate({ allowed: 'strict' });
  };
}

/** Stands for what no key takes: mappings, lists in lists, strings whose variables are not set. */
const UNFIT = Symbol('unfit');

/**
 * A node as formats take it: a scalar, or a list of scalars, with environment variables replaced. Goes no deeper, since
 * aliases can make a small file boundless.
 *
 * @param reported receives the nodes that were reported on the way
 */
function toPlain(node: ConfigNode, path: string, reading: Reading, reported: Set<ConfigNode>): unknown {
  if (node.kind === 'list') {
    return node.items.map((item, index) =>
      item.kind === 'scalar' ? toPlain(item, indexPath(path, index), reading, reported) : UNFIT,
    );
  }
  if (node.kind === 'map') {
    return UNFIT;
  }
  if (typeof node.value !== 'string') {
    return node.value;
  }
  const text = reading.expand(path, node, node.value);
  if (text === undefined) {
    reported.add(node);
    return UNFIT;
  }
  return text;
}

/** What was probably meant by a value that does not fit; of a text, what it says before variables are replaced. */
function hintFor(node: ConfigNode, format: Format<unknown>, path: string): string {
  if (node.kind === 'scalar' && typeof node.value === 'string') {
    return didYouMean(node.value, format.words);
  }
  return isLoneAnchor(node) || fitsQuoted(node, format) ? quotingHint(node, path) : '';
}

/** Whether a value that YAML took for a number or the like would do as text. */
function fitsQuoted(node: ConfigNode, format: Format<unknown>): boolean {
  const text = node.kind === 'scalar' ? node.source : undefined;
  return format.mismatches(text).length === 0 || format.mismatches([text]).length === 0;
}

/** Reports the keys of a mapping that are not among the known ones. */
export function checkKeys(node: MapNode, path: string, known: readonly string[], reading: Reading): void {
  for (const [key, { keyLine }] of node.entries) {
    if (!known.includes(key)) {
      const expected = `one of ${known.join(', ')}${didYouMean(key, known)}`;
      reading.report(keyPath(path, key), keyLine, 'an unknown key', expected);
    }
  }
}
