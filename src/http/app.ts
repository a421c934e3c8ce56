import type { RequestListener, ServerResponse } from 'node:http';
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import { background } from '../lib/background.ts';
import type { Logger } from '../lib/log.ts';
import type { AppOptions } from './app-options.ts';
import { type Endpoint, endpoints, literalPattern, METHODS } from './endpoints.ts';
import { createGate } from './security/access.ts';
import { setSecurityHeaders } from './security/security-headers.ts';
import { splitTarget } from './server/request-target.ts';
import { HttpError, isApiPath, sendError } from './server/respond.ts';

/**
 * Everything the exporter answers over HTTP: the status page, metrics, probes, reload and the API. Paths are matched
 * exactly, in case and in slashes, for any `Host`. Nothing here waits for the service: what `options` gives is what the
 * last polls left. Errors are JSON under `/api`, else plain text, and never tell more than a sentence; unexpected ones
 * are logged.
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
        .get(redirectTo(`${routePrefix}/`))
        .all(methodNotAllowed('GET, HEAD'));
    }
  }
  app.use(() => {
    throw new HttpError('not_found', `Not found. See ${routePrefix}/ for a list of pages`);
  });
  const answerError = errorAnswers(routePrefix, context.log);
  // Express knows error handlers by their four parameters.
  const onError: ErrorRequestHandler = (error: unknown, request, response, _next) =>
    answerError(error, request.path, response);
  app.use(onError);

  return (request, response) => {
    setSecurityHeaders(response);
    const url = request.url ?? '';
    // Before express, which lets a target it cannot parse by all handlers, and decodes only what a route takes out.
    const target = splitTarget(url);
    if (target === undefined) {
      answerError(new HttpError('bad_request', 'Malformed URL'), url, response);
      return;
    }
    request.url = target.path + target.search;
    if (gate === undefined) {
      app(request, response);
    } else {
      // A client that has gone meanwhile does not go again: what began for it, such as events, would never end.
      const served = gate(request, response, target.path)
        .then((admitted) => admitted && !response.closed && app(request, response))
        .catch((error: unknown) => answerError(error, target.path, response));
      background(context.log, 'sign-in of a request', served);
    }
  };
}

function redirectTo(location: string): RequestHandler {
  return (_request, response) => {
    response.writeHead(302, { Location: location, 'Content-Length': 0 }).end();
  };
}

/** As `Allow` has it. */
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

/** Answers with what a handler has thrown: as it says, or, for a defect, with 500. */
function errorAnswers(routePrefix: string, log: Logger) {
  return (error: unknown, path: string, response: ServerResponse): void => {
    const expected = error instanceof HttpError ? error : undefined;
    if (expected === undefined) {
      log.error('request failed', {
        path,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
    }
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const answer = expected ?? new HttpError('internal', 'Unexpected error in the request: see the log');
    sendError(response, isApiPath(path, routePrefix), answer);
  };
}
