import { performance } from 'node:perf_hooks';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { flatten, unflatten } from '../../src/config/reading/flat-nodes.ts';
import type { ConfigNode } from '../../src/config/reading/nodes.ts';
import { parseYaml } from '../../src/config/reading/yaml.ts';
import type { parseInWorker as ParseInWorker } from '../../src/config/reading/yaml-in-worker.ts';

// A thread needs the compiled module.
const BUILT = '../../build/config/reading/yaml-in-worker.js';
const { parseInWorker }: { parseInWorker: typeof ParseInWorker } = await import(BUILT);

const entry = (i: number) => `  - {name: query-${i}, monitorName: "monitor-${i}", queryId: id-${i}}\n`;
const fileOf = (entries: number) => `queries:\n${Array.from({ length: entries }, (_, i) => entry(i)).join('')}`;
const long = fileOf(1_000);

describe('parseInWorker', () => {
  it.each([
    ['flow mappings', long],
    ['CRLF', long.replaceAll('\n', '\r\n')],
    ['anchors and merges', `base: &b {account: a}\n${long.replaceAll('{name', '{<<: *b, name')}`],
    ['a fault of syntax', `${long}  - "x\n`],
    ['keys twice', long.replaceAll('{name', '{name: x, name')],
    ['values of tags', '- !!set {a, b}\n- 12345678901234567890\n- .nan\n- 2026-01-01\n'],
    ['a value that cannot be sent', '%YAML 1.1\n---\n- <<\n'],
    ['nothing', ''],
  ])('returns the same result as the library: %s', async (_, text) => {
    const expected = parseYaml(text, 'f.yml', { rootPath: 'f.yml' });

    expect(await parseInWorker({ text, file: 'f.yml', rootPath: 'f.yml' })).toEqual(expected);
  });

  it('blocks the event loop for a small part of the time of parsing in this thread', async () => {
    const text = fileOf(5_000);
    const begun = performance.now();
    parseYaml(text, 'f.yml');
    const here = performance.now() - begun;
    let last = performance.now();
    let longest = 0;
    const timer = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 1);

    const { problems } = await parseInWorker({ text, file: 'f.yml', rootPath: '' });

    clearInterval(timer);
    expect(problems).toEqual([]);
    expect(longest).toBeLessThan(here / 2);
  });
});

describe('flat nodes', () => {
  const scalar: fc.Arbitrary<ConfigNode> = fc
    .tuple(fc.integer({ min: 1, max: 9 }), fc.string())
    .map(([line, value]) => ({ kind: 'scalar', line, value, source: value }));
  const { tree } = fc.letrec<{ tree: ConfigNode }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small' },
      scalar,
      fc.array(tie('tree'), { maxLength: 4 }).map((items) => ({ kind: 'list' as const, line: 1, items })),
      fc.dictionary(fc.string(), tie('tree'), { maxKeys: 4 }).map((all) => ({
        kind: 'map' as const,
        line: 2,
        entries: new Map(Object.entries(all).map(([key, value]) => [key, { keyLine: 3, value }])),
      })),
    ),
  }));

  it('rebuilds the same tree from flat nodes', () => {
    fc.assert(
      fc.property(tree, (root) => {
        expect(remade(root)).toEqual(root);
      }),
    );
  });

  it('yields a shared node once', () => {
    let root: ConfigNode = { kind: 'scalar', line: 1, value: 'x', source: 'x' };
    for (let level = 0; level < 60; level += 1) {
      root = { kind: 'list', line: 1, items: [root, root] };
    }
    const nodes = [...flatten(root)];

    expect(nodes.length).toBe(61);
    const again = remade(root);
    expect(again?.kind === 'list' && again.items[0] === again.items[1]).toBe(true);
  });
});

function remade(root: ConfigNode): ConfigNode | undefined {
  const made: ConfigNode[] = [];
  for (const node of flatten(root)) {
    made.push(unflatten(node, made));
  }
  return made.at(-1);
}
