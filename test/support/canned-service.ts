import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

/** A request as it arrived. */
export interface Received {
  method: string | undefined;
  /** Path and query string, still encoded. */
  target: string | undefined;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Answer {
  /** Default 200. */
  status?: number;
  headers?: Record<string, string>;
  /** An object is sent as JSON. */
  body?: string | object;
}

export interface Service {
  url: string;
  received: Received[];
}

/**
 * Starts an HTTP server on loopback that sends the nth response to the nth request, and the last one to all later requests.
 * `reset` closes the connection without a response. The server ends with the test.
 */
export async function serve(...answers: (Answer | 'reset')[]): Promise<Service> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const answer = answers[Math.min(received.length, answers.length - 1)] ?? {};
    received.push({ method: request.method, target: request.url, headers: request.headers, body: await text(request) });
    if (answer === 'reset') {
      request.socket.destroy();
      return;
    }
    const { status = 200, headers = {}, body = {} } = answer;
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}
