import { METRIC_GROUPS } from '../../metrics/families.ts';
import type { Site } from '../app-options.ts';
import { EXPOSITION_CONTENT_TYPE } from '../scrape/exposition-negotiation.ts';
import { CSS, EVENT_STREAM, HTML, JAVASCRIPT, JSON_TYPE, TEXT, TSV } from '../server/respond.ts';
import {
  CONTRIBUTORS,
  ERROR,
  QUERY,
  QUERY_DEFINITION,
  QUERY_ERROR,
  REPLICAS,
  type Schema,
  STRING,
} from './openapi-schemas.ts';

/** The OpenAPI 3.1 description of every path that the exporter serves. The API has no version of its own. */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: one document
export function openApiDocument({ version, telemetryPath, externalUrl, routePrefix }: Site): Record<string, unknown> {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Network Flow Monitor exporter',
      version,
      description:
        'Metrics, state, and health of the exporter, and queries registered over HTTP. HEAD returns the headers of GET; ' +
        'other methods return 405 with `Allow`. A standby of replicas redirects pages and the API to the leader with 307, or ' +
        'returns 503 if the leader has no URL. If --web.config.file defines users, all paths except the probes return ' +
        '401 without authentication, or 503 while too many sign-ins are waiting.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    security: [{}, { basic: [] }],
    servers: [{ url: externalUrl ?? (routePrefix || '/') }],
    paths: {
      // A telemetry path of `/` replaces the status page, here as in the routes.
      '/': get('statusPage', 'Status page: version, links, and registered queries', {
        200: {
          description: 'The page, or the contributors of `query` with `format=tsv`',
          content: { [HTML]: { schema: STRING }, [TSV]: { schema: STRING } },
        },
        404: content('No query with the name in `query`', HTML, STRING),
        500: text('Rendering the page failed'),
      }),
      '/flows': get('flowsPage', 'Flows page: the worst flows of all queries, and values between zones', {
        200: content('The page', HTML, STRING),
        500: text('Rendering the page failed'),
      }),
      '/-/assets/{file}': {
        parameters: [{ name: 'file', in: 'path', required: true, schema: STRING }],
        ...get('asset', 'Style sheet and scripts of the status page', {
          200: { description: 'The file', content: { [CSS]: {}, [JAVASCRIPT]: {} } },
          404: text('Not found'),
        }),
      },
      [telemetryPath]: METRICS,
      '/-/healthy': get('healthy', 'Liveness probe', {
        200: text('Healthy'),
        503: text('Not healthy, with the reason'),
      }),
      '/-/ready': get('ready', 'Readiness probe: the first poll of each watched query present at start', {
        200: text('All were polled, or 60 s have passed'),
        503: text('Number of queries not polled yet, or shutting down'),
      }),
      '/-/reload': { post: reload('reload'), put: reload('reloadByPut') },
      '/api/v1/queries': get('listQueries', 'The registered queries', {
        200: content('All registered queries', JSON_TYPE, {
          type: 'object',
          required: ['queries'],
          additionalProperties: false,
          properties: { queries: { type: 'array', items: QUERY_REF } },
        }),
        500: ERROR_RESPONSE,
      }),
      '/api/v1/queries/{name}': {
        parameters: [NAME_PARAMETER],
        ...get('getQuery', 'One registered query', {
          200: withTag(content('The query, with ETag if it was registered over HTTP', JSON_TYPE, QUERY_REF)),
          ...errorResponses(400, 404, 500),
        }),
        put: {
          operationId: 'putQuery',
          summary: 'Registers a query, or replaces the query registered over HTTP under this name',
          description: 'Returns after the definition is stored. An equal definition changes nothing.',
          parameters: CONDITIONS,
          requestBody: { required: true, content: { 'application/json': { schema: DEFINITION_REF } } },
          responses: {
            200: withTag(content('The replaced or unchanged query', JSON_TYPE, QUERY_REF)),
            201: withTag(content('The new query', JSON_TYPE, QUERY_REF)),
            ...errorResponses(400, 403, 409, 412, 413, 415, 500, 503, 507),
          },
        },
        delete: {
          operationId: 'deleteQuery',
          summary: 'Removes a query registered over HTTP, with its series, and stops its run',
          parameters: CONDITIONS,
          responses: { 204: { description: 'Removed' }, ...errorResponses(400, 403, 404, 409, 412, 500, 503, 507) },
        },
      },
      '/api/v1/queries/{name}/contributors': {
        parameters: [NAME_PARAMETER],
        ...get('getContributors', 'Results of the last run of a scheduled query, all fields', {
          200: content('Rows or data points, with their window and unit', JSON_TYPE, CONTRIBUTORS),
          ...errorResponses(400, 404, 500),
        }),
      },
      '/api/v1/events': get('listEvents', 'Status changes as server-sent events: status (a Query), removed, reset', {
        200: content('Endless stream; supports Last-Event-ID', EVENT_STREAM, STRING),
        ...errorResponses(503),
      }),
      '/api/v1/replicas': get('getReplicas', 'Members of the replicas, their leader, and their shared storage', {
        200: content('The group as this member sees it', JSON_TYPE, REPLICAS),
        ...errorResponses(404, 500),
      }),
      '/api/openapi.json': get('describe', 'This description', {
        200: content('OpenAPI 3.1', JSON_TYPE, { type: 'object', required: ['openapi', 'info', 'paths'] }),
      }),
    },
    components: {
      schemas: { Query: QUERY, QueryError: QUERY_ERROR, QueryDefinition: QUERY_DEFINITION, Error: ERROR },
      securitySchemes: { basic: { type: 'http', scheme: 'basic' } },
      responses: { Error: content('Error', JSON_TYPE, { $ref: '#/components/schemas/Error' }) },
    },
  };
}

