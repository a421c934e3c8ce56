import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { TestScope } from './daemon.ts';
import { listenOnLoopback } from './loopback-server.ts';

/** A request to the service. */
export type Asked = 'sts' | 'monitors' | 'scopes' | 'start' | 'stop' | 'status' | 'results' | 'tags' | 'subject';

/** The body of a successful response: a value as JSON, or bytes. */
export type PageOf = (url: URL) => unknown;

/** A service of Network Flow Monitor and STS with the responses of a test. */
export interface PagedService {
  readonly url: string;
  /** Requests so far. */
  count(asked: Asked): number;
}

const IDENTITY =
  '<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/u</Arn><UserId>u</UserId><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>';

/** Starts the service. Requests without a response in `pages` succeed: each started query succeeds at once. */
export async function startPagedService(
  scope: TestScope,
  pages: Partial<Readonly<Record<Asked, PageOf>>>,
): Promise<PagedService> {
  const counts = new Map<Asked, number>();
  let runs = 0;
  const usual: Readonly<Record<Asked, PageOf>> = {
    sts: () => Buffer.from(IDENTITY),
    monitors: () => ({ monitors: [] }),
    scopes: () => ({ scopes: [] }),
    start: () => {
      runs += 1;
      return { queryId: `run-${runs}` };
    },
    stop: () => ({}),
    status: ({ pathname }) => ({ status: pathname.includes('/run-') ? 'SUCCEEDED' : 'RUNNING' }),
    results: () => ({ unit: 'Count', topContributors: [] }),
    tags: () => ({ tags: {} }),
    subject: () => ({ monitorStatus: 'ACTIVE' }),
  };
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    request.resume();
    request.on('end', () => {
      const url = new URL(request.url ?? '', 'http://service');
      const asked = askedFor(request.method, url.pathname);
      counts.set(asked, (counts.get(asked) ?? 0) + 1);
      const answer = (pages[asked] ?? usual[asked])(url);
      response.writeHead(200, { 'content-type': asked === 'sts' ? 'text/xml' : 'application/json' });
      response.end(answer instanceof Uint8Array ? answer : JSON.stringify(answer));
    });
  });
  const url = await listenOnLoopback(scope, server);
  return { url, count: (asked) => counts.get(asked) ?? 0 };
}

function askedFor(method: string | undefined, path: string): Asked {
  const last = path.split('/').at(-1);
  if (path === '/') {
    return 'sts';
  }
  if (path === '/monitors' && method === 'GET') {
    return 'monitors';
  }
  if (path === '/scopes') {
    return 'scopes';
  }
  if (path.startsWith('/tags/')) {
    return 'tags';
  }
  if (method === 'POST') {
    return 'start';
  }
  if (method === 'DELETE') {
    return 'stop';
  }
  return last === 'status' || last === 'results' ? last : 'subject';
}
