import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { systemClock } from '../../lib/clock.ts';
import { nextTurn } from '../../lib/concurrency.ts';
import { type FlatNode, TreeOfFlat } from './flat-nodes.ts';
import { createProblem, type Problem } from './problem.ts';
import { type ParsedYaml, parseYaml } from './yaml.ts';

/** What `parseYaml` takes. */
export interface YamlToParse {
  readonly text: string;
  readonly file: string;
  readonly rootPath: string;
}

/** The library takes some seconds, and some 100 MB, for 10 MB of text. */
const LONGEST_MS = 60_000;
const LARGEST_HEAP_MB = 1_024;

/**
 * `parseYaml`, with the same result, in a thread of its own: this one is never held up for long. A text that takes too much
 * time or memory is refused.
 */
export async function parseInWorker(toParse: YamlToParse): Promise<ParsedYaml> {
  try {
    return await receive(toParse);
  } catch (error) {
    const { code, name }: { readonly code?: unknown; readonly name?: unknown } = Object(error);
    const isTooMuch = code === 'ERR_WORKER_OUT_OF_MEMORY' || name === 'AbortError';
    const { text, file, rootPath } = toParse;
    if (!isTooMuch) {
      // There is no thread to be had, or the text holds a value that cannot be sent from one to another.
      return parseYaml(text, file, { rootPath });
    }
    const got = `a text that takes more than ${LONGEST_MS / 1_000} s or ${LARGEST_HEAP_MB} MB to read as YAML`;
    return { root: undefined, blank: false, problems: [createProblem(file, 1, got, 'a smaller file, or JSON')] };
  }
}

async function receive(toParse: YamlToParse): Promise<ParsedYaml> {
  const worker = new Worker(new URL('./yaml-worker.js', import.meta.url), {
    workerData: toParse,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: LARGEST_HEAP_MB },
  });
  const ended = new AbortController();
  const cancelTimer = systemClock.setTimer(LONGEST_MS, () => ended.abort());
  const { signal } = ended;
  try {
    const [parsed]: { readonly blank: boolean; readonly problems: readonly Problem[] }[] = await once(
      worker,
      'message',
      { signal },
    );
    const tree = new TreeOfFlat();
    for (let isLast = false; !isLast; ) {
      const received = once(worker, 'message', { signal });
      worker.postMessage('next');
      const [nodes = []]: (readonly FlatNode[])[] = await received;
      for (const node of nodes) {
        tree.add(node);
      }
      isLast = nodes.length === 0;
      await nextTurn();
    }
    return { root: tree.root, blank: parsed?.blank ?? false, problems: parsed?.problems ?? [] };
  } finally {
    cancelTimer();
    await worker.terminate();
  }
}
