import type { ConfigNode, MapEntry } from './config-node.ts';

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
