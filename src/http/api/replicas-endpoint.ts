import type { RequestHandler } from 'express';
import type { ServedReplicas } from '../app-options.ts';
import { HttpError, sendJson } from '../server/respond.ts';

/** `GET /api/v1/replicas`: the members of the group, its leader, and the engine. 404 without replicas. */
export function replicasEndpoint(replicas: ServedReplicas | undefined): RequestHandler {
  return (_request, response) => {
    if (replicas === undefined) {
      throw new HttpError('not_found', 'No replicas are configured');
    }
    sendJson(response, 200, replicas.view());
  };
}

/**
 * Handles requests to a standby that only the leader can serve: 307 to the leader's URL, or 503 with the leader's id. Passes
 * all requests to the leader on.
 *
 * @param path path of the request, below the prefix
 */
export function leaderOnly(replicas: ServedReplicas, path: string, search: string): string | undefined {
  if (!isOfLeader(path)) {
    return undefined;
  }
  const standby = replicas.standby();
  if (standby === undefined) {
    return undefined;
  }
  if (standby.leaderUrl === undefined) {
    const leader = standby.leaderId === undefined ? 'No leader is known' : `The leader is ${standby.leaderId}`;
    throw new HttpError('unavailable', `This replica is a standby. ${leader}`);
  }
  return `${standby.leaderUrl.replace(/\/$/, '')}${path}${search}`;
}

/** Pages and the API, except for the replicas themselves. */
function isOfLeader(path: string): boolean {
  return path === '/' || path === '/flows' || (path.startsWith('/api/v1/') && path !== '/api/v1/replicas');
}
