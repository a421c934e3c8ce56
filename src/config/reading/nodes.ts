import { printableJson } from '../../lib/text.ts';

/**
 * The config file as a tree that remembers lines. Aliases and `<<` are resolved, so that nodes can be shared, but never
 * in a cycle. Strings are as written: environment variables are not replaced yet.
 */
export type ConfigNode = ScalarNode | ListNode | MapNode;

interface ScalarNode {
  readonly kind: 'scalar';
  /** Line on which the value stands, counted from 1. */
  readonly line: number;
  /** A string, number, boolean or null; anything else comes of an exotic tag and fits no key. */
  readonly value: unknown;
  /** The text of a value that is not a string, as the file has it: `007`, `yes`, `2026-01-01`, `&anchor` of nothing. */
  readonly source: string;
  /** Stands in for a value whose problem was reported: another one would only repeat it. */
  readonly reported?: true;
  /** A string in which `${NAME}` stands for itself: what comes over the network must not read the environment. */
  readonly literal?: true;
}

interface ListNode {
  readonly kind: 'list';
  /** Line on which the list begins, counted from 1. */
  readonly line: number;
  readonly items: readonly ConfigNode[];
}

export interface MapNode {
  readonly kind: 'map';
  /** Line on which the mapping begins, counted from 1. */
  readonly line: number;
  readonly entries: ReadonlyMap<string, MapEntry>;
}

export interface MapEntry {
  readonly keyLine: number;
  readonly value: ConfigNode;
}

/** Nothing, or a way to write null. */
export function isNull(node: ConfigNode): boolean {
  return node.kind === 'scalar' && node.value === null;
}

/** `&x` without quotes: YAML takes it for an anchor of nothing. */
export function isLoneAnchor(node: ConfigNode): boolean {
  return isNull(node) && node.kind === 'scalar' && node.source.startsWith('&');
}

/** Keys of the config file and the web configuration whose values, and whatever is in them, no message may show. */
const SENSITIVE_KEYS: ReadonlySet<string> = new Set(['externalId', 'sessionTags', 'key', 'basic_auth_users']);

