import type { MetadataBearer } from '@smithy/types';
import type { DestinationCategory, MetricUnit, QueryStatus, WorkloadInsightsMetric } from './enums.ts';

/** A time series: `timestamps[i]` is the time of `values[i]`. */
export interface WorkloadInsightsTopContributorsDataPoint {
  timestamps: Date[] | undefined;
  /** In the unit of the response. */
  values: number[] | undefined;
  label: string | undefined;
}

export interface StartQueryWorkloadInsightsTopContributorsDataInput {
  scopeId: string | undefined;
  /** Start of the window. */
  startTime: Date | undefined;
  /** End of the window, at most an hour after its start. */
  endTime: Date | undefined;
  metricName: WorkloadInsightsMetric | undefined;
  destinationCategory: DestinationCategory | undefined;
}

export interface StartQueryWorkloadInsightsTopContributorsDataOutput {
  queryId: string | undefined;
}

export interface StartQueryWorkloadInsightsTopContributorsDataCommandInput
  extends StartQueryWorkloadInsightsTopContributorsDataInput {}
export interface StartQueryWorkloadInsightsTopContributorsDataCommandOutput
  extends StartQueryWorkloadInsightsTopContributorsDataOutput,
    MetadataBearer {}

export interface GetQueryStatusWorkloadInsightsTopContributorsDataInput {
  scopeId: string | undefined;
  queryId: string | undefined;
}

export interface GetQueryStatusWorkloadInsightsTopContributorsDataOutput {
  status: QueryStatus | undefined;
}

export interface GetQueryStatusWorkloadInsightsTopContributorsDataCommandInput
  extends GetQueryStatusWorkloadInsightsTopContributorsDataInput {}
export interface GetQueryStatusWorkloadInsightsTopContributorsDataCommandOutput
  extends GetQueryStatusWorkloadInsightsTopContributorsDataOutput,
    MetadataBearer {}

export interface GetQueryResultsWorkloadInsightsTopContributorsDataInput {
  scopeId: string | undefined;
  queryId: string | undefined;
  nextToken?: string | undefined;
  /** Series per page. */
  maxResults?: number | undefined;
}

export interface GetQueryResultsWorkloadInsightsTopContributorsDataOutput {
  /** Unit of all values. */
  unit: MetricUnit | undefined;
  datapoints: WorkloadInsightsTopContributorsDataPoint[] | undefined;
  /** Token of the next page; none after the last one. */
  nextToken?: string | undefined;
}

export interface GetQueryResultsWorkloadInsightsTopContributorsDataCommandInput
  extends GetQueryResultsWorkloadInsightsTopContributorsDataInput {}
export interface GetQueryResultsWorkloadInsightsTopContributorsDataCommandOutput
  extends GetQueryResultsWorkloadInsightsTopContributorsDataOutput,
    MetadataBearer {}

export interface StopQueryWorkloadInsightsTopContributorsDataInput {
  scopeId: string | undefined;
  queryId: string | undefined;
}

// biome-ignore lint/suspicious/noEmptyInterface: the response has no members, and AWS's package names it so
export interface StopQueryWorkloadInsightsTopContributorsDataOutput {}

export interface StopQueryWorkloadInsightsTopContributorsDataCommandInput
  extends StopQueryWorkloadInsightsTopContributorsDataInput {}
export interface StopQueryWorkloadInsightsTopContributorsDataCommandOutput
  extends StopQueryWorkloadInsightsTopContributorsDataOutput,
    MetadataBearer {}
