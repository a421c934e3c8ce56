import { METRIC_GROUPS } from '../metrics/family.ts';
import { EXPOSITION_CONTENT_TYPE } from './exposition-negotiation.ts';
import { EVENT_STREAM, HTML, JSON_TYPE, TEXT } from './respond.ts';

export interface OpenApiOptions {
  /** The exporter's version: the API has none of its own. */
  readonly version: string;
  /** Where the paths begin, without a slash at the end; empty for the root of whatever host serves the description. */
  readonly serverUrl: string;
  readonly telemetryPath: string;
}

/** The OpenAPI 3.1 description of every path the exporter answers. */
export function openApiDocument({ version, serverUrl, telemetryPath }: OpenApiOptions): Record<string, unknown> {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Network Flow Monitor exporter',
      version,
      description:
        'Metrics, state and health of the exporter. HEAD is answered as GET; other methods with 405 and `Allow`.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: serverUrl === '' ? '/' : serverUrl }],
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
      '/api/v1/queries': get('listQueries', 'The registered queries', {
        200: content('All of them', JSON_TYPE, {
          type: 'object',
          required: ['queries'],
          additionalProperties: false,
          properties: { queries: { type: 'array', items: QUERY_REF } },
        }),
        500: { $ref: '#/components/responses/Error' },
      }),
      '/api/v1/queries/{name}': {
        parameters: [{ name: 'name', in: 'path', required: true, schema: STRING, description: 'Percent-encoded' }],
        ...get('getQuery', 'One registered query', {
          200: content('The query', JSON_TYPE, QUERY_REF),
          400: { $ref: '#/components/responses/Error' },
          404: { $ref: '#/components/responses/Error' },
          500: { $ref: '#/components/responses/Error' },
        }),
      },
      '/api/v1/queries/{name}/contributors': {
        parameters: [{ name: 'name', in: 'path', required: true, schema: STRING, description: 'Percent-encoded' }],
        ...get('getContributors', 'What the last run of a scheduled query has found, all fields', {
          200: content('Rows, or data points, with their window and unit', JSON_TYPE, CONTRIBUTORS),
          400: { $ref: '#/components/responses/Error' },
          404: { $ref: '#/components/responses/Error' },
          500: { $ref: '#/components/responses/Error' },
        }),
      },
      '/api/v1/events': get('listEvents', 'Changes of status as server-sent events: status (a Query), removed, reset', {
        200: content('Without end; Last-Event-ID is honoured', EVENT_STREAM, STRING),
        503: { $ref: '#/components/responses/Error' },
      }),
      '/api/openapi.json': get('describe', 'This description', {
        200: content('OpenAPI 3.1', JSON_TYPE, { type: 'object', required: ['openapi', 'info', 'paths'] }),
      }),
    },
    components: {
      schemas: { Query: QUERY, QueryError: QUERY_ERROR, Error: ERROR },
      responses: {
        Error: content('What is wrong', JSON_TYPE, { $ref: '#/components/schemas/Error' }),
      },
    },
  };
}

type Schema = Readonly<Record<string, unknown>>;

const STRING = { type: 'string' };
const DURATION = { type: 'string', description: 'Prometheus duration, such as 30s' };
const TIME_OR_NULL = { type: ['string', 'null'], format: 'date-time' };
const CONTRIBUTORS = {
  type: 'object',
  required: ['name', 'queryId', 'windowStart', 'windowEnd', 'unit', 'assumedUnit', 'baseUnit'],
  properties: {
    name: STRING,
    queryId: STRING,
    windowStart: { type: 'string', format: 'date-time' },
    windowEnd: { type: 'string', format: 'date-time' },
    unit: { type: ['string', 'null'], description: 'As the service named it' },
    assumedUnit: { type: ['string', 'null'], description: 'What is assumed where it named none' },
    baseUnit: { enum: ['seconds', 'bytes', 'count'] },
    rows: { type: 'array', items: { type: 'object' }, description: 'As the service gave them, with baseValue' },
    datapoints: { type: 'array', items: { type: 'object' }, description: 'Of the -data type, instead of rows' },
  },
};
const QUERY_REF = { $ref: '#/components/schemas/Query' };

const QUERY: Schema = {
  type: 'object',
  description: 'null is what is not known (yet). monitorName and scopeId are there as the type of the query has them.',
  required: [
    'name',
    'type',
    'source',
    'account',
    'region',
    'queryId',
    'labels',
    'status',
    'statusSince',
    'up',
    'lastError',
    'lastSuccess',
    'nextPoll',
  ],
  additionalProperties: false,
  properties: {
    name: STRING,
    type: {
      enum: [
        'monitor-top-contributors',
        'workload-insights-top-contributors',
        'workload-insights-top-contributors-data',
      ],
    },
    source: { type: 'string', description: 'Where it was registered: config' },
    account: STRING,
    region: STRING,
    monitorName: STRING,
    scopeId: STRING,
    queryId: { type: ['string', 'null'], description: "The service's id; of a scheduled query that of its last run" },
    interval: { ...DURATION, description: 'Of watched queries: from poll to poll' },
    metricName: { ...STRING, description: 'Of scheduled queries, as all that follow up to contributorLabels' },
    destinationCategory: STRING,
    limit: { type: 'integer' },
    schedule: {
      type: 'object',
      required: ['every', 'lookback', 'delay', 'timeout'],
      additionalProperties: false,
      properties: { every: DURATION, lookback: DURATION, delay: DURATION, timeout: DURATION },
    },
    contributorLabels: { type: 'array', items: STRING },
    labels: { type: 'object', additionalProperties: STRING },
    status: { enum: ['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED', null] },
    statusSince: { ...TIME_OR_NULL, description: 'When the status was first seen' },
    up: { type: ['boolean', 'null'], description: 'Whether the last request was answered well' },
    lastError: {
      oneOf: [{ type: 'null' }, { $ref: '#/components/schemas/QueryError' }],
      description: 'Why up is false',
    },
    lastSuccess: { ...TIME_OR_NULL, description: 'The last good answer to any request' },
    nextPoll: { ...TIME_OR_NULL, description: 'null once the query is no longer polled' },
  },
};

const QUERY_ERROR: Schema = {
  type: 'object',
  required: ['operation', 'error', 'message', 'at'],
  additionalProperties: false,
  properties: {
    operation: { type: 'string', description: 'What was asked, as in aws_nfm_query_last_error' },
    error: { type: 'string', description: 'The kind of failure, as in aws_nfm_query_last_error' },
    message: STRING,
    at: { type: 'string', format: 'date-time' },
  },
};

const ERROR: Schema = {
  type: 'object',
  required: ['error'],
  additionalProperties: false,
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message', 'details'],
      additionalProperties: false,
      properties: {
        code: { enum: ['bad_request', 'not_found', 'method_not_allowed', 'internal', 'unavailable'] },
        message: STRING,
        details: {
          type: 'array',
          items: { type: 'object' },
          description: 'What is wrong item by item; empty where the message says all',
        },
      },
    },
  },
};

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

function get(operationId: string, summary: string, responses: Schema): { readonly get: Schema } {
  return { get: { operationId, summary, responses } };
}

function content(description: string, mediaType: string, schema: Schema): Schema {
  return { description, content: { [mediaType]: { schema } } };
}

function text(description: string): Schema {
  return content(description, TEXT, STRING);
}