/** Whether a path made by {@link keyPath} and {@link indexPath} leads into a value that no message may show. */
export function isSensitive(path: string): boolean {
  return path.split(/[.[]/).some((key) => SENSITIVE_KEYS.has(key));
}

/**
 * How to write the value at `path` that YAML took for a number, a truth value or a date, as an addition to what was
 * expected; empty for other values.
 */
export function quotingHint(node: ConfigNode, path: string): string {
  if (node.kind !== 'scalar' || typeof node.value === 'string' || (isNull(node) && !isLoneAnchor(node))) {
    return '';
  }
  return isSensitive(path) ? '; quote it' : `; quote it: ${quote(node.source)}`;
}

/** The path of a key: `polling` and `interval` give `polling.interval`; keys of odd characters go in brackets. */
export function keyPath(path: string, key: string): string {
  if (!/^[A-Za-z_][\w-]{0,127}$/.test(key)) {
    return `${path}[${quote(key)}]`;
  }
  return path === '' ? key : `${path}.${key}`;
}

/** The path of a list's element: `queries` and 0 give `queries[0]`. */
export function indexPath(path: string, index: number): string {
  return `${path}[${index}]`;
}

/** A node, where it stands (`queries[0].region[1]`), and what was read of it. */
interface ReadNode<T> {
  readonly path: string;
  readonly node: ConfigNode;
  readonly value: T;
}

/** The elements of what is one value or a list of them, as far as `values` has what was read of them. */
export function elementsOf<T>(
  path: string,
  node: ConfigNode | undefined,
  values: readonly T[],
): readonly ReadNode<T>[] {
  const isList = node?.kind === 'list';
  const nodes = isList ? node.items : [node];
  return nodes.flatMap((item, index) => {
    const value = values[index];
    return item === undefined || value === undefined
      ? []
      : [{ path: isList ? indexPath(path, index) : path, node: item, value }];
  });
}

/** The node at a path made by {@link keyPath} and {@link indexPath} of plain keys; undefined where there is none. */
export function nodeAt(root: ConfigNode, path: string): ConfigNode | undefined {
  let node: ConfigNode | undefined = root;
  for (const step of path.match(/[^.[\]]+/g) ?? []) {
    if (node?.kind === 'map') {
      node = node.entries.get(step)?.value;
    } else if (node?.kind === 'list') {
      node = node.items[Number(step)];
    } else {
      return undefined;
    }
  }
  return node;
}

const SHOWN_LENGTH = 80;

/**
 * A value for an error message: JSON-like, on one line, shortened, passwords in URLs masked. Environment variables
 * appear by name, as the file has them, since what they hold may be a secret.
 */
export function showNode(node: ConfigNode): string {
  const text = renderNode(node, SHOWN_LENGTH);
  return node.kind === 'scalar' ? text : shorten(text);
}

/** {@link showNode} of the node at a path, but for those whose values no message may show. */
export function showNodeAt(path: string, node: ConfigNode): string {
  return isSensitive(path) ? 'a value that is not shown' : showNode(node);
}

/** Renders no more than is needed to fill `room` characters: a few aliases can stand for billions of values. */
function renderNode(node: ConfigNode, room: number): string {
  if (node.kind === 'scalar') {
    if (typeof node.value === 'string') {
      return quote(node.value);
    }
    return node.source === '' ? 'nothing' : oneLine(shorten(maskUserinfo(node.source)));
  }
  const list = node.kind === 'list';
  let text = list ? '[' : '{';
  for (const [key, value] of list ? node.items.entries() : entryValues(node)) {
    if (text.length > room) {
      break;
    }
    const separator = text.length > 1 ? ', ' : '';
    const shown = SENSITIVE_KEYS.has(String(key)) ? '…' : renderNode(value, room - text.length);
    text += `${separator}${list ? '' : `${quote(String(key))}: `}${shown}`;
  }
  return `${text}${list ? ']' : '}'}`;
}

function* entryValues(node: MapNode): Generator<[string, ConfigNode]> {
  for (const [key, entry] of node.entries) {
    yield [key, entry.value];
  }
}

/** A string as JSON, on one line, shortened, passwords in URLs masked. */
export function quote(text: string): string {
  return oneLine(JSON.stringify(shorten(maskUserinfo(text))));
}

function shorten(text: string): string {
  if (text.length <= SHOWN_LENGTH) {
    return text;
  }
  const cut = text.slice(0, SHOWN_LENGTH - 1);
  // Half a surrogate pair is no character.
  return `${/[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
}

/** Hides `user:password@`, with or without a scheme before it; rather too much than too little. */
function maskUserinfo(text: string): string {
  const begin = text.slice(0, 4096);
  const slashes = begin.indexOf('//');
  const at = begin.lastIndexOf('@');
  const masked = slashes === -1 || at < slashes ? begin : `${begin.slice(0, slashes)}//***${begin.slice(at)}`;
  const [head = ''] = masked.split('/', 1);
  const colon = head.indexOf(':');
  return colon !== -1 && head.lastIndexOf('@') > colon ? `***${masked.slice(head.lastIndexOf('@'))}` : masked;
}

function oneLine(text: string): string {
  return printableJson(text).replaceAll('\n', '\\u000a');
}

/** The line of nodes that have none. */
const NO_LINE = 1;

/** As deep as the config file may nest. */
const MAX_DEPTH = 64;

/**
 * A parsed JSON value as nodes, strings literal: `${NAME}` in them stands for itself. Undefined for a value that nests
 * more than 64 lists and mappings, which no key takes.
 */
export function nodeOfJson(value: unknown, depth = MAX_DEPTH): ConfigNode | undefined {
  if (typeof value !== 'object' || value === null) {
    const literal = typeof value === 'string' ? ({ literal: true } as const) : {};
    return { kind: 'scalar', line: NO_LINE, value, source: JSON.stringify(value) ?? '', ...literal };
  }
  if (depth === 0) {
    return undefined;
  }
  if (Array.isArray(value)) {
    const items: ConfigNode[] = [];
    for (const item of value) {
      const node = nodeOfJson(item, depth - 1);
      if (node === undefined) {
        return undefined;
      }
      items.push(node);
    }
    return { kind: 'list', line: NO_LINE, items };
  }
  const entries = new Map<string, MapEntry>();
  for (const [key, item] of Object.entries(value)) {
    const node = nodeOfJson(item, depth - 1);
    if (node === undefined) {
      return undefined;
    }
    entries.set(key, { keyLine: NO_LINE, value: node });
  }
  return { kind: 'map', line: NO_LINE, entries };
}
