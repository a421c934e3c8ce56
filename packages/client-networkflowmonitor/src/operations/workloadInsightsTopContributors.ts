import { command } from '../command.ts';
import type {
  GetQueryResultsWorkloadInsightsTopContributorsCommandInput,
  GetQueryResultsWorkloadInsightsTopContributorsCommandOutput,
  GetQueryStatusWorkloadInsightsTopContributorsCommandInput,
  GetQueryStatusWorkloadInsightsTopContributorsCommandOutput,
  StartQueryWorkloadInsightsTopContributorsCommandInput,
  StartQueryWorkloadInsightsTopContributorsCommandOutput,
  StopQueryWorkloadInsightsTopContributorsCommandInput,
  StopQueryWorkloadInsightsTopContributorsCommandOutput,
} from '../models/workloadInsightsTopContributors.ts';
import { DATE_TIME, inQuery, LABEL, list, NUMBER, operation, structure, TEXT } from '../shapes.ts';

const WorkloadInsightsTopContributorsRow = structure('WorkloadInsightsTopContributorsRow', {
  accountId: TEXT,
  localSubnetId: TEXT,
  localAz: TEXT,
  localVpcId: TEXT,
  localRegion: TEXT,
  remoteIdentifier: TEXT,
  value: NUMBER,
  localSubnetArn: TEXT,
  localVpcArn: TEXT,
});

const StartQueryWorkloadInsightsTopContributors = operation(
  'StartQueryWorkloadInsightsTopContributors',
  ['POST', '/workloadInsights/{scopeId}/topContributorsQueries'],
  {
    scopeId: LABEL,
    startTime: DATE_TIME,
    endTime: DATE_TIME,
    metricName: TEXT,
    destinationCategory: TEXT,
    limit: NUMBER,
  },
  {
    queryId: TEXT,
  },
);

/** Starts a query for the top workloads of a scope in a window. */
export class StartQueryWorkloadInsightsTopContributorsCommand extends command<
  StartQueryWorkloadInsightsTopContributorsCommandInput,
  StartQueryWorkloadInsightsTopContributorsCommandOutput
>(StartQueryWorkloadInsightsTopContributors) {}

const GetQueryStatusWorkloadInsightsTopContributors = operation(
  'GetQueryStatusWorkloadInsightsTopContributors',
  ['GET', '/workloadInsights/{scopeId}/topContributorsQueries/{queryId}/status'],
  {
    scopeId: LABEL,
    queryId: LABEL,
  },
  {
    status: TEXT,
  },
);

/** Reads the status of a query. */
export class GetQueryStatusWorkloadInsightsTopContributorsCommand extends command<
  GetQueryStatusWorkloadInsightsTopContributorsCommandInput,
  GetQueryStatusWorkloadInsightsTopContributorsCommandOutput
>(GetQueryStatusWorkloadInsightsTopContributors) {}

const GetQueryResultsWorkloadInsightsTopContributors = operation(
  'GetQueryResultsWorkloadInsightsTopContributors',
  ['GET', '/workloadInsights/{scopeId}/topContributorsQueries/{queryId}/results'],
  {
    scopeId: LABEL,
    queryId: LABEL,
    nextToken: inQuery('nextToken', TEXT),
    maxResults: inQuery('maxResults', NUMBER),
  },
  {
    topContributors: list('WorkloadInsightsTopContributorsRowList', WorkloadInsightsTopContributorsRow),
    nextToken: TEXT,
  },
);

/** Reads a page of a query's results. */
export class GetQueryResultsWorkloadInsightsTopContributorsCommand extends command<
  GetQueryResultsWorkloadInsightsTopContributorsCommandInput,
  GetQueryResultsWorkloadInsightsTopContributorsCommandOutput
>(GetQueryResultsWorkloadInsightsTopContributors) {}

const StopQueryWorkloadInsightsTopContributors = operation(
  'StopQueryWorkloadInsightsTopContributors',
  ['DELETE', '/workloadInsights/{scopeId}/topContributorsQueries/{queryId}'],
  {
    scopeId: LABEL,
    queryId: LABEL,
  },
  {},
);

/** Stops a query. */
export class StopQueryWorkloadInsightsTopContributorsCommand extends command<
  StopQueryWorkloadInsightsTopContributorsCommandInput,
  StopQueryWorkloadInsightsTopContributorsCommandOutput
>(StopQueryWorkloadInsightsTopContributors) {}
