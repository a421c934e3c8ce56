import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { systemClock } from '../../lib/clock.ts';
import { nextTurn } from '../../lib/concurrency.ts';
import { type FlatNode, unflatten } from './flat-nodes.ts';
import type { ConfigNode } from './nodes.ts';
import { createProblem } from './problem.ts';
import { type ParsedYaml, parseYaml } from './yaml.ts';

export interface YamlToParse {
  readonly text: string;
  readonly file: string;
  readonly rootPath: string;
}

/** For 10 MB of text, the library needs a few seconds and some 100 MB. */
const LONGEST_MS = 60_000;
const LARGEST_HEAP_MB = 1_024;

/**
 * Returns the result of `parseYaml` from a separate thread, without blocking this one for long. Rejects a text that needs
 * too much time or memory.
 */
export async function parseInWorker(toParse: YamlToParse): Promise<ParsedYaml> {
  try {
    return await receive(toParse);
  } catch (error) {
    const { code, name }: { readonly code?: unknown; readonly name?: unknown } = Object(error);
    const isTooMuch = code === 'ERR_WORKER_OUT_OF_MEMORY' || name === 'AbortError';
    const { text, file, rootPath } = toParse;
    if (!isTooMuch) {
      // No thread is available, or the text contains a value that cannot be sent between threads.
      return parseYaml(text, file, { rootPath });
    }
    const got = `YAML that takes more than ${LONGEST_MS / 1_000} s or ${LARGEST_HEAP_MB} MB to parse`;
    return { root: undefined, blank: false, problems: [createProblem(file, 1, got, 'a smaller file')] };
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
    const [parsed]: Pick<ParsedYaml, 'blank' | 'problems'>[] = await once(worker, 'message', { signal });
    const nodes: ConfigNode[] = [];
    for (let isLast = false; !isLast; ) {
      const received = once(worker, 'message', { signal });
      worker.postMessage('next');
      const [some = []]: (readonly FlatNode[])[] = await received;
      for (const flat of some) {
        nodes.push(unflatten(flat, nodes));
      }
      isLast = some.length === 0;
      await nextTurn();
    }
    return { root: nodes.at(-1), blank: parsed?.blank ?? false, problems: parsed?.problems ?? [] };
  } finally {
    cancelTimer();
    await worker.terminate();
  }
}
