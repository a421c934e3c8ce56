import type { RequestListener, ServerResponse } from 'node:http';
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import { background } from '../lib/background.ts';
import type { Logger } from '../lib/log.ts';
import { EventStream } from './api/event-stream.ts';
import { openApiDocument } from './api/openapi.ts';
import { healthyEndpoint, readyEndpoint, reloadEndpoint } from './api/probes.ts';
import { contributorsEndpoint, queriesEndpoint, queryEndpoint } from './api/query-endpoints.ts';
import { deleteEndpoint, putEndpoint } from './api/registration-endpoints.ts';
import { redirectToLeader, replicasEndpoint } from './api/replicas-endpoint.ts';
import type { AppOptions } from './app-options.ts';
import { ASSETS, assetEndpoint } from './page/page-assets.ts';
import { pageEndpoints } from './page/status-page.ts';
import { metricsEndpoint } from './scrape/metrics-endpoint.ts';
import { createGate } from './security/access.ts';
import { ADMIN_API, guarded, LIFECYCLE } from './security/mutating.ts';
import {
  HttpError,
  isApiPath,
  redirect,
  sendError,
  sendJson,
  setSecurityHeaders,
  splitTarget,
} from './server/respond.ts';

/**
 * Creates the request handler: status page, metrics, probes, reload, and API. Paths match exactly, including case and
 * slashes, for any `Host`. No request waits for the AWS service: responses show the state of the last polls. Errors are JSON
 * under `/api`, else plain text, and contain one sentence; unexpected errors are logged.
 */
export function createApp(options: AppOptions): RequestListener {
  const { site, access, context } = options;
  const { routePrefix } = site;
  const gate = access && createGate(access, routePrefix, context);
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false);
  app.enable('strict routing');
  app.enable('case sensitive routing');

  if (options.replicas !== undefined) {
    app.use(redirectToLeader(options.replicas, routePrefix));
  }
  for (const { pattern, methods } of endpoints(options)) {
    const route = app.route(literalPattern(routePrefix) + pattern);
    for (const method of METHODS) {
      const handler = methods[method];
      if (handler !== undefined) {
        route[method](handler);
      }
    }
    route.all(methodNotAllowed(allowedOf(methods)));
  }
  if (routePrefix !== '') {
    for (const path of ['/', literalPattern(routePrefix)]) {
      app
        .route(path)
        .get((_request, response) => redirect(response, 302, `${routePrefix}/`))
        .all(methodNotAllowed('GET, HEAD'));
    }
  }
  app.use(() => {
    throw new HttpError('not_found', `Not found. See ${routePrefix}/ for a list of pages`);
  });
  const sendFailure = failureResponses(routePrefix, context.log);
  // Express recognizes error handlers by their four parameters.
  const onError: ErrorRequestHandler = (error: unknown, request, response, _next) =>
    sendFailure(error, request.path, response);
  app.use(onError);

  return (request, response) => {
    setSecurityHeaders(response);
    const url = request.url ?? '';
    if (request.headers.host === undefined && request.httpVersion !== '1.0') {
      sendFailure(new HttpError('bad_request', 'The header Host is missing'), url, response);
      return;
    }
    // Before Express, which passes an unparsable target to no handler, and decodes only the parameters of a route.
    const target = splitTarget(url);
    if (target === undefined) {
      sendFailure(new HttpError('bad_request', 'Malformed URL'), url, response);
      return;
    }
    request.url = target.path + target.search;
    if (gate === undefined) {
      app(request, response);
    } else {
      // A client that disconnected in the meantime emits no further `close`: an event stream for it would never end.
      const served = gate(request, response, target.path)
        .then((admitted) => admitted && !response.closed && app(request, response))
        .catch((error: unknown) => sendFailure(error, target.path, response));
      background(context.log, 'sign-in of a request', served);
    }
  };
}

function allowedOf(methods: Endpoint['methods']): string {
  return METHODS.filter((method) => methods[method] !== undefined)
    .map((method) => (method === 'get' ? 'GET, HEAD' : method.toUpperCase()))
    .join(', ');
}

function methodNotAllowed(allowed: string): RequestHandler {
  return (request, response) => {
    response.setHeader('Allow', allowed);
    throw new HttpError('method_not_allowed', `Method ${request.method} is not allowed. Allowed: ${allowed}`);
  };
}

/** Returns a function that sends an error thrown by a handler: an {@link HttpError} as it is, others as 500. */
function failureResponses(routePrefix: string, log: Logger) {
  return (error: unknown, path: string, response: ServerResponse): void => {
    const expected = error instanceof HttpError ? error : undefined;
    if (expected === undefined) {
      const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
      log.error('request failed', { path, error: reason });
    }
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const failure = expected ?? new HttpError('internal', 'Unexpected error in the request: see the log');
    sendError(response, isApiPath(path, routePrefix), failure);
  };
}

/** A path below the prefix, as an Express pattern, with its handlers. HEAD is handled as GET. */
interface Endpoint {
  readonly pattern: string;
  readonly methods: { readonly [method in Method]?: RequestHandler };
}

/** Methods in the order of `Allow`. */
const METHODS = ['get', 'post', 'put', 'delete'] as const;
type Method = (typeof METHODS)[number];

/** Returns all endpoints; of two with the same pattern, the first one handles requests. `openapi.ts` describes them. */
export function endpoints(options: AppOptions): readonly Endpoint[] {
  const { site, queries, health, changes, context } = options;
  const { registrations } = changes;
  const pages = pageEndpoints(options);
  const telemetry = literalPattern(site.telemetryPath);
  const description = openApiDocument(site);
  const reload = guarded(options, LIFECYCLE, changes.reload, reloadEndpoint);
  return [
    // Before the status page, which a telemetry path of `/` replaces.
    { pattern: telemetry, methods: { get: metricsEndpoint(options.scrape, context) } },
    { pattern: '/', methods: { get: pages.status } },
    { pattern: '/flows', methods: { get: pages.flows } },
    { pattern: `/${ASSETS}/:file`, methods: { get: assetEndpoint() } },
    { pattern: '/-/healthy', methods: { get: healthyEndpoint(() => health.unhealthy()) } },
    { pattern: '/-/ready', methods: { get: readyEndpoint(health, context.shutdown) } },
    { pattern: '/-/reload', methods: { post: reload, put: reload } },
    { pattern: '/api/v1/queries', methods: { get: queriesEndpoint(queries) } },
    {
      pattern: '/api/v1/queries/:name',
      methods: {
        get: queryEndpoint(queries, registrations),
        put: guarded(options, ADMIN_API, registrations, (enabled) => putEndpoint(enabled, context.clock)),
        delete: guarded(options, ADMIN_API, registrations, deleteEndpoint),
      },
    },
    { pattern: '/api/v1/queries/:name/contributors', methods: { get: contributorsEndpoint(queries) } },
    { pattern: '/api/v1/events', methods: { get: new EventStream(queries, context).handler } },
    { pattern: '/api/v1/replicas', methods: { get: replicasEndpoint(options.replicas) } },
    { pattern: '/api/openapi.json', methods: { get: (_request, response) => sendJson(response, 200, description) } },
  ];
}

function literalPattern(path: string): string {
  return path.replace(/[{}()[\]+?!:*\\]/g, '\\$&');
}
