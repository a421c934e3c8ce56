import type { RequestHandler } from 'express';
import type { ServedReplicas } from '../app-options.ts';
import { HttpError, redirect, sendJson, splitTarget } from '../server/respond.ts';

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
 * Redirects requests to a standby that only the leader can serve with 307 to the leader's URL; 503 with the leader's id if it
 * has no URL. Passes all other requests on, and all requests to the leader.
 */
export function redirectToLeader(replicas: ServedReplicas, routePrefix: string): RequestHandler {
  return (request, response, next) => {
    const { path, search } = splitTarget(request.url) ?? { path: '', search: '' };
    const below = path.startsWith(`${routePrefix}/`) ? path.slice(routePrefix.length) : '';
    const standby = isOfLeader(below) ? replicas.standby() : undefined;
    if (standby === undefined) {
      next();
      return;
    }
    if (standby.leaderUrl === undefined) {
      const leader = standby.leaderId === undefined ? 'No leader is known' : `The leader is ${standby.leaderId}`;
      throw new HttpError('unavailable', `This replica is a standby. ${leader}`);
    }
    redirect(response, 307, `${standby.leaderUrl.replace(/\/$/, '')}${below}${search}`);
  };
}

/** Pages and the API, except for the replicas themselves. */
function isOfLeader(path: string): boolean {
  return path === '/' || path === '/flows' || (path.startsWith('/api/v1/') && path !== '/api/v1/replicas');
}
