import { command } from '../command.ts';
import type {
  GetQueryResultsWorkloadInsightsTopContributorsDataCommandInput,
  GetQueryResultsWorkloadInsightsTopContributorsDataCommandOutput,
  GetQueryStatusWorkloadInsightsTopContributorsDataCommandInput,
  GetQueryStatusWorkloadInsightsTopContributorsDataCommandOutput,
  StartQueryWorkloadInsightsTopContributorsDataCommandInput,
  StartQueryWorkloadInsightsTopContributorsDataCommandOutput,
  StopQueryWorkloadInsightsTopContributorsDataCommandInput,
  StopQueryWorkloadInsightsTopContributorsDataCommandOutput,
} from '../models/workloadInsightsTopContributorsData.ts';
import { DATE_TIME, inQuery, LABEL, list, NUMBER, operation, structure, TEXT } from '../shapes.ts';

const WorkloadInsightsTopContributorsDataPoint = structure('WorkloadInsightsTopContributorsDataPoint', {
  timestamps: list('WorkloadInsightsTopContributorsTimestampsList', DATE_TIME),
  values: list('WorkloadInsightsTopContributorsValuesList', NUMBER),
  label: TEXT,
});

const StartQueryWorkloadInsightsTopContributorsData = operation(
  'StartQueryWorkloadInsightsTopContributorsData',
  ['POST', '/workloadInsights/{scopeId}/topContributorsDataQueries'],
  {
    scopeId: LABEL,
    startTime: DATE_TIME,
    endTime: DATE_TIME,
    metricName: TEXT,
    destinationCategory: TEXT,
  },
  {
    queryId: TEXT,
  },
);

/** Starts a query for time series of the top workloads of a scope in a window. */
export class StartQueryWorkloadInsightsTopContributorsDataCommand extends command<
  StartQueryWorkloadInsightsTopContributorsDataCommandInput,
  StartQueryWorkloadInsightsTopContributorsDataCommandOutput
>(StartQueryWorkloadInsightsTopContributorsData) {}

const GetQueryStatusWorkloadInsightsTopContributorsData = operation(
  'GetQueryStatusWorkloadInsightsTopContributorsData',
  ['GET', '/workloadInsights/{scopeId}/topContributorsDataQueries/{queryId}/status'],
  {
    scopeId: LABEL,
    queryId: LABEL,
  },
  {
    status: TEXT,
  },
);

/** Reads the status of a query. */
export class GetQueryStatusWorkloadInsightsTopContributorsDataCommand extends command<
  GetQueryStatusWorkloadInsightsTopContributorsDataCommandInput,
  GetQueryStatusWorkloadInsightsTopContributorsDataCommandOutput
>(GetQueryStatusWorkloadInsightsTopContributorsData) {}

const GetQueryResultsWorkloadInsightsTopContributorsData = operation(
  'GetQueryResultsWorkloadInsightsTopContributorsData',
  ['GET', '/workloadInsights/{scopeId}/topContributorsDataQueries/{queryId}/results'],
  {
    scopeId: LABEL,
    queryId: LABEL,
    nextToken: inQuery('nextToken', TEXT),
    maxResults: inQuery('maxResults', NUMBER),
  },
  {
    unit: TEXT,
    datapoints: list('WorkloadInsightsTopContributorsDataPoints', WorkloadInsightsTopContributorsDataPoint),
    nextToken: TEXT,
  },
);

/** Reads a page of a query's results. */
export class GetQueryResultsWorkloadInsightsTopContributorsDataCommand extends command<
  GetQueryResultsWorkloadInsightsTopContributorsDataCommandInput,
  GetQueryResultsWorkloadInsightsTopContributorsDataCommandOutput
>(GetQueryResultsWorkloadInsightsTopContributorsData) {}

const StopQueryWorkloadInsightsTopContributorsData = operation(
  'StopQueryWorkloadInsightsTopContributorsData',
  ['DELETE', '/workloadInsights/{scopeId}/topContributorsDataQueries/{queryId}'],
  {
    scopeId: LABEL,
    queryId: LABEL,
  },
  {},
);

/** Stops a query. */
export class StopQueryWorkloadInsightsTopContributorsDataCommand extends command<
  StopQueryWorkloadInsightsTopContributorsDataCommandInput,
  StopQueryWorkloadInsightsTopContributorsDataCommandOutput
>(StopQueryWorkloadInsightsTopContributorsData) {}
