import { createPaginator } from '@smithy/core';
import type { PaginationConfiguration, Paginator } from '@smithy/types';
import type { ListMonitorsCommandInput, ListMonitorsCommandOutput } from './models/monitors.ts';
import type {
  GetQueryResultsMonitorTopContributorsCommandInput,
  GetQueryResultsMonitorTopContributorsCommandOutput,
} from './models/monitorTopContributors.ts';
import type { ListScopesCommandInput, ListScopesCommandOutput } from './models/scopes.ts';
import type {
  GetQueryResultsWorkloadInsightsTopContributorsCommandInput,
  GetQueryResultsWorkloadInsightsTopContributorsCommandOutput,
} from './models/workloadInsightsTopContributors.ts';
import type {
  GetQueryResultsWorkloadInsightsTopContributorsDataCommandInput,
  GetQueryResultsWorkloadInsightsTopContributorsDataCommandOutput,
} from './models/workloadInsightsTopContributorsData.ts';
import { NetworkFlowMonitorClient } from './NetworkFlowMonitorClient.ts';
import { ListMonitorsCommand } from './operations/monitors.ts';
import { GetQueryResultsMonitorTopContributorsCommand } from './operations/monitorTopContributors.ts';
import { ListScopesCommand } from './operations/scopes.ts';
import { GetQueryResultsWorkloadInsightsTopContributorsCommand } from './operations/workloadInsightsTopContributors.ts';
import { GetQueryResultsWorkloadInsightsTopContributorsDataCommand } from './operations/workloadInsightsTopContributorsData.ts';

export interface NetworkFlowMonitorPaginationConfiguration extends PaginationConfiguration {
  client: NetworkFlowMonitorClient;
}

/** Yields all pages of an operation, until one has no token. An empty page with a token is not the last one. */
type Paginate<Input, Output> = (
  config: NetworkFlowMonitorPaginationConfiguration,
  input: Input,
  ...rest: unknown[]
) => Paginator<Output>;

export const paginateGetQueryResultsMonitorTopContributors: Paginate<
  GetQueryResultsMonitorTopContributorsCommandInput,
  GetQueryResultsMonitorTopContributorsCommandOutput
> = createPaginator(
  NetworkFlowMonitorClient,
  GetQueryResultsMonitorTopContributorsCommand,
  'nextToken',
  'nextToken',
  'maxResults',
);

export const paginateGetQueryResultsWorkloadInsightsTopContributors: Paginate<
  GetQueryResultsWorkloadInsightsTopContributorsCommandInput,
  GetQueryResultsWorkloadInsightsTopContributorsCommandOutput
> = createPaginator(
  NetworkFlowMonitorClient,
  GetQueryResultsWorkloadInsightsTopContributorsCommand,
  'nextToken',
  'nextToken',
  'maxResults',
);

export const paginateGetQueryResultsWorkloadInsightsTopContributorsData: Paginate<
  GetQueryResultsWorkloadInsightsTopContributorsDataCommandInput,
  GetQueryResultsWorkloadInsightsTopContributorsDataCommandOutput
> = createPaginator(
  NetworkFlowMonitorClient,
  GetQueryResultsWorkloadInsightsTopContributorsDataCommand,
  'nextToken',
  'nextToken',
  'maxResults',
);

export const paginateListMonitors: Paginate<ListMonitorsCommandInput, ListMonitorsCommandOutput> = createPaginator(
  NetworkFlowMonitorClient,
  ListMonitorsCommand,
  'nextToken',
  'nextToken',
  'maxResults',
);

export const paginateListScopes: Paginate<ListScopesCommandInput, ListScopesCommandOutput> = createPaginator(
  NetworkFlowMonitorClient,
  ListScopesCommand,
  'nextToken',
  'nextToken',
  'maxResults',
);
