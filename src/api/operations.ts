import {
  type DestinationCategory,
  GetQueryResultsMonitorTopContributorsCommand,
  GetQueryResultsWorkloadInsightsTopContributorsCommand,
  GetQueryResultsWorkloadInsightsTopContributorsDataCommand,
  GetQueryStatusMonitorTopContributorsCommand,
  GetQueryStatusWorkloadInsightsTopContributorsCommand,
  GetQueryStatusWorkloadInsightsTopContributorsDataCommand,
  ListMonitorsCommand,
  ListScopesCommand,
  ListTagsForResourceCommand,
  type NetworkFlowMonitorClient,
  StartQueryMonitorTopContributorsCommand,
  StartQueryWorkloadInsightsTopContributorsCommand,
  StartQueryWorkloadInsightsTopContributorsDataCommand,
  StopQueryMonitorTopContributorsCommand,
  StopQueryWorkloadInsightsTopContributorsCommand,
  StopQueryWorkloadInsightsTopContributorsDataCommand,
  type WorkloadInsightsMetric,
} from '@aws-sdk/client-networkflowmonitor';
import type { MetricName, QueryType, ScheduledQuery } from '../queries/query.ts';
import type { Window } from '../queries/windows.ts';
import type { ApiErrorName } from './errors.ts';

