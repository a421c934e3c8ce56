import type * as model from '@aws-sdk/client-networkflowmonitor';
import { isPathSegment, isRequestableArn, isRequestableToken } from '../config/reading/texts.ts';
import type { ScheduledQuery } from '../model/query.ts';
import type { Window } from '../model/run.ts';
import type * as vocabulary from '../model/vocabulary.ts';
import type { MetricName, QueryType } from '../model/vocabulary.ts';
import type { SdkOperation } from './calls.ts';
import { ApiError, type ApiErrorName } from './errors.ts';
import type { Sdk } from './sdk.ts';

/** An operation of the API, with the errors of the service's model of 2023-04-19. */
export type Operation<Arguments> = SdkOperation<Sdk, Arguments>;

/** Identifies a query at the service. */
export interface QueryReference {
  readonly monitorName: string | undefined;
  readonly scopeId: string | undefined;
  readonly queryId: string | undefined;
}

export type StartArguments = Pick<
  ScheduledQuery,
  'monitorName' | 'scopeId' | 'metricName' | 'destinationCategory' | 'limit'
> & { readonly window: Pick<Window, 'start' | 'end'> };

type PageArguments = QueryReference & { readonly nextToken: string | undefined };

export interface QueryOperations {
  readonly start: Operation<StartArguments>;
  readonly status: Operation<QueryReference>;
  readonly results: Operation<PageArguments>;
  readonly stop: Operation<QueryReference>;
}

type Commands = Sdk['commands'];
/** Names of the operations with commands in the SDK. */
type OperationName = keyof { [Key in keyof Commands as Key extends `${infer Name}Command` ? Name : never]: true };
type InputOf<Name extends OperationName> = NonNullable<ConstructorParameters<Commands[`${Name}Command`]>[0]>;

/** Defines an operation. `inputOf` returns its input, of the SDK's type. */
function operation<Name extends OperationName, Arguments>(
  name: Name,
  modelledErrors: readonly ApiErrorName[],
  inputOf: (args: Arguments) => InputOf<Name>,
): Operation<Arguments> {
  return {
    name,
    modelledErrors,
    prepare(args) {
      const input = inputOf(args);
      check(name, input);
      return {
        input,
        send({ client, commands }, signal) {
          // The type of a command cannot depend on a parameter. GetMonitor represents all; `inputOf` has the right type.
          const Command = commands[`${name}Command`] as unknown as Commands['GetMonitorCommand'];
          return client.send(new Command(input as InputOf<'GetMonitor'>), { abortSignal: signal });
        },
      };
    },
  };
}

/** Names and IDs are validated when they are read. Signed requests must not depend on that. @throws ApiError */
function check(operation: string, input: object): void {
  for (const [member, value] of Object.entries(input)) {
    const isRequestable = { nextToken: isRequestableToken, resourceArn: isRequestableArn }[member] ?? isPathSegment;
    if (typeof value === 'string' && !isRequestable(value)) {
      const message = `cannot request ${member} ${shown(value)}: it is not a valid path segment`;
      throw new ApiError('OtherError', operation, message);
    }
  }
}

/** Formats a member of a request or a response for a message. */
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? value.slice(0, 100) : value;
  return text === undefined ? 'none' : JSON.stringify(text).slice(0, 100);
}

const COMMON_ERRORS: readonly ApiErrorName[] = [
  'AccessDeniedException',
  'InternalServerException',
  'ServiceQuotaExceededException',
  'ThrottlingException',
  'ValidationException',
];
const RESULTS_ERRORS: readonly ApiErrorName[] = [...COMMON_ERRORS, 'ResourceNotFoundException'];
const MONITORS_ERRORS = COMMON_ERRORS.filter((error) => error !== 'ServiceQuotaExceededException');
const SUBJECT_ERRORS: readonly ApiErrorName[] = [...MONITORS_ERRORS, 'ResourceNotFoundException' as const].toSorted();
const TAGS_ERRORS: readonly ApiErrorName[] = [...SUBJECT_ERRORS, 'ConflictException' as const].toSorted();

const ofMonitor = ({ monitorName, queryId }: QueryReference) => ({ monitorName, queryId });
const ofScope = ({ scopeId, queryId }: QueryReference) => ({ scopeId, queryId });
const pageOfMonitor = ({ nextToken, ...query }: PageArguments) => ({ ...ofMonitor(query), nextToken });
const pageOfScope = ({ nextToken, ...query }: PageArguments) => ({ ...ofScope(query), nextToken });

const startOf = ({ destinationCategory, window }: StartArguments) => ({
  startTime: new Date(window.start),
  endTime: new Date(window.end),
  destinationCategory: category(destinationCategory),
});
const startInMonitor = (query: StartArguments) => {
  const { monitorName, metricName, limit } = query;
  return { monitorName, metricName, limit, ...startOf(query) };
};
const startInScope = (query: StartArguments) => {
  const { scopeId, metricName } = query;
  return { scopeId, metricName: workloadInsightsMetric(metricName), ...startOf(query) };
};

