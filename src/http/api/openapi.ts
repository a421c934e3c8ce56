import { METRIC_GROUPS } from '../../metrics/family.ts';
import type { Site } from '../app-options.ts';
import { EXPOSITION_CONTENT_TYPE } from '../scrape/exposition-negotiation.ts';
import { EVENT_STREAM, HTML, JSON_TYPE, TEXT } from '../server/respond.ts';
import { CONTRIBUTORS, ERROR, QUERY, QUERY_DEFINITION, QUERY_ERROR, type Schema, STRING } from './openapi-schemas.ts';

/** The OpenAPI 3.1 description of every path that the exporter serves: long, as one document. The API has no version of its own. */
export function openApiDocument({ version, telemetryPath, externalUrl, routePrefix }: Site): Record<string, unknown> {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Network Flow Monitor exporter',
      version,
      description:
        'Metrics, state and health of the exporter, and queries registered over HTTP. HEAD is answered as GET; methods ' +
        'that are not described with 405 and `Allow`. Where --web.config.file names users, all paths but the probes answer ' +
        '401 without log-in, or 503 while too many wait for theirs.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    security: [{}, { basic: [] }],
    servers: [{ url: externalUrl ?? (routePrefix || '/') }],
    paths: {
      // A telemetry path of `/` takes the status page's place, here as in the routes.
      '/': get('statusPage', 'Version, links and the registered queries, for people', {
        200: content('The page', HTML, STRING),
        404: content('`query` names none', HTML, STRING),
        500: text('The page could not be rendered'),
      }),
      '/-/assets/{file}': {
        parameters: [{ name: 'file', in: 'path', required: true, schema: STRING }],
        ...get('asset', 'Style and scripts of the status page', {
          200: {
            description: 'The file',
            content: { 'text/css; charset=utf-8': {}, 'text/javascript; charset=utf-8': {} },
          },
          404: text('There is no such file'),
        }),
      },
      [telemetryPath]: METRICS,
      '/-/healthy': get('healthy', 'Whether the process works', {
        200: text('It does'),
        503: text('It does not: why'),
      }),
      '/-/ready': get('ready', 'Whether each watched query present at start was tried', {
        200: text('All were, or had their time'),
        503: text('How many were not, or that the exporter is shutting down'),
      }),
      '/-/reload': { post: reload('reload'), put: reload('reloadByPut') },
      '/api/v1/queries': get('listQueries', 'The registered queries', {
        200: content('All of them', JSON_TYPE, {
          type: 'object',
          required: ['queries'],
          additionalProperties: false,
          properties: { queries: { type: 'array', items: QUERY_REF } },
        }),
        500: ERROR_ANSWER,
      }),
      '/api/v1/queries/{name}': {
        parameters: [NAME_PARAMETER],
        ...get('getQuery', 'One registered query', {
          200: withTag(content('The query; with ETag if it was registered over HTTP', JSON_TYPE, QUERY_REF)),
          ...errorAnswers(400, 404, 500),
        }),
        put: {
          operationId: 'putQuery',
          summary: 'Registers a query, or replaces the one that was registered over HTTP under this name',
          description: 'Answered when it is stored. An equal definition changes nothing.',
          parameters: CONDITIONS,
          requestBody: { required: true, content: { 'application/json': { schema: DEFINITION_REF } } },
          responses: {
            200: withTag(content('The query, which was there before', JSON_TYPE, QUERY_REF)),
            201: withTag(content('The query, which is new', JSON_TYPE, QUERY_REF)),
            ...errorAnswers(400, 403, 409, 412, 413, 415, 500, 503, 507),
          },
        },
        delete: {
          operationId: 'deleteQuery',
          summary: 'Removes a query that was registered over HTTP, with its series; a run of it is stopped',
          parameters: CONDITIONS,
          responses: {
            204: { description: 'It is removed' },
            ...errorAnswers(400, 403, 404, 409, 412, 500, 503, 507),
          },
        },
      },
      '/api/v1/queries/{name}/contributors': {
        parameters: [NAME_PARAMETER],
        ...get('getContributors', 'What the last run of a scheduled query has found, all fields', {
          200: content('Rows, or data points, with their window and unit', JSON_TYPE, CONTRIBUTORS),
          ...errorAnswers(400, 404, 500),
        }),
      },
      '/api/v1/events': get('listEvents', 'Changes of status as server-sent events: status (a Query), removed, reset', {
        200: content('Without end; Last-Event-ID is honoured', EVENT_STREAM, STRING),
        ...errorAnswers(503),
      }),
      '/api/openapi.json': get('describe', 'This description', {
        200: content('OpenAPI 3.1', JSON_TYPE, { type: 'object', required: ['openapi', 'info', 'paths'] }),
      }),
    },
    components: {
      schemas: { Query: QUERY, QueryError: QUERY_ERROR, QueryDefinition: QUERY_DEFINITION, Error: ERROR },
      securitySchemes: { basic: { type: 'http', scheme: 'basic' } },
      responses: {
        Error: content('What is wrong', JSON_TYPE, { $ref: '#/components/schemas/Error' }),
      },
    },
  };
}

const QUERY_REF = { $ref: '#/components/schemas/Query' };
const DEFINITION_REF = { $ref: '#/components/schemas/QueryDefinition' };
const ERROR_ANSWER = { $ref: '#/components/responses/Error' };

const NAME_PARAMETER = { name: 'name', in: 'path', required: true, schema: STRING, description: 'Percent-encoded' };
const CONDITIONS = [
  condition('If-Match', 'Only if the ETag is one of these; * : only if a query of this name was registered over HTTP'),
  condition('If-None-Match', 'Only if the ETag is none of these; * : only if none was'),
];

const METRICS = {
  ...get('metrics', 'The metrics, for Prometheus', {
    200: {
      description: 'In the format that Accept prefers; compressed if Accept-Encoding allows gzip',
      content: {
        [EXPOSITION_CONTENT_TYPE.text]: { schema: STRING },
        [EXPOSITION_CONTENT_TYPE.openmetrics]: { schema: STRING },
      },
    },
    400: text('An unknown group in collect[]'),
    500: text('The metrics could not be rendered'),
  }),
  parameters: [
    {
      name: 'collect[]',
      in: 'query',
      description: 'Only these groups of metrics',
      style: 'form',
      explode: true,
      schema: { type: 'array', items: { enum: METRIC_GROUPS } },
    },
  ],
};

function reload(operationId: string): Schema {
  return {
    operationId,
    summary: 'Reads the config file and the discovery files anew',
    responses: {
      200: text('What was read is in force'),
      403: text('Not enabled, or sent by a page of another site'),
      500: text('What was read is refused, with every error; nothing has changed'),
      503: text('The exporter is shutting down'),
    },
  };
}

function condition(name: string, description: string): Schema {
  return { name, in: 'header', schema: STRING, description };
}

function errorAnswers(...statuses: readonly number[]): Schema {
  return Object.fromEntries(statuses.map((status) => [status, ERROR_ANSWER]));
}

function withTag(answer: Schema): Schema {
  return { ...answer, headers: { ETag: { schema: STRING, description: 'Of what was registered, not of its state' } } };
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
