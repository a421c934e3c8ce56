import type { DestinationCategory, WorkloadInsightsMetric } from '@aws-sdk/client-networkflowmonitor';
import type { ScheduledQuery } from '../model/query.ts';
import type { Window } from '../model/run.ts';
import type { MetricName, QueryType } from '../model/vocabulary.ts';
import type { ApiErrorName } from './errors.ts';
import type { Sdk } from './sdk.ts';

/** A request that is made but not yet sent. Its attempts are recognised by the identity of `input`. */
export interface PreparedRequest {
  readonly input: object;
  /** The answer's members are not to be trusted to be what the client's types say. */
  send(sdk: Sdk, signal: AbortSignal): Promise<object>;
}

/** An operation of the API. */
export interface Operation<Arguments> {
  /** The API's name, the `operation` label. */
  readonly name: string;
  /** Errors that the service's model declares for it (2023-04-19). */
  readonly modelledErrors: readonly ApiErrorName[];
  prepare(args: Arguments): PreparedRequest;
}

/** Which query of the service is meant. */
export interface QueryReference {
  readonly monitorName: string | undefined;
  readonly scopeId: string | undefined;
  readonly queryId: string | undefined;
}

/** What is asked, and over which window. */
export type StartArguments = Pick<
  ScheduledQuery,
  'monitorName' | 'scopeId' | 'metricName' | 'destinationCategory' | 'limit'
> & { readonly window: Pick<Window, 'start' | 'end'> };

/** The operations of one family of the API. */
export interface QueryOperations {
  readonly start: Operation<StartArguments>;
  readonly status: Operation<QueryReference>;
  readonly results: Operation<QueryReference & { readonly nextToken: string | undefined }>;
  readonly stop: Operation<QueryReference>;
}

const COMMON_ERRORS: readonly ApiErrorName[] = [
  'AccessDeniedException',
  'InternalServerException',
  'ServiceQuotaExceededException',
  'ThrottlingException',
  'ValidationException',
];
const RESULTS_ERRORS: readonly ApiErrorName[] = [...COMMON_ERRORS, 'ResourceNotFoundException'];

const SUBJECT_ERRORS: readonly ApiErrorName[] = [
  'AccessDeniedException',
  'InternalServerException',
  'ResourceNotFoundException',
  'ThrottlingException',
  'ValidationException',
];

export const QUERY_OPERATIONS: Readonly<Record<QueryType, QueryOperations>> = {
  'monitor-top-contributors': {
    start: {
      name: 'StartQueryMonitorTopContributors',
      modelledErrors: COMMON_ERRORS,
      prepare({ monitorName, metricName, destinationCategory, limit, window }) {
        const input = {
          monitorName,
          startTime: new Date(window.start),
          endTime: new Date(window.end),
          metricName,
          destinationCategory: category(destinationCategory),
          limit,
        };
        return {
          input,
          send: ({ client, commands }, signal) =>
            client.send(new commands.StartQueryMonitorTopContributorsCommand(input), { abortSignal: signal }),
        };
      },
    },
    status: {
      name: 'GetQueryStatusMonitorTopContributors',
      modelledErrors: COMMON_ERRORS,
      prepare({ monitorName, queryId }) {
        const input = { monitorName, queryId };
        return {
          input,
          send: ({ client, commands }, signal) =>
            client.send(new commands.GetQueryStatusMonitorTopContributorsCommand(input), { abortSignal: signal }),
        };
      },
    },
    results: {
      name: 'GetQueryResultsMonitorTopContributors',
      modelledErrors: RESULTS_ERRORS,
      prepare({ monitorName, queryId, nextToken }) {
        const input = { monitorName, queryId, nextToken };
        return {
          input,
          send: ({ client, commands }, signal) =>
            client.send(new commands.GetQueryResultsMonitorTopContributorsCommand(input), { abortSignal: signal }),
        };
      },
    },
    stop: {
      name: 'StopQueryMonitorTopContributors',
      modelledErrors: COMMON_ERRORS,
      prepare({ monitorName, queryId }) {
        const input = { monitorName, queryId };
        return {
          input,
          send: ({ client, commands }, signal) =>
            client.send(new commands.StopQueryMonitorTopContributorsCommand(input), { abortSignal: signal }),
        };
      },
    },
  },
  'workload-insights-top-contributors': {
    start: {
      name: 'StartQueryWorkloadInsightsTopContributors',
      modelledErrors: COMMON_ERRORS,
      prepare({ scopeId, metricName, destinationCategory, limit, window }) {
        const input = {
          scopeId,
          startTime: new Date(window.start),
          endTime: new Date(window.end),
          metricName: workloadInsightsMetric(metricName),
          destinationCategory: category(destinationCategory),
          limit,
        };
        return {
          input,
          send: ({ client, commands }, signal) =>
            client.send(new commands.StartQueryWorkloadInsightsTopContributorsCommand(input), { abortSignal: signal }),
        };
      },
    },
    status: {
      name: 'GetQueryStatusWorkloadInsightsTopContributors',
      modelledErrors: COMMON_ERRORS,
      prepare({ scopeId, queryId }) {
        const input = { scopeId, queryId };
        return {
          input,
          send: ({ client, commands }, signal) =>
            client.send(new commands.GetQueryStatusWorkloadInsightsTopContributorsCommand(input), {
              abortSignal: signal,
            }),
        };
      },
    },
    results: {
      name: 'GetQueryResultsWorkloadInsightsTopContributors',
      modelledErrors: RESULTS_ERRORS,
      prepare({ scopeId, queryId, nextToken }) {
        const input = { scopeId, queryId, nextToken };
        return {
          input,
          send: ({ client, commands }, signal) =>
            client.send(new commands.GetQueryResultsWorkloadInsightsTopContributorsCommand(input), {
              abortSignal: signal,
            }),
        };
      },
    },
    stop: {
      name: 'StopQueryWorkloadInsightsTopContributors',
      modelledErrors: COMMON_ERRORS,
      prepare({ scopeId, queryId }) {
        const input = { scopeId, queryId };
        return {
          input,
          send: ({ client, commands }, signal) =>
            client.send(new commands.StopQueryWorkloadInsightsTopContributorsCommand(input), { abortSignal: signal }),
        };
      },
    },
  },
  'workload-insights-top-contributors-data': {
    start: {
      name: 'StartQueryWorkloadInsightsTopContributorsData',
      modelledErrors: COMMON_ERRORS,
      prepare({ scopeId, metricName, destinationCategory, window }) {
        const input = {
          scopeId,
          startTime: new Date(window.start),
          endTime: new Date(window.end),
          metricName: workloadInsightsMetric(metricName),
          destinationCategory: category(destinationCategory),
        };
        return {
          input,
          send: ({ client, commands }, signal) =>
            client.send(new commands.StartQueryWorkloadInsightsTopContributorsDataCommand(input), {
              abortSignal: signal,
            }),
        };
      },
    },
    status: {
      name: 'GetQueryStatusWorkloadInsightsTopContributorsData',
      modelledErrors: COMMON_ERRORS,
      prepare({ scopeId, queryId }) {
        const input = { scopeId, queryId };
        return {
          input,
          send: ({ client, commands }, signal) =>
            client.send(new commands.GetQueryStatusWorkloadInsightsTopContributorsDataCommand(input), {
              abortSignal: signal,
            }),
        };
      },
    },
    results: {
      name: 'GetQueryResultsWorkloadInsightsTopContributorsData',
      modelledErrors: RESULTS_ERRORS,
      prepare({ scopeId, queryId, nextToken }) {
        const input = { scopeId, queryId, nextToken };
        return {
          input,
          send: ({ client, commands }, signal) =>
            client.send(new commands.GetQueryResultsWorkloadInsightsTopContributorsDataCommand(input), {
              abortSignal: signal,
            }),
        };
      },
    },
    stop: {
      name: 'StopQueryWorkloadInsightsTopContributorsData',
      modelledErrors: COMMON_ERRORS,
      prepare({ scopeId, queryId }) {
        const input = { scopeId, queryId };
        return {
          input,
          send: ({ client, commands }, signal) =>
            client.send(new commands.StopQueryWorkloadInsightsTopContributorsDataCommand(input), {
              abortSignal: signal,
            }),
        };
      },
    },
  },
};

