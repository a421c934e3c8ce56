import type { RequestListener, ServerResponse } from 'node:http';
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import { background } from '../lib/background.ts';
import type { Logger } from '../lib/log.ts';
import type { AppOptions } from './app-options.ts';
import { type Endpoint, endpoints, literalPattern, METHODS } from './endpoints.ts';
import { createGate } from './security/access.ts';
import { setSecurityHeaders } from './security/security-headers.ts';
import { splitTarget } from './server/request-target.ts';
import { isApiPath, sendError } from './server/respond.ts';
/**
 * Everything the exporter answers over HTTP: the status page, metrics, probes, reload and the API. Paths are matched
 * exactly, in case and in slashes, for any `Host`. Nothing here waits for the service: what `options` gives is what the
 * last polls left. Errors are JSON under `/api`, else plain text, and never tell more than a sentence; unexpected ones
 * are logged.
 */
export function createApp(options: AppOptions): RequestListener {
  const { routePrefix, access, log } = options;
  const gate = access && createGate({ ...options, access });
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
    route.all(methodNotAllowed(routePrefix, allowedOf(methods)));
  }
  if (routePrefix !== '') {
    for (const path of ['/', literalPattern(routePrefix)]) {
      app
        .route(path)
        .get(redirectTo(`${routePrefix}/`))
        .all(methodNotAllowed(routePrefix, 'GET, HEAD'));
    }
  }
  app.use(notFound(routePrefix));
  const answerUnexpected = unexpected(routePrefix, log);
  // Express knows error handlers by their four parameters.
  const onError: ErrorRequestHandler = (error: unknown, request, response, _next) =>
    answerUnexpected(error, request.path, response);
  app.use(onError);

  return (request, response) => {
    setSecurityHeaders(response);
    // Before express, which lets a target it cannot parse by all handlers, and decodes only what a route takes out.
    const target = splitTarget(request.url ?? '');
    if (target === undefined) {
      const json = isApiPath(request.url ?? '', routePrefix);
      sendError(response, json, { code: 'bad_request', message: 'The URL is malformed' });
      return;
    }
    request.url = target.path + target.search;
    if (gate === undefined) {
      app(request, response);
    } else {
      // A client that has gone meanwhile does not go again: what began for it, such as events, would never end.
      const served = gate(request, response, target.path)
        .then((admitted) => admitted && !response.closed && app(request, response))
        .catch((error: unknown) => answerUnexpected(error, target.path, response));
      background(log, 'sign-in of a request', served);
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

function methodNotAllowed(routePrefix: string, allowed: string): RequestHandler {
  return (request, response) => {
    response.setHeader('Allow', allowed);
    sendError(response, isApiPath(request.path, routePrefix), {
      code: 'method_not_allowed',
      message: `${request.method} is not allowed here, only ${allowed}`,
    });
  };
}

function notFound(routePrefix: string): RequestHandler {
  return (request, response) => {
    sendError(response, isApiPath(request.path, routePrefix), {
      code: 'not_found',
      message: `There is nothing here; ${routePrefix}/ lists what there is`,
    });
  };
}

/** The last resort for a defect in a handler. */
function unexpected(routePrefix: string, log: Logger) {
  return (error: unknown, path: string, response: ServerResponse): void => {
    log.error('request failed', {
      path,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
    if (response.headersSent) {
      response.destroy();
      return;
    }
    sendError(response, isApiPath(path, routePrefix), {
      code: 'internal',
      message: 'The request could not be answered: see the log',
    });
  };
}
