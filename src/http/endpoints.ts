import type { RequestHandler } from 'express';
import type { AppOptions } from './app-options.ts';
import { EventStream } from './event-stream.ts';
import { metricsEndpoint } from './metrics-endpoint.ts';
import { openApiDocument } from './openapi.ts';
import { ASSETS, assetEndpoint } from './page-assets.ts';
import { healthyEndpoint, readyEndpoint } from './probes.ts';
import { contributorsEndpoint, queriesEndpoint, queryEndpoint } from './query-endpoints.ts';
import { sendJson } from './respond.ts';
import { createScrapeFailureLog } from './scrape-failure-log.ts';
import { statusPageEndpoint } from './status-page-endpoint.ts';

/** A path below the prefix, as a pattern of express, and what answers GET there. */
export interface Endpoint {
  readonly pattern: string;
  readonly handler: RequestHandler;
}

/** Everything that is answered; where two have one pattern, the first is. `openapi.ts` describes the same. */
export function endpoints(options: AppOptions): readonly Endpoint[] {
  const { version, telemetryPath, routePrefix, externalUrl, queries, clock } = options;
  const scrapeLog = createScrapeFailureLog(options.log, clock);
  const description = openApiDocument({ version, telemetryPath, serverUrl: externalUrl ?? routePrefix });
  return [
    // Before the status page, whose place a telemetry path of `/` takes.
    { pattern: literalPattern(telemetryPath), handler: metricsEndpoint(options.scrape, scrapeLog) },
    { pattern: '/', handler: statusPageEndpoint(options) },
    { pattern: `/${ASSETS}/:file`, handler: assetEndpoint() },
    { pattern: '/-/healthy', handler: healthyEndpoint(options.unhealthy) },
    { pattern: '/-/ready', handler: readyEndpoint(options.waiting, options.shuttingDown) },
    { pattern: '/api/v1/queries', handler: queriesEndpoint(queries) },
    { pattern: '/api/v1/queries/:name', handler: queryEndpoint(options.query) },
    { pattern: '/api/v1/queries/:name/contributors', handler: contributorsEndpoint(options.contributors) },
    { pattern: '/api/v1/events', handler: new EventStream(options).handler },
    { pattern: '/api/openapi.json', handler: (_request, response) => sendJson(response, 200, description) },
  ];
}

/** A path as a pattern of express that matches it and nothing else. */
export function literalPattern(path: string): string {
  return path.replace(/[{}()[\]+?!:*\\]/g, '\\$&');
}
