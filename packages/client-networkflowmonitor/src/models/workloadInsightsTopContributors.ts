import type { MetadataBearer } from '@smithy/types';
import type { DestinationCategory, QueryStatus, WorkloadInsightsMetric } from './enums.ts';

/** Traffic of a local subnet with a remote end. The service omits unknown members, or sends null or `""`. */
export interface WorkloadInsightsTopContributorsRow {
  /** Twelve digits. */
  accountId?: string | undefined;
  localSubnetId?: string | undefined;
  localAz?: string | undefined;
  localVpcId?: string | undefined;
  localRegion?: string | undefined;
  /** The remote end, which depends on the destination category: a subnet, an Availability Zone, or a service. */
  remoteIdentifier?: string | undefined;
  /** Bytes or a count over the query's window, depending on the metric: a 64-bit integer, exact up to 2^53. */
  value?: number | undefined;
  localSubnetArn?: string | undefined;
  localVpcArn?: string | undefined;
}

export interface StartQueryWorkloadInsightsTopContributorsInput {
  scopeId: string | undefined;
  /** Start of the window. */
  startTime: Date | undefined;
  /** End of the window, at most an hour after its start. */
  endTime: Date | undefined;
  metricName: WorkloadInsightsMetric | undefined;
  destinationCategory: DestinationCategory | undefined;
  /** Maximum number of rows, from 1 to 500. */
  limit?: number | undefined;
}

export interface StartQueryWorkloadInsightsTopContributorsOutput {
  queryId: string | undefined;
}

export interface StartQueryWorkloadInsightsTopContributorsCommandInput
  extends StartQueryWorkloadInsightsTopContributorsInput {}
export interface StartQueryWorkloadInsightsTopContributorsCommandOutput
  extends StartQueryWorkloadInsightsTopContributorsOutput,
    MetadataBearer {}

export interface GetQueryStatusWorkloadInsightsTopContributorsInput {
  scopeId: string | undefined;
  queryId: string | undefined;
}

export interface GetQueryStatusWorkloadInsightsTopContributorsOutput {
  status: QueryStatus | undefined;
}

export interface GetQueryStatusWorkloadInsightsTopContributorsCommandInput
  extends GetQueryStatusWorkloadInsightsTopContributorsInput {}
export interface GetQueryStatusWorkloadInsightsTopContributorsCommandOutput
  extends GetQueryStatusWorkloadInsightsTopContributorsOutput,
    MetadataBearer {}

export interface GetQueryResultsWorkloadInsightsTopContributorsInput {
  scopeId: string | undefined;
  queryId: string | undefined;
  nextToken?: string | undefined;
  /** Rows per page. */
  maxResults?: number | undefined;
}

/** Results without a unit, unlike those of the other two query types. */
export interface GetQueryResultsWorkloadInsightsTopContributorsOutput {
  topContributors?: WorkloadInsightsTopContributorsRow[] | undefined;
  /** Token of the next page; none after the last one. */
  nextToken?: string | undefined;
}

export interface GetQueryResultsWorkloadInsightsTopContributorsCommandInput
  extends GetQueryResultsWorkloadInsightsTopContributorsInput {}
export interface GetQueryResultsWorkloadInsightsTopContributorsCommandOutput
  extends GetQueryResultsWorkloadInsightsTopContributorsOutput,
    MetadataBearer {}

export interface StopQueryWorkloadInsightsTopContributorsInput {
  scopeId: string | undefined;
  queryId: string | undefined;
}

// biome-ignore lint/suspicious/noEmptyInterface: the response has no members, and AWS's package names it so
export interface StopQueryWorkloadInsightsTopContributorsOutput {}

export interface StopQueryWorkloadInsightsTopContributorsCommandInput
  extends StopQueryWorkloadInsightsTopContributorsInput {}
export interface StopQueryWorkloadInsightsTopContributorsCommandOutput
  extends StopQueryWorkloadInsightsTopContributorsOutput,
    MetadataBearer {}
