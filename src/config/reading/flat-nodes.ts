import type { ConfigNode } from './nodes.ts';

/** A node that refers to its children by their positions in the sequence of all nodes. Children precede parents. */
export type FlatNode =
  | Extract<ConfigNode, { kind: 'scalar' }>
  | { readonly kind: 'list'; readonly line: number; readonly items: readonly number[] }
  | {
      readonly kind: 'map';
      readonly line: number;
      readonly entries: readonly (readonly [key: string, keyLine: number, value: number])[];
    };

/** Yields every distinct node of a tree, the root last. */
export function* flatten(root: ConfigNode): Generator<FlatNode> {
  // Aliases share nodes: without this, a few of them could expand to billions.
  const places = new Map<ConfigNode, number>();
  function* visit(node: ConfigNode): Generator<FlatNode> {
    if (places.has(node)) {
      return;
    }
    const children =
      node.kind === 'list'
        ? node.items
        : node.kind === 'map'
          ? Array.from(node.entries.values(), ({ value }) => value)
          : [];
    for (const child of children) {
      yield* visit(child);
    }
    const placeOf = (child: ConfigNode) => places.get(child) ?? 0;
    if (node.kind === 'list') {
      yield { ...node, items: node.items.map(placeOf) };
    } else if (node.kind === 'map') {
      const entries = Array.from(node.entries, ([key, entry]) => [key, entry.keyLine, placeOf(entry.value)] as const);
      yield { ...node, entries };
    } else {
      yield node;
    }
    places.set(node, places.size);
  }
  yield* visit(root);
}

/** Returns the node that {@link flatten} has yielded after `nodes`. The last one is the root of the tree. */
export function unflatten(flat: FlatNode, nodes: readonly ConfigNode[]): ConfigNode {
  const nodeAt = (place: number) => {
    const node = nodes[place];
    if (node === undefined) {
      throw new Error('internal error: a node precedes its child');
    }
    return node;
  };
  if (flat.kind === 'map') {
    const entries = flat.entries.map(([key, keyLine, value]) => [key, { keyLine, value: nodeAt(value) }] as const);
    return { ...flat, entries: new Map(entries) };
  }
  return flat.kind === 'list' ? { ...flat, items: flat.items.map(nodeAt) } : flat;
}
