import {
  GetQueryStatusMonitorTopContributorsCommand,
  GetQueryStatusWorkloadInsightsTopContributorsCommand,
  GetQueryStatusWorkloadInsightsTopContributorsDataCommand,
  type NetworkFlowMonitorClient,
} from '@aws-sdk/client-networkflowmonitor';
import type { QueryType, WatchedQuery } from '../queries/query.ts';
import type { ApiErrorName } from './errors.ts';

/** A request that is made but not yet sent. Its attempts are recognised by the identity of `input`. */
export interface PreparedRequest {
  readonly input: object;
  /** The answer's members are not to be trusted to be what the client's types say. */
  send(client: NetworkFlowMonitorClient, abortSignal: AbortSignal): Promise<{ readonly status?: unknown }>;
}

/** The status request of one family of the API. */
export interface StatusOperation {
  /** The API's name, the `operation` label. */
  readonly name: string;
  /** Errors that the service's model declares for it (2023-04-19). */
  readonly modelledErrors: readonly ApiErrorName[];
  prepare(query: WatchedQuery): PreparedRequest;
}

const STATUS_ERRORS: readonly ApiErrorName[] = [
  'AccessDeniedException',
  'InternalServerException',
  'ServiceQuotaExceededException',
  'ThrottlingException',
  'ValidationException',
];

export const STATUS_OPERATIONS: Readonly<Record<QueryType, StatusOperation>> = {
  'monitor-top-contributors': {
    name: 'GetQueryStatusMonitorTopContributors',
    modelledErrors: STATUS_ERRORS,
    prepare({ monitorName, queryId }) {
      const command = new GetQueryStatusMonitorTopContributorsCommand({ monitorName, queryId });
      return { input: command.input, send: (client, abortSignal) => client.send(command, { abortSignal }) };
    },
  },
  'workload-insights-top-contributors': {
    name: 'GetQueryStatusWorkloadInsightsTopContributors',
    modelledErrors: STATUS_ERRORS,
    prepare({ scopeId, queryId }) {
      const command = new GetQueryStatusWorkloadInsightsTopContributorsCommand({ scopeId, queryId });
      return { input: command.input, send: (client, abortSignal) => client.send(command, { abortSignal }) };
    },
  },
  'workload-insights-top-contributors-data': {
    name: 'GetQueryStatusWorkloadInsightsTopContributorsData',
    modelledErrors: STATUS_ERRORS,
    prepare({ scopeId, queryId }) {
      const command = new GetQueryStatusWorkloadInsightsTopContributorsDataCommand({ scopeId, queryId });
      return { input: command.input, send: (client, abortSignal) => client.send(command, { abortSignal }) };
    },
  },
};
