import { readDuration } from './duration.ts';
import {
  defaulted,
  distinctListOf,
  type FieldsOf,
  INVALID,
  listOf,
  number,
  objectOf,
  oneOf,
  optional,
  type Reader,
  refuse,
  required,
  scalar,
  taggedOf,
  text,
} from './fields.ts';
import {
  ACCOUNT_ID_PATTERN,
  DESTINATION_CATEGORIES,
  type DestinationCategory,
  METRIC_NAMES,
  type MetricName,
  MONITOR_NAME_PATTERN,
  type QueryType,
  REGION_PATTERN,
} from './vocabulary.ts';

/** How a query ends; `none`: it runs for ever. */
export type Outcome = 'SUCCEEDED' | 'FAILED' | 'CANCELED' | 'none';

/** What the scenario pins of a query's life; what is absent is drawn from the seed. Times in milliseconds. */
export interface QueryLife {
  /** From its start until it is RUNNING. */
  queuedFor?: number;
  /** From RUNNING until its end. */
  runningFor?: number;
  /** SUCCEEDED when absent. */
  outcome?: Outcome;
  /** The whole body of its status answers, instead of the true one: for answers that no model foresees. */
  statusBody?: Readonly<Record<string, unknown>>;
  /** How many rows (or data points' series) there are to find, before `limit` cuts them. */
  rows?: number;
  /** The unit its results name: any text, null, or `absent`. */
  unit?: string | null;
}

/** Queries of one kind that exist when the simulator starts: somebody else started them, at that moment. */
interface FixedQueriesBase extends QueryLife {
  region: string;
  /** The scenario's first account when absent. */
  account?: string;
  /** With `count`, holds `{n}`, which is replaced by 1, 2 … */
  queryId: string;
  count?: number;
  metricName: MetricName;
  destinationCategory: DestinationCategory;
  limit: number;
}

export interface FixedMonitorQueries extends FixedQueriesBase {
  type: 'monitor-top-contributors';
  monitorName: string;
}

export interface FixedWorkloadInsightsQueries extends FixedQueriesBase {
  type: 'workload-insights-top-contributors' | 'workload-insights-top-contributors-data';
  scopeId: string;
}

export type FixedQueries = FixedMonitorQueries | FixedWorkloadInsightsQueries;

/** The life of queries that clients start, where they fit `match`: patterns in which `*` stands for anything. */
export interface StartedQueries extends QueryLife {
  match: StartedQueryMatch;
}

export interface StartedQueryMatch {
  account?: string;
  region?: string;
  type?: string;
  monitorName?: string;
  scopeId?: string;
  metricName?: string;
  destinationCategory?: string;
}

const readLife: FieldsOf<QueryLife> = {
  queuedFor: optional(readDuration),
  runningFor: optional(readDuration),
  outcome: optional(oneOf('SUCCEEDED', 'FAILED', 'CANCELED', 'none')),
  statusBody: optional(
    scalar('a mapping: the body of the answer', (value) =>
      typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined,
    ),
  ),
  rows: optional(number(0, 10_000, 'integer')),
  unit: optional(
    scalar('a unit such as Bytes, null, or absent', (value) =>
      typeof value === 'string' || value === null ? value : undefined,
    ),
  ),
};

function fixedFields(type: QueryType): FieldsOf<FixedQueriesBase> {
  return {
    ...readLife,
    region: required(text('a region such as us-east-1', REGION_PATTERN)),
    account: optional(text('an account id of 12 digits', ACCOUNT_ID_PATTERN)),
    queryId: required(text('a query id')),
    count: optional(number(1, 1_000_000, 'integer')),
    metricName: defaulted(oneOf(...METRIC_NAMES[type]), 'DATA_TRANSFERRED'),
    destinationCategory: defaulted(oneOf(...DESTINATION_CATEGORIES), 'INTER_AZ'),
    limit: defaulted(number(1, 500, 'integer'), 100),
  };
}

function workloadInsights(type: FixedWorkloadInsightsQueries['type']): Reader<FixedQueries> {
  return objectOf<FixedWorkloadInsightsQueries>({
    ...fixedFields(type),
    type: required(oneOf(type)),
    scopeId: required(text('a scope id')),
  });
}

const readFixed = taggedOf<FixedQueries>('type', {
  'monitor-top-contributors': objectOf<FixedMonitorQueries>({
    ...fixedFields('monitor-top-contributors'),
    type: required(oneOf('monitor-top-contributors')),
    monitorName: required(text('a monitor name: 1 to 255 of a-z A-Z 0-9 _ . -', MONITOR_NAME_PATTERN)),
  }),
  'workload-insights-top-contributors': workloadInsights('workload-insights-top-contributors'),
  'workload-insights-top-contributors-data': workloadInsights('workload-insights-top-contributors-data'),
});

const readNumberedFixed: Reader<FixedQueries> = (value, path, problems) => {
  const queries = readFixed(value, path, problems);
  if (queries !== INVALID && queries.count !== undefined && !queries.queryId.includes('{n}')) {
    return refuse(problems, [...path, 'queryId'], queries.queryId, 'a text that holds {n}, since count is given');
  }
  return queries;
};

export const readFixedQueries: Reader<FixedQueries[]> = distinctListOf(readNumberedFixed, 'queryId', (queries) =>
  JSON.stringify([
    queries.account,
    queries.region,
    queries.type,
    'scopeId' in queries ? queries.scopeId : queries.monitorName,
    queries.queryId,
  ]),
);

const pattern = optional(text('a text, in which * stands for anything'));

export const readStartedQueries: Reader<StartedQueries[]> = listOf(
  objectOf<StartedQueries>({
    match: defaulted(
      objectOf<StartedQueryMatch>({
        account: pattern,
        region: pattern,
        type: pattern,
        monitorName: pattern,
        scopeId: pattern,
        metricName: pattern,
        destinationCategory: pattern,
      }),
      {},
    ),
    ...readLife,
  }),
);
