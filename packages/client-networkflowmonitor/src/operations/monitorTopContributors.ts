import { command } from '../command.ts';
import type {
  GetQueryResultsMonitorTopContributorsCommandInput,
  GetQueryResultsMonitorTopContributorsCommandOutput,
  GetQueryStatusMonitorTopContributorsCommandInput,
  GetQueryStatusMonitorTopContributorsCommandOutput,
  StartQueryMonitorTopContributorsCommandInput,
  StartQueryMonitorTopContributorsCommandOutput,
  StopQueryMonitorTopContributorsCommandInput,
  StopQueryMonitorTopContributorsCommandOutput,
} from '../models/monitorTopContributors.ts';
import { DATE_TIME, inQuery, LABEL, list, NUMBER, operation, structure, TEXT } from '../shapes.ts';

const MonitorTopContributorsRow = structure('MonitorTopContributorsRow', {
  localIp: TEXT,
  snatIp: TEXT,
  localInstanceId: TEXT,
  localVpcId: TEXT,
  localRegion: TEXT,
  localAz: TEXT,
  localSubnetId: TEXT,
  targetPort: NUMBER,
  destinationCategory: TEXT,
  remoteVpcId: TEXT,
  remoteRegion: TEXT,
  remoteAz: TEXT,
  remoteSubnetId: TEXT,
  remoteInstanceId: TEXT,
  remoteIp: TEXT,
  dnatIp: TEXT,
  value: NUMBER,
  traversedConstructs: list(
    'TraversedConstructsList',
    structure('TraversedComponent', {
      componentId: TEXT,
      componentType: TEXT,
      componentArn: TEXT,
      serviceName: TEXT,
    }),
  ),
  kubernetesMetadata: structure('KubernetesMetadata', {
    localServiceName: TEXT,
    localPodName: TEXT,
    localPodNamespace: TEXT,
    remoteServiceName: TEXT,
    remotePodName: TEXT,
    remotePodNamespace: TEXT,
  }),
  localInstanceArn: TEXT,
  localSubnetArn: TEXT,
  localVpcArn: TEXT,
  remoteInstanceArn: TEXT,
  remoteSubnetArn: TEXT,
  remoteVpcArn: TEXT,
});

const StartQueryMonitorTopContributors = operation(
  'StartQueryMonitorTopContributors',
  ['POST', '/monitors/{monitorName}/topContributorsQueries'],
  {
    monitorName: LABEL,
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

/** Starts a query for the top flows of a monitor in a window. */
export class StartQueryMonitorTopContributorsCommand extends command<
  StartQueryMonitorTopContributorsCommandInput,
  StartQueryMonitorTopContributorsCommandOutput
>(StartQueryMonitorTopContributors) {}

const GetQueryStatusMonitorTopContributors = operation(
  'GetQueryStatusMonitorTopContributors',
  ['GET', '/monitors/{monitorName}/topContributorsQueries/{queryId}/status'],
  {
    monitorName: LABEL,
    queryId: LABEL,
  },
  {
    status: TEXT,
  },
);

/** Reads the status of a query. */
export class GetQueryStatusMonitorTopContributorsCommand extends command<
  GetQueryStatusMonitorTopContributorsCommandInput,
  GetQueryStatusMonitorTopContributorsCommandOutput
>(GetQueryStatusMonitorTopContributors) {}

const GetQueryResultsMonitorTopContributors = operation(
  'GetQueryResultsMonitorTopContributors',
  ['GET', '/monitors/{monitorName}/topContributorsQueries/{queryId}/results'],
  {
    monitorName: LABEL,
    queryId: LABEL,
    nextToken: inQuery('nextToken', TEXT),
    maxResults: inQuery('maxResults', NUMBER),
  },
  {
    unit: TEXT,
    topContributors: list('MonitorTopContributorsRowList', MonitorTopContributorsRow),
    nextToken: TEXT,
  },
);

/** Reads a page of a query's results. */
export class GetQueryResultsMonitorTopContributorsCommand extends command<
  GetQueryResultsMonitorTopContributorsCommandInput,
  GetQueryResultsMonitorTopContributorsCommandOutput
>(GetQueryResultsMonitorTopContributors) {}

const StopQueryMonitorTopContributors = operation(
  'StopQueryMonitorTopContributors',
  ['DELETE', '/monitors/{monitorName}/topContributorsQueries/{queryId}'],
  {
    monitorName: LABEL,
    queryId: LABEL,
  },
  {},
);

/** Stops a query. */
export class StopQueryMonitorTopContributorsCommand extends command<
  StopQueryMonitorTopContributorsCommandInput,
  StopQueryMonitorTopContributorsCommandOutput
>(StopQueryMonitorTopContributors) {}
