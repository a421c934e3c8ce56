import convict from 'convict';
import { type Format, type Mismatch, optional } from './formats.ts';
import { didYouMean } from './nearest.ts';
import { type ConfigNode, indexPath, isLoneAnchor, keyPath, type MapNode, quotingHint } from './nodes.ts';
import type { Reading } from './reading.ts';

/** One key of a mapping, in the terms of convict. */
export interface Key<T> {
  readonly doc: string;
  readonly format: Format<T>;
  /** Default in the form of the file. Undefined if the key is optional and has no default. */
  readonly default: unknown;
}

/** The keys of one mapping of the file. `T` has their parsed values. */
export type SectionSchema<T> = { readonly [K in keyof T]: Key<T[K]> };

export type ValuesOf<Schema> = { readonly [K in keyof Schema]: Schema[K] extends Key<infer T> ? T : never };

/** @param fallback the default, in the form of the file */
export function key<T>(doc: string, format: Format<T>, fallback: unknown): Key<T> {
  return { doc, format, default: fallback };
}

export function optionalKey<T>(doc: string, format: Format<T>): Key<T | undefined> {
  return { doc, format: optional(format), default: undefined };
}

const AS_WRITTEN = 'as-written';

/**
 * The only convict format. It is named, because convict converts strings of keys without a named format to the type of the
 * default (`"12abc"` to 12). The key's own check reports mismatches and does not throw, because convict would combine path
 * and value in one sentence, and would stop at the first mismatch of a list.
 */
convict.addFormat({
  name: AS_WRITTEN,
  validate(value: unknown, key) {
    key['check'](value);
  },
});

/** A mapping of the file, checked against its schema. */
export interface Section<T> {
  /** The parsed values of all keys. Missing and invalid ones have the default. */
  readonly values: T;
  /** Returns the node of a key, valid or not, or undefined. */
  written(key: keyof T & string): ConfigNode | undefined;
  /** Returns true if the key, or the whole section, is present but invalid, and already reported. */
  faulty(key: string): boolean;
}

/**
 * Checks a mapping against its schema. Reports problems to `reading`.
 * @param otherKeys further valid keys, which the caller reads
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
  // Each key of the schema has a value.
  return { values: values as T, written, faulty: (key) => node.isStandIn === true || faulty.has(key) };
}

/** Checks the values of all keys of a mapping, and reports mismatches. */
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
  // By default, convict reads the arguments and environment of the process.
  const config = convict(definition, { args: [], env: {} });
  return (values, reportTo) => {
    report = reportTo;
    // Every key, because the convict configuration still has the values of the previous mapping.
    for (const [key, value] of values) {
      config.set(key, value);
    }
    config.validate({ allowed: 'strict' });
  };
}

/** A value that no key accepts: mappings, nested lists, strings with unset variables. */
const UNFIT = Symbol('unfit');

/**
 * Converts a node for formats: a scalar, or a list of scalars, with environment variables replaced. Ignores deeper
 * levels, because aliases can make a small file extremely large.
 * @param reported receives the nodes with reported problems
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
  }
  return text ?? UNFIT;
}

/** Returns a hint about an invalid value. Variables in a string are not replaced. */
function hintFor(node: ConfigNode, format: Format<unknown>, path: string): string {
  if (node.kind === 'scalar' && typeof node.value === 'string') {
    return didYouMean(node.value, format.words);
  }
  return isLoneAnchor(node) || fitsQuoted(node, format) ? quotingHint(node, path) : '';
}

/** Returns true if a value of another type would be valid as a quoted string. */
function fitsQuoted(node: ConfigNode, format: Format<unknown>): boolean {
  const text = node.kind === 'scalar' ? node.source : undefined;
  return format.mismatches(text).length === 0 || format.mismatches([text]).length === 0;
}

export function checkKeys(node: MapNode, path: string, known: readonly string[], reading: Reading): void {
  for (const [key, { keyLine }] of node.entries) {
    if (!known.includes(key)) {
      const expected = `one of ${known.join(', ')}${didYouMean(key, known)}`;
      reading.report(keyPath(path, key), keyLine, 'an unknown key', expected);
    }
  }
}
