import type { MetadataBearer } from '@smithy/types';
import type { MonitorLocalResourceType, MonitorRemoteResourceType, MonitorStatus } from './enums.ts';

/** A place where agents run: an ARN, or the name of an Availability Zone or Region. */
export interface MonitorLocalResource {
  type: MonitorLocalResourceType | undefined;
  identifier: string | undefined;
}

/** The other end of the flows: an ARN, the name of an Availability Zone or Region, or `S3` or `DynamoDB`. */
export interface MonitorRemoteResource {
  type: MonitorRemoteResourceType | undefined;
  identifier: string | undefined;
}

export interface MonitorSummary {
  monitorArn: string | undefined;
  monitorName: string | undefined;
  monitorStatus: MonitorStatus | undefined;
}

export interface GetMonitorInput {
  monitorName: string | undefined;
}

/** A monitor. The scope it was made in is not part of the answer. */
export interface GetMonitorOutput {
  monitorArn: string | undefined;
  monitorName: string | undefined;
  monitorStatus: MonitorStatus | undefined;
  localResources: MonitorLocalResource[] | undefined;
  /** Empty: every destination that ends in the Region. */
  remoteResources: MonitorRemoteResource[] | undefined;
  createdAt: Date | undefined;
  modifiedAt: Date | undefined;
  tags?: Record<string, string> | undefined;
}

export interface GetMonitorCommandInput extends GetMonitorInput {}
export interface GetMonitorCommandOutput extends GetMonitorOutput, MetadataBearer {}

export interface ListMonitorsInput {
  nextToken?: string | undefined;
  /** Monitors a page, 1 to 25. */
  maxResults?: number | undefined;
  /** Only monitors in this status. */
  monitorStatus?: MonitorStatus | undefined;
}

export interface ListMonitorsOutput {
  monitors: MonitorSummary[] | undefined;
  /** Where the next page begins; none after the last. */
  nextToken?: string | undefined;
}

export interface ListMonitorsCommandInput extends ListMonitorsInput {}
export interface ListMonitorsCommandOutput extends ListMonitorsOutput, MetadataBearer {}
