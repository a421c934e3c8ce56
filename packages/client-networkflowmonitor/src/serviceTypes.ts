import type {
  GetMonitorCommandInput,
  GetMonitorCommandOutput,
  ListMonitorsCommandInput,
  ListMonitorsCommandOutput,
} from './models/monitors.ts';
import type {
  GetQueryResultsMonitorTopContributorsCommandInput,
  GetQueryResultsMonitorTopContributorsCommandOutput,
  GetQueryStatusMonitorTopContributorsCommandInput,
  GetQueryStatusMonitorTopContributorsCommandOutput,
  StartQueryMonitorTopContributorsCommandInput,
  StartQueryMonitorTopContributorsCommandOutput,
  StopQueryMonitorTopContributorsCommandInput,
  StopQueryMonitorTopContributorsCommandOutput,
} from './models/monitorTopContributors.ts';
import type {
  GetScopeCommandInput,
  GetScopeCommandOutput,
  ListScopesCommandInput,
  ListScopesCommandOutput,
} from './models/scopes.ts';
import type { ListTagsForResourceCommandInput, ListTagsForResourceCommandOutput } from './models/tags.ts';
import type {
  GetQueryResultsWorkloadInsightsTopContributorsCommandInput,
  GetQueryResultsWorkloadInsightsTopContributorsCommandOutput,
  GetQueryStatusWorkloadInsightsTopContributorsCommandInput,
  GetQueryStatusWorkloadInsightsTopContributorsCommandOutput,
  StartQueryWorkloadInsightsTopContributorsCommandInput,
  StartQueryWorkloadInsightsTopContributorsCommandOutput,
  StopQueryWorkloadInsightsTopContributorsCommandInput,
  StopQueryWorkloadInsightsTopContributorsCommandOutput,
} from './models/workloadInsightsTopContributors.ts';
import type {
  GetQueryResultsWorkloadInsightsTopContributorsDataCommandInput,
  GetQueryResultsWorkloadInsightsTopContributorsDataCommandOutput,
  GetQueryStatusWorkloadInsightsTopContributorsDataCommandInput,
  GetQueryStatusWorkloadInsightsTopContributorsDataCommandOutput,
  StartQueryWorkloadInsightsTopContributorsDataCommandInput,
  StartQueryWorkloadInsightsTopContributorsDataCommandOutput,
  StopQueryWorkloadInsightsTopContributorsDataCommandInput,
  StopQueryWorkloadInsightsTopContributorsDataCommandOutput,
} from './models/workloadInsightsTopContributorsData.ts';

/** The inputs of all commands. */
export type ServiceInputTypes =
  | GetQueryResultsMonitorTopContributorsCommandInput
  | GetQueryStatusMonitorTopContributorsCommandInput
  | StartQueryMonitorTopContributorsCommandInput
  | StopQueryMonitorTopContributorsCommandInput
  | GetMonitorCommandInput
  | ListMonitorsCommandInput
  | GetScopeCommandInput
  | ListScopesCommandInput
  | ListTagsForResourceCommandInput
  | GetQueryResultsWorkloadInsightsTopContributorsCommandInput
  | GetQueryStatusWorkloadInsightsTopContributorsCommandInput
  | StartQueryWorkloadInsightsTopContributorsCommandInput
  | StopQueryWorkloadInsightsTopContributorsCommandInput
  | GetQueryResultsWorkloadInsightsTopContributorsDataCommandInput
  | GetQueryStatusWorkloadInsightsTopContributorsDataCommandInput
  | StartQueryWorkloadInsightsTopContributorsDataCommandInput
  | StopQueryWorkloadInsightsTopContributorsDataCommandInput;

/** The outputs of all commands. */
export type ServiceOutputTypes =
  | GetQueryResultsMonitorTopContributorsCommandOutput
  | GetQueryStatusMonitorTopContributorsCommandOutput
  | StartQueryMonitorTopContributorsCommandOutput
  | StopQueryMonitorTopContributorsCommandOutput
  | GetMonitorCommandOutput
  | ListMonitorsCommandOutput
  | GetScopeCommandOutput
  | ListScopesCommandOutput
  | ListTagsForResourceCommandOutput
  | GetQueryResultsWorkloadInsightsTopContributorsCommandOutput
  | GetQueryStatusWorkloadInsightsTopContributorsCommandOutput
  | StartQueryWorkloadInsightsTopContributorsCommandOutput
  | StopQueryWorkloadInsightsTopContributorsCommandOutput
  | GetQueryResultsWorkloadInsightsTopContributorsDataCommandOutput
  | GetQueryStatusWorkloadInsightsTopContributorsDataCommandOutput
  | StartQueryWorkloadInsightsTopContributorsDataCommandOutput
  | StopQueryWorkloadInsightsTopContributorsDataCommandOutput;
