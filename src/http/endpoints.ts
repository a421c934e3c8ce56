import type { RequestHandler } from 'express';
import { EventStream } from './api/event-stream.ts';
import { openApiDocument } from './api/openapi.ts';
import { healthyEndpoint, readyEndpoint, reloadEndpoint } from './api/probes.ts';
import { contributorsEndpoint, queriesEndpoint, queryEndpoint } from './api/query-endpoints.ts';
import { deleteEndpoint, putEndpoint } from './api/registration-endpoints.ts';
import { replicasEndpoint } from './api/replicas-endpoint.ts';
import type { AppOptions } from './app-options.ts';
import { ASSETS, assetEndpoint } from './page/page-assets.ts';
import { pageEndpoints } from './page/status-page.ts';
import { metricsEndpoint } from './scrape/metrics-endpoint.ts';
import { ADMIN_API, guarded, LIFECYCLE } from './security/mutating.ts';
import { sendJson } from './server/respond.ts';

/** A path below the prefix, as an Express pattern, with its handlers. HEAD is handled as GET. */
export interface Endpoint {
  readonly pattern: string;
  readonly methods: { readonly [method in Method]?: RequestHandler };
}

/** Methods in the order of `Allow`. */
export const METHODS = ['get', 'post', 'put', 'delete'] as const;
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

/** Returns an Express pattern that matches only this path. */
export function literalPattern(path: string): string {
  return path.replace(/[{}()[\]+?!:*\\]/g, '\\$&');
}
