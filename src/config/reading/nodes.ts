import { escapeControls } from '../../lib/text.ts';

/**
 * The config file as a tree with line numbers. Aliases and `<<` are resolved, so nodes can be shared, but never in a cycle.
 * Strings are as written in the file: environment variables are not replaced.
 */
export type ConfigNode = ScalarNode | ListNode | MapNode;

interface ScalarNode {
  readonly kind: 'scalar';
  /** Line of the value, counted from 1. */
  readonly line: number;
  /** A string, number, boolean, or null. Other types result from uncommon tags, and no key accepts them. */
  readonly value: unknown;
  /** The source text of a value that is not a string: `007`, `yes`, `2026-01-01`, `&anchor` without a value. */
  readonly source: string;
  /** A placeholder for an invalid value whose problem is already reported. */
  readonly reported?: true;
  /** A string in which `${NAME}` is not replaced: data from the network must not read the environment. */
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
  /** True for an empty mapping in place of a reported value. Its keys do not count as missing. */
  readonly isStandIn?: boolean;
}

export interface MapEntry {
  readonly keyLine: number;
  readonly value: ConfigNode;
}

/** Returns true for null, including an empty value. */
export function isNull(node: ConfigNode): boolean {
  return node.kind === 'scalar' && node.value === null;
}

/** Returns true for `&x` without quotes, which YAML reads as an anchor without a value. */
export function isLoneAnchor(node: ConfigNode): boolean {
  return isNull(node) && node.kind === 'scalar' && node.source.startsWith('&');
}

/** Keys of the config file and the web configuration whose values are secret. */
const SENSITIVE_KEYS: ReadonlySet<string> = new Set([
  'externalId',
  'sessionTags',
  'postgresql',
  'key',
  'basic_auth_users',
]);

/** Returns true if a path of {@link keyPath} and {@link indexPath} is in a secret value. */
export function isSensitive(path: string): boolean {
  return path.split(/[.[]/).some((key) => SENSITIVE_KEYS.has(key));
}

/**
 * Returns the end of a message about a value that YAML reads as a number, a boolean, or a date: `; quote it: "007"`. Empty
 * for other values.
 */
export function quotingHint(node: ConfigNode, path: string): string {
  if (node.kind !== 'scalar' || typeof node.value === 'string' || (isNull(node) && !isLoneAnchor(node))) {
    return '';
  }
  return isSensitive(path) ? '; quote it' : `; quote it: ${quote(node.source)}`;
}

/** Returns the path of a key: `polling.interval`, or `labels["a b"]` for keys with special characters. */
export function keyPath(path: string, key: string): string {
  if (!/^[A-Za-z_][\w-]{0,127}$/.test(key)) {
    return `${path}[${quote(key)}]`;
  }
  return path === '' ? key : `${path}.${key}`;
}

/** Returns the path of an element: `queries[0]`. */
export function indexPath(path: string, index: number): string {
  return `${path}[${index}]`;
}

/** A node with its path (`queries[0].region[1]`) and its parsed value. */
interface ReadNode<T> {
  readonly path: string;
  readonly node: ConfigNode;
  readonly value: T;
}

/** Returns the elements of one value or a list that have a parsed value in `values`. */
export function elementsOf<T>(path: string, node: ConfigNode | undefined, values: readonly T[]): ReadNode<T>[] {
  const isList = node?.kind === 'list';
  const nodes = isList ? node.items : [node];
  return nodes.flatMap((item, index) => {
    const value = values[index];
    return item === undefined || value === undefined
      ? []
      : [{ path: isList ? indexPath(path, index) : path, node: item, value }];
  });
}

/** Returns the node at a path of plain keys and indexes, or undefined if it does not exist. */
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
 * Returns a value for an error message: similar to JSON, on one line, shortened, with masked passwords in URLs. Environment
 * variables are shown by name, because their values may be secret.
 */
export function showNode(node: ConfigNode): string {
  const text = renderNode(node, SHOWN_LENGTH);
  return node.kind === 'scalar' ? text : shorten(text);
}

/** Returns {@link showNode}, or a placeholder for a secret value. */
export function showNodeAt(path: string, node: ConfigNode): string {
  return isSensitive(path) ? 'a hidden value' : showNode(node);
}

/** Renders only about `limit` characters: a few aliases can expand to billions of values. */
function renderNode(node: ConfigNode, limit: number): string {
  if (node.kind === 'scalar') {
    if (typeof node.value === 'string') {
      return quote(node.value);
    }
    return node.source === '' ? 'nothing' : escapeControls(shorten(maskUserinfo(node.source)));
  }
  const list = node.kind === 'list';
  let text = list ? '[' : '{';
  const children = list ? node.items.entries() : Array.from(node.entries, ([key, { value }]) => [key, value] as const);
  for (const [key, value] of children) {
    if (text.length > limit) {
      break;
    }
    const separator = text.length > 1 ? ', ' : '';
    const shown = SENSITIVE_KEYS.has(String(key)) ? '…' : renderNode(value, limit - text.length);
    text += `${separator}${list ? '' : `${quote(String(key))}: `}${shown}`;
  }
  return `${text}${list ? ']' : '}'}`;
}

/** Returns a string as JSON, on one line, shortened, with masked passwords in URLs. */
export function quote(text: string): string {
  return escapeControls(JSON.stringify(shorten(maskUserinfo(text))));
}

function shorten(text: string): string {
  if (text.length <= SHOWN_LENGTH) {
    return text;
  }
  const cut = text.slice(0, SHOWN_LENGTH - 1);
  // Half a surrogate pair is not a character.
  return `${/[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
}

/** Masks `user:password@`, with or without a scheme before it. May mask too much, but never too little. */
function maskUserinfo(text: string): string {
  const begin = text.slice(0, 4096);
  const slashes = begin.indexOf('//');
  const at = begin.lastIndexOf('@');
  const masked = slashes === -1 || at < slashes ? begin : `${begin.slice(0, slashes)}//***${begin.slice(at)}`;
  const [head = ''] = masked.split('/', 1);
  const colon = head.indexOf(':');
  return colon !== -1 && head.lastIndexOf('@') > colon ? `***${masked.slice(head.lastIndexOf('@'))}` : masked;
}

const NO_LINE = 1;

/** Deepest nesting, as in the config file. */
const MAX_DEPTH = 64;

/**
 * Converts a parsed JSON value to nodes with literal strings, in which `${NAME}` is not replaced. Returns undefined for more
 * than 64 nested lists and mappings.
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
    const items = value.map((item) => nodeOfJson(item, depth - 1));
    return items.every((item) => item !== undefined) ? { kind: 'list', line: NO_LINE, items } : undefined;
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
