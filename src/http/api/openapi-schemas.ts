import { QUERY_TYPES } from '../../model/vocabulary.ts';
import { ERROR_CODES } from '../server/respond.ts';

/** A part of a document: a JSON Schema (2020-12), or an object that contains one. */
export type Schema = Readonly<Record<string, unknown>>;

export const STRING = { type: 'string' };
const INTEGER = { type: 'integer' };
const TIME = { type: 'string', format: 'date-time' };
const DURATION = { type: 'string', description: 'Prometheus duration (for example, 30s)' };
const STRING_OR_NULL = { type: ['string', 'null'] };
const TIME_OR_NULL = { ...STRING_OR_NULL, format: 'date-time' };
const SCHEDULE = { every: DURATION, lookback: DURATION, delay: DURATION, timeout: DURATION };

/** Returns the schema of an object that has exactly these members. */
function objectOf(properties: Readonly<Record<string, Schema>>): Schema {
  return { type: 'object', required: Object.keys(properties), additionalProperties: false, properties };
}

export const CONTRIBUTORS: Schema = {
  type: 'object',
  required: ['name', 'queryId', 'windowStart', 'windowEnd', 'unit', 'assumedUnit', 'baseUnit'],
  properties: {
    name: STRING,
    queryId: STRING,
    windowStart: TIME,
    windowEnd: TIME,
    unit: { ...STRING_OR_NULL, description: 'Unit as returned by the service' },
    assumedUnit: { ...STRING_OR_NULL, description: 'Unit assumed if the service returned none' },
    baseUnit: { enum: ['seconds', 'bytes', 'count'] },
    rows: { type: 'array', items: { type: 'object' }, description: 'Rows as returned by the service, with baseValue' },
    datapoints: {
      type: 'array',
      items: { type: 'object' },
      description: 'Data points, for the -data type instead of rows',
    },
    omitted: {
      ...INTEGER,
      description: 'Number of rows or series omitted because of limit or the size limit of 4 MiB',
    },
  },
};
export const QUERY = {
  type: 'object',
  description: 'null means unknown. monitorName and scopeId depend on the query type.',
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
    type: { enum: QUERY_TYPES },
    source: { enum: ['config', 'file', 'http'], description: 'Source of the registration' },
    account: STRING,
    region: STRING,
    monitorName: STRING,
    scopeId: STRING,
    queryId: {
      ...STRING_OR_NULL,
      description: 'Query ID of the service; for a scheduled query, the ID of its last run',
    },
    interval: { ...DURATION, description: 'Polling interval of a watched query' },
    metricName: { ...STRING, description: 'Scheduled queries only, as are the next keys up to contributorLabels' },
    destinationCategory: STRING,
    limit: INTEGER,
    schedule: objectOf(SCHEDULE),
    contributorLabels: { type: 'array', items: STRING },
    labels: { type: 'object', additionalProperties: STRING },
    status: { enum: ['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED', null] },
    statusSince: { ...TIME_OR_NULL, description: 'Time at which the status was first observed' },
    up: { type: ['boolean', 'null'], description: 'true if the last call succeeded, false if it failed' },
    lastError: {
      oneOf: [{ type: 'null' }, { $ref: '#/components/schemas/QueryError' }],
      description: 'Reason why up is false',
    },
    lastSuccess: { ...TIME_OR_NULL, description: 'Time of the last successful call' },
    nextPoll: { ...TIME_OR_NULL, description: 'Time of the next poll or run; null if the query is no longer polled' },
  },
};

/** Keys of a query's JSON: the documented ones. */
export const QUERY_KEYS: ReadonlySet<string> = new Set(Object.keys(QUERY.properties));

export const QUERY_ERROR: Schema = objectOf({
  operation: { ...STRING, description: 'Operation, as in aws_nfm_query_last_error' },
  error: { ...STRING, description: 'Kind of failure, as in aws_nfm_query_last_error' },
  message: STRING,
  at: TIME,
});

const ONE = { type: ['string', 'array'], items: STRING, maxItems: 1 };
const WHOLE_NUMBER = { type: ['integer', 'string'] };

/** The registration validates the full syntax of values and their combinations, and reports every error. */
export const QUERY_DEFINITION: Schema = {
  type: 'object',
  description:
    'One query, with the keys of an entry of queries in the configuration file, and its queryDefaults: a watched query has ' +
    'queryId, a scheduled query has schedule. Selectors, and lists or "*" that match more than one element, are invalid.',
  additionalProperties: false,
  properties: {
    name: { ...STRING, description: 'Optional; must equal the name in the URL' },
    type: STRING,
    account: ONE,
    region: ONE,
    labels: { type: 'object', additionalProperties: { type: ['string', 'number', 'boolean'] } },
    monitorName: ONE,
    scopeId: ONE,
    queryId: STRING,
    interval: DURATION,
    schedule: { type: 'object', additionalProperties: false, properties: SCHEDULE },
    metricName: ONE,
    destinationCategory: ONE,
    limit: WHOLE_NUMBER,
    contributorLabels: { type: 'array', items: STRING },
  },
};

export const ERROR: Schema = objectOf({
  error: objectOf({
    code: { enum: ERROR_CODES },
    message: STRING,
    details: {
      type: 'array',
      items: objectOf({
        path: { ...STRING, description: 'Path in the body (for example, labels.team)' },
        value: { ...STRING, description: 'Value at the path, as readable text' },
        expected: STRING,
      }),
      description: 'One item per error; empty if the message covers everything',
    },
  }),
});

export const REPLICAS: Schema = objectOf({
  group: STRING,
  id: { ...STRING, description: 'This member' },
  leader: {
    oneOf: [objectOf({ id: STRING, epoch: INTEGER, url: STRING_OR_NULL }), { type: 'null' }],
    description: 'null if no member leads',
  },
  engine: objectOf({ kind: STRING, description: STRING, up: { type: 'boolean' } }),
  members: {
    type: 'array',
    items: objectOf({
      id: STRING,
      url: STRING_OR_NULL,
      version: STRING,
      sameConfig: { type: 'boolean', description: 'Whether it has the configuration of this member' },
      heartbeatAgeSeconds: {
        type: 'number',
        description: 'Time since its last heartbeat that this member has observed',
      },
    }),
  },
});
