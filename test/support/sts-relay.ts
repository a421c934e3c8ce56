import { createServer, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import type { TestScope } from './daemon.ts';
import { listenOnLoopback } from './loopback-server.ts';

/** A relay to a simulator's STS that records all requests, including secrets. */
export interface StsRelay {
  readonly url: string;
  /** The forms of the requests so far, in the order of their arrival. */
  readonly asked: readonly StsQuestion[];
  /** The forms with this action. */
  askedTo(action: string): readonly StsQuestion[];
  /** Closes the relay: connections are refused from now on. */
  close(): Promise<void>;
}

export interface StsQuestion {
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  /** The fields of the form (for example, RoleArn and Tags.member.1.Key). */
  readonly form: Readonly<Record<string, string>>;
  /** The region of the signature; undefined without a signature. */
  readonly region: string | undefined;
}

/** Starts a relay to the STS at `upstream` that never responds to requests for the role `hanging`. It ends with the test. */
export async function runStsRelay(
  scope: TestScope,
  upstream: () => string,
  { hanging, clock = systemClock }: { readonly hanging?: string; readonly clock?: Pick<Clock, 'now'> } = {},
): Promise<StsRelay> {
  const asked: StsQuestion[] = [];
  const server = createServer(async (question, answer) => {
    const at = clock.now();
    const body = await text(question);
    const { headers } = question;
    const form = Object.fromEntries(new URLSearchParams(body));
    asked.push({
      at,
      form,
      region: /\/([a-z0-9-]+)\/sts\/aws4_request/.exec(headers.authorization ?? '')?.[1],
    });
    if (hanging !== undefined && form['RoleArn'] === hanging) {
      return;
    }
    // All headers, including the host, which is signed.
    const relayed = request(upstream(), { method: 'POST', headers, agent: false }, (response) => {
      answer.writeHead(response.statusCode ?? 502, { 'content-type': 'text/xml' });
      response.pipe(answer);
    });
    relayed.on('error', () => answer.destroy());
    relayed.end(body);
  });
  const url = await listenOnLoopback(scope, server);
  return {
    url,
    asked,
    askedTo: (action) => asked.filter(({ form }) => form['Action'] === action),
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** A relay to a simulator that rejects requests for some regions with an error of this name. */
export async function runRegionRelay(
  scope: TestScope,
  upstream: () => string,
  refusals: ReadonlyMap<string, string>,
): Promise<{ readonly url: string }> {
  const server = createServer((question, answer) => {
    const { method = 'GET', url, headers } = question;
    const [, region = ''] = /Credential=[^/]+\/\d+\/([a-z0-9-]+)\//.exec(headers.authorization ?? '') ?? [];
    const error = refusals.get(region);
    if (error !== undefined) {
      answer.writeHead(403, { 'content-type': 'application/json', 'x-amzn-errortype': error });
      answer.end(JSON.stringify({ message: 'The security token included in the request is invalid.' }));
      return;
    }
    const relayed = request(new URL(url ?? '/', upstream()), { method, headers, agent: false }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    relayed.on('error', () => answer.destroy());
    question.pipe(relayed);
  });
  return { url: await listenOnLoopback(scope, server) };
}
