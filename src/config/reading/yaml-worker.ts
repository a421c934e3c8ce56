import { parentPort, workerData } from 'node:worker_threads';
import { type FlatNode, flatten } from './flat-nodes.ts';
import { parseYaml } from './yaml.ts';
import type { YamlToParse } from './yaml-in-worker.ts';

// The thread of parseInWorker. It sends the result without nodes, then a batch of nodes for each received message.

/** Nodes in one message. Receiving them takes about a millisecond. */
const NODES_AT_ONCE = 400;

const { text, file, rootPath }: YamlToParse = workerData;
const { root, blank, problems } = parseYaml(text, file, { rootPath });
const nodes = root === undefined ? [].values() : flatten(root);
parentPort?.postMessage({ blank, problems });
parentPort?.on('message', () => {
  const some: FlatNode[] = [];
  for (let next = nodes.next(); next.done !== true; next = nodes.next()) {
    some.push(next.value);
    if (some.length === NODES_AT_ONCE) {
      break;
    }
  }
  parentPort?.postMessage(some);
});
