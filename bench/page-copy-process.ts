import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { EventLoopBlock } from './event-loop-block.ts';
import { servePromClient } from './prom-client-server.ts';
import { answerParent } from './rpc.ts';
import { querySeries, readSample, type Sample } from './samples.ts';

const block = new EventLoopBlock();

const functions = {
  /**
   * Reads the page of the server on this port and serves the same series by prom-client, which renders all of them at
   * each scrape, even without changes. Returns its own port.
   */
  async start(port: number): Promise<number> {
    const registry = new Registry();
    collectDefaultMetrics({ register: registry });
    const response = await fetch(`http://127.0.0.1:${port}/metrics`);
    copySeries(querySeries(await response.text()), registry);
    return (await servePromClient(registry)).port;
  },
  startBlock: () => block.start(),
  /** The longest block of the event loop since `startBlock`, in milliseconds. */
  stopBlock: () => block.stop(),
};

export type PageCopyFunctions = typeof functions;

answerParent(functions, () => process.exit());

function copySeries(page: string, registry: Registry): void {
  const help = new Map<string, string>();
  const types = new Map<string, string>();
  const samples = new Map<string, Sample[]>();
  for (const line of page.split('\n')) {
    const [, keyword, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (keyword === 'HELP') {
      help.set(name, rest);
    } else if (keyword === 'TYPE') {
      types.set(name, rest);
      samples.set(name, []);
    } else if (line !== '') {
      const sample = readSample(line);
      samples.get(sample.name)?.push(sample);
    }
  }
  // prom-client shows a gauge without labels as 0 at once.
  for (const [name, own] of [...samples].filter(([, { length }]) => length > 0)) {
    const labelNames = [...new Set(own.flatMap(({ labels }) => Object.keys(labels)))];
    const options = { name, help: help.get(name) ?? '', labelNames, registers: [registry] };
    if (types.get(name) === 'counter') {
      const counter = new Counter(options);
      for (const { labels, value } of own) {
        counter.inc(labels, value);
      }
    } else {
      const gauge = new Gauge(options);
      for (const { labels, value } of own) {
        gauge.set(labels, value);
      }
    }
  }
}