const QUERY_REF = { $ref: '#/components/schemas/Query' };
const DEFINITION_REF = { $ref: '#/components/schemas/QueryDefinition' };
const ERROR_RESPONSE = { $ref: '#/components/responses/Error' };

const NAME_PARAMETER = { name: 'name', in: 'path', required: true, schema: STRING, description: 'Percent-encoded' };
const CONDITIONS = [
  condition('If-Match', 'Requires one of these ETags; *: requires a query registered over HTTP under this name'),
  condition('If-None-Match', 'Requires none of these ETags; *: requires that no such query is registered'),
];

const METRICS = {
  ...get('metrics', 'Metrics in Prometheus formats', {
    200: {
      description: 'Metrics in the format preferred by Accept, compressed if Accept-Encoding allows gzip',
      content: Object.fromEntries(Object.values(EXPOSITION_CONTENT_TYPE).map((type) => [type, { schema: STRING }])),
    },
    400: text('Unknown group in collect[]'),
    500: text('Rendering the metrics failed'),
  }),
  parameters: [
    {
      name: 'collect[]',
      in: 'query',
      description: 'Metric groups to return (default: all)',
      style: 'form',
      explode: true,
      schema: { type: 'array', items: { enum: METRIC_GROUPS } },
    },
  ],
};

function reload(operationId: string): Schema {
  return {
    operationId,
    summary: 'Reloads the configuration file and the discovery files',
    responses: {
      200: text('The new configuration is in effect'),
      403: text('Disabled, or sent by a page of another site'),
      500: text('The new configuration is invalid; lists every error. The previous one stays in effect'),
      503: text('The exporter is shutting down'),
    },
  };
}

function condition(name: string, description: string): Schema {
  return { name, in: 'header', schema: STRING, description };
}

function errorResponses(...statuses: readonly number[]): Schema {
  return Object.fromEntries(statuses.map((status) => [status, ERROR_RESPONSE]));
}

function withTag(response: Schema): Schema {
  const ETag = { schema: STRING, description: 'Tag of the registered definition, not of the query state' };
  return { ...response, headers: { ETag } };
}

function get(operationId: string, summary: string, responses: Schema): { readonly get: Schema } {
  return { get: { operationId, summary, responses } };
}

function content(description: string, mediaType: string, schema: Schema): Schema {
  return { description, content: { [mediaType]: { schema } } };
}

function text(description: string): Schema {
  return content(description, TEXT, STRING);
}