/** A request that is made but not yet sent. Its attempts are recognised by the identity of `input`. */
export interface PreparedRequest {
  readonly input: object;
  /** The answer's members are not to be trusted to be what the client's types say. */
  send(client: NetworkFlowMonitorClient, abortSignal: AbortSignal): Promise<object>;
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
> & { readonly window: Window };

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

export const QUERY_OPERATIONS: Readonly<Record<QueryType, QueryOperations>> = {
  'monitor-top-contributors': {
    start: {
      name: 'StartQueryMonitorTopContributors',
      modelledErrors: COMMON_ERRORS,
      prepare({ monitorName, metricName, destinationCategory, limit, window }) {
        const command = new StartQueryMonitorTopContributorsCommand({
          monitorName,
          startTime: new Date(window.start),
          endTime: new Date(window.end),
          metricName,
          destinationCategory: category(destinationCategory),
          limit,
        });
        return { input: command.input, send: (client, abortSignal) => client.send(command, { abortSignal }) };
      },
    },
    status: {
      name: 'GetQueryStatusMonitorTopContributors',
      modelledErrors: COMMON_ERRORS,
      prepare({ monitorName, queryId }) {
        const command = new GetQueryStatusMonitorTopContributorsCommand({ monitorName, queryId });
        return { input: command.input, send: (client, abortSignal) => client.send(command, { abortSignal }) };
      },
    },
    results: {
      name: 'GetQueryResultsMonitorTopContributors',
      modelledErrors: RESULTS_ERRORS,
      prepare({ monitorName, queryId, nextToken }) {
        const command = new GetQueryResultsMonitorTopContributorsCommand({ monitorName, queryId, nextToken });
        return { input: command.input, send: (client, abortSignal) => client.send(command, { abortSignal }) };
      },
    },
    stop: {
      name: 'StopQueryMonitorTopContributors',
      modelledErrors: COMMON_ERRORS,
      prepare({ monitorName, queryId }) {
        const command = new StopQueryMonitorTopContributorsCommand({ monitorName, queryId });
        return { input: command.input, send: (client, abortSignal) => client.send(command, { abortSignal }) };
      },
    },
  },
  'workload-insights-top-contributors': {
    start: {
      name: 'StartQueryWorkloadInsightsTopContributors',
      modelledErrors: COMMON_ERRORS,
      prepare({ scopeId, metricName, destinationCategory, limit, window }) {
        const command = new StartQueryWorkloadInsightsTopContributorsCommand({
          scopeId,
          startTime: new Date(window.start),
          endTime: new Date(window.end),
          metricName: workloadInsightsMetric(metricName),
          destinationCategory: category(destinationCategory),
          limit,
        });
        return { input: command.input, send: (client, abortSignal) => client.send(command, { abortSignal }) };
      },
    },
    status: {
      name: 'GetQueryStatusWorkloadInsightsTopContributors',
      modelledErrors: COMMON_ERRORS,
      prepare({ scopeId, queryId }) {
        const command = new GetQueryStatusWorkloadInsightsTopContributorsCommand({ scopeId, queryId });
        return { input: command.input, send: (client, abortSignal) => client.send(command, { abortSignal }) };
      },
    },
    results: {
      name: 'GetQueryResultsWorkloadInsightsTopContributors',
      modelledErrors: RESULTS_ERRORS,
      prepare({ scopeId, queryId, nextToken }) {
        const command = new GetQueryResultsWorkloadInsightsTopContributorsCommand({ scopeId, queryId, nextToken });
        return { input: command.input, send: (client, abortSignal) => client.send(command, { abortSignal }) };
      },
    },
    stop: {
      name: 'StopQueryWorkloadInsightsTopContributors',
      modelledErrors: COMMON_ERRORS,
      prepare({ scopeId, queryId }) {
        const command = new StopQueryWorkloadInsightsTopContributorsCommand({ scopeId, queryId });
        return { input: command.input, send: (client, abortSignal) => client.send(command, { abortSignal }) };
      },
    },
  },
  'workload-insights-top-contributors-data': {
    start: {
      name: 'StartQueryWorkloadInsightsTopContributorsData',
      modelledErrors: COMMON_ERRORS,
      prepare({ scopeId, metricName, destinationCategory, window }) {
        const command = new StartQueryWorkloadInsightsTopContributorsDataCommand({
          scopeId,
          startTime: new Date(window.start),
          endTime: new Date(window.end),
          metricName: workloadInsightsMetric(metricName),
          destinationCategory: category(destinationCategory),
        });
        return { input: command.input, send: (client, abortSignal) => client.send(command, { abortSignal }) };
      },
    },
    status: {
      name: 'GetQueryStatusWorkloadInsightsTopContributorsData',
      modelledErrors: COMMON_ERRORS,
      prepare({ scopeId, queryId }) {
        const command = new GetQueryStatusWorkloadInsightsTopContributorsDataCommand({ scopeId, queryId });
        return { input: command.input, send: (client, abortSignal) => client.send(command, { abortSignal }) };
      },
    },
    results: {
      name: 'GetQueryResultsWorkloadInsightsTopContributorsData',
      modelledErrors: RESULTS_ERRORS,
      prepare({ scopeId, queryId, nextToken }) {
        const command = new GetQueryResultsWorkloadInsightsTopContributorsDataCommand({ scopeId, queryId, nextToken });
        return { input: command.input, send: (client, abortSignal) => client.send(command, { abortSignal }) };
      },
    },
    stop: {
      name: 'StopQueryWorkloadInsightsTopContributorsData',
      modelledErrors: COMMON_ERRORS,
      prepare({ scopeId, queryId }) {
        const command = new StopQueryWorkloadInsightsTopContributorsDataCommand({ scopeId, queryId });
        return { input: command.input, send: (client, abortSignal) => client.send(command, { abortSignal }) };
      },
    },
  },
};

/** Monitors or scopes a page: the most that the model allows. */
const PAGE_SIZE = 25;

/** What there is in a target. */
export const LIST_OPERATIONS = {
  monitors: {
    name: 'ListMonitors',
    modelledErrors: COMMON_ERRORS.filter((error) => error !== 'ServiceQuotaExceededException'),
    prepare({ nextToken }) {
      const command = new ListMonitorsCommand({ nextToken, maxResults: PAGE_SIZE });
      return { input: command.input, send: (client, abortSignal) => client.send(command, { abortSignal }) };
    },
  },
  scopes: {
    name: 'ListScopes',
    modelledErrors: COMMON_ERRORS,
    prepare({ nextToken }) {
      const command = new ListScopesCommand({ nextToken, maxResults: PAGE_SIZE });
      return { input: command.input, send: (client, abortSignal) => client.send(command, { abortSignal }) };
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
    const command = new ListTagsForResourceCommand({ resourceArn });
    return { input: command.input, send: (client, abortSignal) => client.send(command, { abortSignal }) };
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
