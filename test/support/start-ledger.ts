import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { TestScope } from './daemon.ts';
import { listenOnLoopback } from './loopback-server.ts';

/** A query that the service has started, even if the client has exited before the response. */
export interface StartedRun {
  readonly queryId: string;
  /** Metric and category of the query: `METRIC CATEGORY`. */
  readonly asked: string;
  /** Path of the request, which has the monitor or scope. */
  readonly path: string;
  /** Milliseconds since the epoch. */
  readonly windowEnd: number;
  /** Arrival of the service's response, in milliseconds since the epoch. */
  readonly at: number;
  /** Access key that the request was signed with. */
  readonly accessKeyId: string;
}

/** A proxy between a daemon and the service that records all starts. */
export interface StartLedger {
  readonly url: string;
  readonly started: readonly StartedRun[];
  /** IDs whose results were requested. */
  readonly read: ReadonlySet<string>;
}

/** Replaces the response to the n-th start, from 1, and returns whether it has done so. */
export type Loss = (response: ServerResponse, n: number) => boolean;

/** `delay` returns the delay of the response to a start, in milliseconds after the response of the service. */
export async function keepLedger(
  scope: TestScope,
  service: string,
  delay: () => number,
  lose: Loss = () => false,
): Promise<StartLedger> {
  const started: StartedRun[] = [];
  const read = new Set<string>();
  const relay = async (incoming: IncomingMessage, response: ServerResponse) => {
    const body = await bodyOf(incoming);
    const { method, url = '', headers } = incoming;
    const outgoing = request(service + url, { ...(method && { method }), headers });
    outgoing.end(body);
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
    const answered = await bodyOf(answer);
    if (method === 'POST' && answer.statusCode === 200 && /\/topContributors(?:Data)?Queries$/.test(url)) {
      const asked = JSON.parse(body.toString());
      started.push({
        queryId: JSON.parse(answered.toString()).queryId,
        asked: `${asked.metricName} ${asked.destinationCategory}`,
        path: url,
        windowEnd: new Date(typeof asked.endTime === 'number' ? asked.endTime * 1_000 : asked.endTime).getTime(),
        at: Date.now(),
        accessKeyId: /Credential=([^/]+)/.exec(headers.authorization ?? '')?.[1] ?? '',
      });
      await pause(delay());
      if (lose(response, started.length)) {
        return;
      }
    }
    const results = /Queries\/([^/]+)\/results/.exec(url)?.[1];
    if (results !== undefined && answer.statusCode === 200) {
      read.add(decodeURIComponent(results));
    }
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    response.end(answered);
  };
  const server = createServer((incoming, response) => {
    relay(incoming, response).catch(() => response.destroy());
  });
  return { url: await listenOnLoopback(scope, server), started, read };
}

/** Query and window of a start: two with the same one are a window that was started twice. */
export function keyOf({ path, asked, windowEnd }: StartedRun): string {
  return `${path} ${asked} ${windowEnd}`;
}

/** The second and further occurrences of each text. */
export function repeated(texts: readonly string[]): string[] {
  const seen = new Set<string>();
  return texts.filter((text) => seen.size === seen.add(text).size);
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
