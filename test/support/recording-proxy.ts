import { createServer, type IncomingHttpHeaders, request } from 'node:http';
import type { TestScope } from './daemon.ts';
import { listenOnLoopback } from './loopback-server.ts';

/** A forwarded request, and its response. */
export interface Exchange {
  readonly request: IncomingHttpHeaders;
  readonly status: number;
  readonly response: IncomingHttpHeaders;
}

/** An HTTP proxy on the loopback address that records unchanged headers. */
export interface RecordingProxy {
  readonly url: string;
  readonly exchanges: readonly Exchange[];
}

/** Starts a proxy; it ends with the scope. */
export async function startRecordingProxy(scope: TestScope): Promise<RecordingProxy> {
  const exchanges: Exchange[] = [];
  const server = createServer((incoming, answer) => {
    const { method, url = '', headers } = incoming;
    const outgoing = request(url, { method, headers, agent: false }, (response) => {
      const status = response.statusCode ?? 0;
      exchanges.push({ request: headers, status, response: response.headers });
      answer.writeHead(status, response.headers);
      response.pipe(answer);
    });
    outgoing.on('error', () => answer.destroy());
    incoming.pipe(outgoing);
  });
  const url = await listenOnLoopback(scope, server);
  return { url, exchanges };
}