/** What queries ask about, looked up by name or id. */
export const SUBJECT_OPERATIONS = {
  monitor: {
    name: 'GetMonitor',
    modelledErrors: SUBJECT_ERRORS,
    prepare(monitorName) {
      const input = { monitorName };
      return {
        input,
        send: ({ client, commands }, signal) =>
          client.send(new commands.GetMonitorCommand(input), { abortSignal: signal }),
      };
    },
  },
  scope: {
    name: 'GetScope',
    modelledErrors: [...SUBJECT_ERRORS, 'ServiceQuotaExceededException'],
    prepare(scopeId) {
      const input = { scopeId };
      return {
        input,
        send: ({ client, commands }, signal) =>
          client.send(new commands.GetScopeCommand(input), { abortSignal: signal }),
      };
    },
  },
} as const satisfies Readonly<Record<string, Operation<string>>>;

/** Monitors or scopes a page: the most that the model allows. */
const PAGE_SIZE = 25;

/** What there is in a target. */
export const LIST_OPERATIONS = {
  monitors: {
    name: 'ListMonitors',
    modelledErrors: COMMON_ERRORS.filter((error) => error !== 'ServiceQuotaExceededException'),
    prepare({ nextToken }) {
      const input = { nextToken, maxResults: PAGE_SIZE };
      return {
        input,
        send: ({ client, commands }, signal) =>
          client.send(new commands.ListMonitorsCommand(input), { abortSignal: signal }),
      };
    },
  },
  scopes: {
    name: 'ListScopes',
    modelledErrors: COMMON_ERRORS,
    prepare({ nextToken }) {
      const input = { nextToken, maxResults: PAGE_SIZE };
      return {
        input,
        send: ({ client, commands }, signal) =>
          client.send(new commands.ListScopesCommand(input), { abortSignal: signal }),
      };
    },
  },
} as const satisfies Readonly<Record<string, Operation<{ readonly nextToken: string | undefined }>>>;

/** What is listed. */
export type ListKind = keyof typeof LIST_OPERATIONS;

export const TAGS_OPERATION: Operation<{ readonly resourceArn: string }> = {
  name: 'ListTagsForResource',
  modelledErrors: [
    'AccessDeniedException',
    'ConflictException',
    'InternalServerException',
    'ResourceNotFoundException',
    'ThrottlingException',
    'ValidationException',
  ],
  prepare({ resourceArn }) {
    const input = { resourceArn };
    return {
      input,
      send: ({ client, commands }, signal) =>
        client.send(new commands.ListTagsForResourceCommand(input), { abortSignal: signal }),
    };
  },
};

/** The service extends its categories without notice, and takes those that no model has: the client does not check them. */
function category(name: string): DestinationCategory {
  return name as DestinationCategory;
}

/** The configuration refuses ROUND_TRIP_TIME for these types; were it sent, the service would. */
function workloadInsightsMetric(name: MetricName): WorkloadInsightsMetric {
  return name as WorkloadInsightsMetric;
}
