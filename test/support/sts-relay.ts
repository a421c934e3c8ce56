import { createServer, request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { TestScope } from './daemon.ts';
import { listenOnLoopback } from './loopback-server.ts';

/** Stands before a simulator's STS and keeps what it was asked, secrets included. */
export interface StsRelay {
  readonly url: string;
  /** The forms of the requests so far, in the order of their arrival. */
  readonly asked: readonly StsQuestion[];
  /** Those with this action. */
  askedTo(action: string): readonly StsQuestion[];
}

export interface StsQuestion {
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  /** The fields of the form, such as RoleArn and Tags.member.1.Key. */
  readonly form: Readonly<Record<string, string>>;
  /** The region that the request is signed for; undefined where it is not signed. */
  readonly region: string | undefined;
}

/** Starts a relay to the STS at `upstream`, which leaves questions about the role `hanging` open; it ends with the test. */
export async function runStsRelay(scope: TestScope, upstream: () => string, hanging?: string): Promise<StsRelay> {
  const asked: StsQuestion[] = [];
  const server = createServer(async (question, answer) => {
    const at = Date.now();
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
    // All headers, the host too: it is signed.
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
  };
}
