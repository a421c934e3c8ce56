import type { MetadataBearer } from '@smithy/types';
import type { MonitorLocalResourceType, MonitorRemoteResourceType, MonitorStatus } from './enums.ts';

/** A location of agents: an ARN, or the name of an Availability Zone or Region. */
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

/** A monitor. The response does not contain its scope. */
export interface GetMonitorOutput {
  monitorArn: string | undefined;
  monitorName: string | undefined;
  monitorStatus: MonitorStatus | undefined;
  localResources: MonitorLocalResource[] | undefined;
  /** Empty: all destinations in the Region. */
  remoteResources: MonitorRemoteResource[] | undefined;
  createdAt: Date | undefined;
  modifiedAt: Date | undefined;
  tags?: Record<string, string> | undefined;
}

export interface GetMonitorCommandInput extends GetMonitorInput {}
export interface GetMonitorCommandOutput extends GetMonitorOutput, MetadataBearer {}

export interface ListMonitorsInput {
  nextToken?: string | undefined;
  /** Monitors per page, from 1 to 25. */
  maxResults?: number | undefined;
  /** Only monitors in this status. */
  monitorStatus?: MonitorStatus | undefined;
}

export interface ListMonitorsOutput {
  monitors: MonitorSummary[] | undefined;
  /** Token of the next page; none after the last one. */
  nextToken?: string | undefined;
}

export interface ListMonitorsCommandInput extends ListMonitorsInput {}
export interface ListMonitorsCommandOutput extends ListMonitorsOutput, MetadataBearer {}
