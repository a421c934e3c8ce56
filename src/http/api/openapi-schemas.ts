import { ERROR_CODES } from '../server/respond.ts';

/** A part of a document: JSON Schema (2020-12), or what holds one. */
export type Schema = Readonly<Record<string, unknown>>;

export const STRING = { type: 'string' };
const DURATION = { type: 'string', description: 'Prometheus duration, such as 30s' };
const TIME_OR_NULL = { type: ['string', 'null'], format: 'date-time' };
export const CONTRIBUTORS: Schema = {
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
    omitted: {
      type: 'integer',
      description: 'Rows or series that are not listed: those beyond limit, or beyond 4 MiB',
    },
  },
};
export const QUERY = {
  type: 'object',
  description: 'null is what is not known (yet). monitorName and scopeId are there as the type of the query has them.',
  required: [
    ...['name', 'type', 'source', 'account', 'region', 'queryId', 'labels'],
    ...['status', 'statusSince', 'up', 'lastError', 'lastSuccess', 'nextPoll'],
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
    source: { enum: ['config', 'file', 'http'], description: 'Where it was registered' },
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

/** What is served of a query: what is described. */
export const QUERY_KEYS: ReadonlySet<string> = new Set(Object.keys(QUERY.properties));

export const QUERY_ERROR: Schema = {
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

const ONE = { type: ['string', 'array'], items: STRING, maxItems: 1 };
const WHOLE_NUMBER = { type: ['integer', 'string'] };

/** What keys take in full is checked, and told, when a query is registered; so are keys that do not go together. */
export const QUERY_DEFINITION: Schema = {
  type: 'object',
  description:
    'One query, with the keys of an entry of queries in the config file, and its queryDefaults: a watched one with queryId, ' +
    'or a scheduled one with schedule. Lists of more than one element, "*" for more than one, and selectors are refused.',
  additionalProperties: false,
  properties: {
    name: { ...STRING, description: 'That of the URL, if it is given' },
    type: STRING,
    account: ONE,
    region: ONE,
    labels: { type: 'object', additionalProperties: { type: ['string', 'number', 'boolean'] } },
    monitorName: ONE,
    scopeId: ONE,
    queryId: STRING,
    interval: DURATION,
    schedule: {
      type: 'object',
      additionalProperties: false,
      properties: { every: DURATION, lookback: DURATION, delay: DURATION, timeout: DURATION },
    },
    metricName: ONE,
    destinationCategory: ONE,
    limit: WHOLE_NUMBER,
    contributorLabels: { type: 'array', items: STRING },
  },
};

export const ERROR: Schema = {
  type: 'object',
  required: ['error'],
  additionalProperties: false,
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message', 'details'],
      additionalProperties: false,
      properties: {
        code: { enum: ERROR_CODES },
        message: STRING,
        details: {
          type: 'array',
          items: {
            type: 'object',
            required: ['path', 'value', 'expected'],
            additionalProperties: false,
            properties: {
              path: { type: 'string', description: 'Where in the body, such as labels.team' },
              value: { type: 'string', description: 'What is there, for people' },
              expected: STRING,
            },
          },
          description: 'What is wrong item by item; empty where the message says all',
        },
      },
    },
  },
};