export const QUERY_OPERATIONS: Readonly<Record<QueryType, QueryOperations>> = {
  'monitor-top-contributors': {
    start: operation('StartQueryMonitorTopContributors', COMMON_ERRORS, startInMonitor),
    status: operation('GetQueryStatusMonitorTopContributors', COMMON_ERRORS, ofMonitor),
    results: operation('GetQueryResultsMonitorTopContributors', RESULTS_ERRORS, pageOfMonitor),
    stop: operation('StopQueryMonitorTopContributors', COMMON_ERRORS, ofMonitor),
  },
  'workload-insights-top-contributors': {
    start: operation('StartQueryWorkloadInsightsTopContributors', COMMON_ERRORS, (query: StartArguments) => ({
      ...startInScope(query),
      limit: query.limit,
    })),
    status: operation('GetQueryStatusWorkloadInsightsTopContributors', COMMON_ERRORS, ofScope),
    results: operation('GetQueryResultsWorkloadInsightsTopContributors', RESULTS_ERRORS, pageOfScope),
    stop: operation('StopQueryWorkloadInsightsTopContributors', COMMON_ERRORS, ofScope),
  },
  'workload-insights-top-contributors-data': {
    start: operation('StartQueryWorkloadInsightsTopContributorsData', COMMON_ERRORS, startInScope),
    status: operation('GetQueryStatusWorkloadInsightsTopContributorsData', COMMON_ERRORS, ofScope),
    results: operation('GetQueryResultsWorkloadInsightsTopContributorsData', RESULTS_ERRORS, pageOfScope),
    stop: operation('StopQueryWorkloadInsightsTopContributorsData', COMMON_ERRORS, ofScope),
  },
};

export const SUBJECT_OPERATIONS = {
  monitor: operation('GetMonitor', SUBJECT_ERRORS, (monitorName: string) => ({ monitorName })),
  scope: operation('GetScope', [...SUBJECT_ERRORS, 'ServiceQuotaExceededException'], (scopeId: string) => ({
    scopeId,
  })),
};

interface ListArguments {
  readonly nextToken: string | undefined;
}

/** 25 is the model's maximum of monitors or scopes per page. */
const listPage = ({ nextToken }: ListArguments) => ({ nextToken, maxResults: 25 });

export const LIST_OPERATIONS = {
  monitors: operation('ListMonitors', MONITORS_ERRORS, listPage),
  scopes: operation('ListScopes', COMMON_ERRORS, listPage),
};

export type ListKind = keyof typeof LIST_OPERATIONS;

export const TAGS_OPERATION = operation('ListTagsForResource', TAGS_ERRORS, (resourceArn: string) => ({ resourceArn }));

/** The service extends its categories without notice, and accepts some that the model lacks. They are not validated here. */
function category(name: string): model.DestinationCategory {
  return name as model.DestinationCategory;
}

/** The configuration rejects ROUND_TRIP_TIME for these types, and the service would, too. */
function workloadInsightsMetric(name: MetricName): model.WorkloadInsightsMetric {
  return name as model.WorkloadInsightsMetric;
}

// Compiles only if the closed lists of the vocabulary match the service's model.

type Item<List extends keyof typeof vocabulary> = (typeof vocabulary)[List] extends readonly (infer Each)[]
  ? Each
  : never;
/** `true`, or the members that only one list has. */
type Same<Ours, Model> = [Ours, Model] extends [Model, Ours] ? true : Exclude<Ours, Model> | Exclude<Model, Ours>;

/** Converts `localVpcId` to `local_vpc_id`. */
type Snake<Text extends string> = Text extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${Snake<Rest>}`
  : '';
type Row = model.MonitorTopContributorsRow & model.WorkloadInsightsTopContributorsRow;
/** Members of rows that are not labels: numbers, lists, arguments of the query, and ARNs, which repeat the IDs. */
type NoLabel = 'value' | 'traversedConstructs' | 'kubernetesMetadata' | 'destinationCategory' | `${string}Arn`;

true satisfies Same<Item<'METRIC_NAMES'>, model.MonitorMetric>;
true satisfies Same<Exclude<Item<'METRIC_NAMES'>, 'ROUND_TRIP_TIME'>, model.WorkloadInsightsMetric>;
true satisfies Same<Item<'MODELLED_CATEGORIES'>, model.DestinationCategory>;
true satisfies Same<Item<'QUERY_STATUSES'>, model.QueryStatus>;
true satisfies Same<Item<'MONITOR_STATUSES'>, model.MonitorStatus>;
true satisfies Same<Item<'SCOPE_STATUSES'>, model.ScopeStatus>;
true satisfies Same<Item<'ROW_FIELD_LABELS'>, Snake<Exclude<keyof Row, NoLabel>>>;
true satisfies Same<Item<'KUBERNETES_LABELS'>, Snake<keyof model.KubernetesMetadata>>;
