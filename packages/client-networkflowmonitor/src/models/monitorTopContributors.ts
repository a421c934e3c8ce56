import type { MetadataBearer } from '@smithy/types';
import type { DestinationCategory, MetricUnit, MonitorMetric, QueryStatus } from './enums.ts';

/** A network component on the path of a flow. */
export interface TraversedComponent {
  componentId?: string | undefined;
  componentType?: string | undefined;
  componentArn?: string | undefined;
  serviceName?: string | undefined;
}

/** Names in the cluster, for flows of EKS nodes that run the agent. */
export interface KubernetesMetadata {
  localServiceName?: string | undefined;
  localPodName?: string | undefined;
  localPodNamespace?: string | undefined;
  remoteServiceName?: string | undefined;
  remotePodName?: string | undefined;
  remotePodNamespace?: string | undefined;
}

/** A flow of a monitor. The service omits unknown members, or sends null (read as omitted) or `""`. */
export interface MonitorTopContributorsRow {
  localIp?: string | undefined;
  snatIp?: string | undefined;
  localInstanceId?: string | undefined;
  localVpcId?: string | undefined;
  localRegion?: string | undefined;
  /** An Availability Zone ID (`use1-az6`) in the known samples. */
  localAz?: string | undefined;
  localSubnetId?: string | undefined;
  /** 0 in the mirror row, which the flow's other end reports. */
  targetPort?: number | undefined;
  destinationCategory?: DestinationCategory | undefined;
  remoteVpcId?: string | undefined;
  remoteRegion?: string | undefined;
  remoteAz?: string | undefined;
  remoteSubnetId?: string | undefined;
  remoteInstanceId?: string | undefined;
  remoteIp?: string | undefined;
  dnatIp?: string | undefined;
  /** Over the query's window, in the unit of the response: a 64-bit integer, exact up to 2^53. */
  value?: number | undefined;
  traversedConstructs?: TraversedComponent[] | undefined;
  kubernetesMetadata?: KubernetesMetadata | undefined;
  localInstanceArn?: string | undefined;
  localSubnetArn?: string | undefined;
  localVpcArn?: string | undefined;
  remoteInstanceArn?: string | undefined;
  remoteSubnetArn?: string | undefined;
  remoteVpcArn?: string | undefined;
}

export interface StartQueryMonitorTopContributorsInput {
  monitorName: string | undefined;
  /** Start of the window. */
  startTime: Date | undefined;
  /** End of the window, at most an hour after its start. */
  endTime: Date | undefined;
  metricName: MonitorMetric | undefined;
  destinationCategory: DestinationCategory | undefined;
  /** Maximum number of rows, from 1 to 500. */
  limit?: number | undefined;
}

export interface StartQueryMonitorTopContributorsOutput {
  queryId: string | undefined;
}

export interface StartQueryMonitorTopContributorsCommandInput extends StartQueryMonitorTopContributorsInput {}
export interface StartQueryMonitorTopContributorsCommandOutput
  extends StartQueryMonitorTopContributorsOutput,
    MetadataBearer {}

export interface GetQueryStatusMonitorTopContributorsInput {
  monitorName: string | undefined;
  queryId: string | undefined;
}

export interface GetQueryStatusMonitorTopContributorsOutput {
  status: QueryStatus | undefined;
}

export interface GetQueryStatusMonitorTopContributorsCommandInput extends GetQueryStatusMonitorTopContributorsInput {}
export interface GetQueryStatusMonitorTopContributorsCommandOutput
  extends GetQueryStatusMonitorTopContributorsOutput,
    MetadataBearer {}

export interface GetQueryResultsMonitorTopContributorsInput {
  monitorName: string | undefined;
  queryId: string | undefined;
  nextToken?: string | undefined;
  /** Rows per page. */
  maxResults?: number | undefined;
}

export interface GetQueryResultsMonitorTopContributorsOutput {
  /** Unit of the `value` of all rows. */
  unit?: MetricUnit | undefined;
  topContributors?: MonitorTopContributorsRow[] | undefined;
  /** Token of the next page; none after the last one. */
  nextToken?: string | undefined;
}

export interface GetQueryResultsMonitorTopContributorsCommandInput extends GetQueryResultsMonitorTopContributorsInput {}
export interface GetQueryResultsMonitorTopContributorsCommandOutput
  extends GetQueryResultsMonitorTopContributorsOutput,
    MetadataBearer {}

export interface StopQueryMonitorTopContributorsInput {
  monitorName: string | undefined;
  queryId: string | undefined;
}

// biome-ignore lint/suspicious/noEmptyInterface: the response has no members, and AWS's package names it so
export interface StopQueryMonitorTopContributorsOutput {}

export interface StopQueryMonitorTopContributorsCommandInput extends StopQueryMonitorTopContributorsInput {}
export interface StopQueryMonitorTopContributorsCommandOutput
  extends StopQueryMonitorTopContributorsOutput,
    MetadataBearer {}
