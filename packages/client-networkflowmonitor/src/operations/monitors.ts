import { command } from '../command.ts';
import type {
  GetMonitorCommandInput,
  GetMonitorCommandOutput,
  ListMonitorsCommandInput,
  ListMonitorsCommandOutput,
} from '../models/monitors.ts';
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

/** Lists the account's monitors in the Region, one page per call. */
export class ListMonitorsCommand extends command<ListMonitorsCommandInput, ListMonitorsCommandOutput>(ListMonitors) {}
