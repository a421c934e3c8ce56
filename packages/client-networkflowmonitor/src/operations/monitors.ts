import type { MetadataBearer } from '@smithy/types';
import { command } from '../command.ts';
import type { GetMonitorInput, GetMonitorOutput, ListMonitorsInput, ListMonitorsOutput } from '../models/monitors.ts';
import { inQuery, LABEL, list, NUMBER, operation, structure, TAG_MAP, TEXT, TIMESTAMP } from '../shapes.ts';

const GetMonitor = operation(
  'GetMonitor',
  ['GET', '/monitors/{monitorName}'],
  { monitorName: LABEL },
  {
    monitorArn: TEXT,
    monitorName: TEXT,
    monitorStatus: TEXT,
    localResources: list('MonitorLocalResources', structure('MonitorLocalResource', { type: TEXT, identifier: TEXT })),
    remoteResources: list(
      'MonitorRemoteResources',
      structure('MonitorRemoteResource', { type: TEXT, identifier: TEXT }),
    ),
    createdAt: TIMESTAMP,
    modifiedAt: TIMESTAMP,
    tags: TAG_MAP,
  },
);

export interface GetMonitorCommandInput extends GetMonitorInput {}
export interface GetMonitorCommandOutput extends GetMonitorOutput, MetadataBearer {}

/** Reads a monitor. */
export class GetMonitorCommand extends command<GetMonitorCommandInput, GetMonitorCommandOutput>(GetMonitor) {}

const ListMonitors = operation(
  'ListMonitors',
  ['GET', '/monitors'],
  {
    nextToken: inQuery('nextToken', TEXT),
    maxResults: inQuery('maxResults', NUMBER),
    monitorStatus: inQuery('monitorStatus', TEXT),
  },
  {
    monitors: list(
      'MonitorList',
      structure('MonitorSummary', { monitorArn: TEXT, monitorName: TEXT, monitorStatus: TEXT }),
    ),
    nextToken: TEXT,
  },
);

export interface ListMonitorsCommandInput extends ListMonitorsInput {}
export interface ListMonitorsCommandOutput extends ListMonitorsOutput, MetadataBearer {}

/** Lists the account's monitors in the Region, a page at a time. */
export class ListMonitorsCommand extends command<ListMonitorsCommandInput, ListMonitorsCommandOutput>(ListMonitors) {}
