import {
  getHostHeaderPlugin,
  getLoggerPlugin,
  getRecursionDetectionPlugin,
  getUserAgentPlugin,
  type HostHeaderResolvedConfig,
  resolveHostHeaderConfig,
  resolveUserAgentConfig,
  type UserAgentInputConfig,
  type UserAgentResolvedConfig,
} from '@aws-sdk/core/client';
import {
  type AwsSdkSigV4AuthInputConfig,
  type AwsSdkSigV4AuthResolvedConfig,
  resolveAwsSdkSigV4Config,
} from '@aws-sdk/core/httpAuthSchemes';
import {
  DefaultIdentityProviderConfig,
  getHttpAuthSchemeEndpointRuleSetPlugin,
  getHttpSigningPlugin,
} from '@smithy/core';
import {
  Client,
  type DefaultsMode,
  type SmithyConfiguration,
  type SmithyResolvedConfiguration,
} from '@smithy/core/client';
import { type RegionInputConfig, type RegionResolvedConfig, resolveRegionConfig } from '@smithy/core/config';
import { type EndpointInputConfig, type EndpointResolvedConfig, resolveEndpointConfig } from '@smithy/core/endpoints';
import { getContentLengthPlugin, type HttpHandlerUserInput } from '@smithy/core/protocols';
import {
  getRetryPlugin,
  type RetryInputConfig,
  type RetryResolvedConfig,
  resolveRetryConfig,
} from '@smithy/core/retry';
import { getSchemaSerdePlugin } from '@smithy/core/schema';
import type { CheckOptionalClientConfig, HttpHandlerOptions, Logger, Provider } from '@smithy/types';
import { httpAuthSchemeParametersProvider, identityProviders } from './auth.ts';
import type { EndpointParameters } from './endpoint.ts';
import type * as monitors from './operations/monitors.ts';
import type * as monitorTopContributors from './operations/monitorTopContributors.ts';
import type * as scopes from './operations/scopes.ts';
import type * as tags from './operations/tags.ts';
import type * as workloadInsightsTopContributors from './operations/workloadInsightsTopContributors.ts';
import type * as workloadInsightsTopContributorsData from './operations/workloadInsightsTopContributorsData.ts';
import { getRuntimeConfig } from './runtimeConfig.ts';

export type ServiceInputTypes =
  | monitorTopContributors.GetQueryResultsMonitorTopContributorsCommandInput
  | monitorTopContributors.GetQueryStatusMonitorTopContributorsCommandInput
  | monitorTopContributors.StartQueryMonitorTopContributorsCommandInput
  | monitorTopContributors.StopQueryMonitorTopContributorsCommandInput
  | monitors.GetMonitorCommandInput
  | monitors.ListMonitorsCommandInput
  | scopes.GetScopeCommandInput
  | scopes.ListScopesCommandInput
  | tags.ListTagsForResourceCommandInput
  | workloadInsightsTopContributors.GetQueryResultsWorkloadInsightsTopContributorsCommandInput
  | workloadInsightsTopContributors.GetQueryStatusWorkloadInsightsTopContributorsCommandInput
  | workloadInsightsTopContributors.StartQueryWorkloadInsightsTopContributorsCommandInput
  | workloadInsightsTopContributors.StopQueryWorkloadInsightsTopContributorsCommandInput
  | workloadInsightsTopContributorsData.GetQueryResultsWorkloadInsightsTopContributorsDataCommandInput
  | workloadInsightsTopContributorsData.GetQueryStatusWorkloadInsightsTopContributorsDataCommandInput
  | workloadInsightsTopContributorsData.StartQueryWorkloadInsightsTopContributorsDataCommandInput
  | workloadInsightsTopContributorsData.StopQueryWorkloadInsightsTopContributorsDataCommandInput;

export type ServiceOutputTypes =
  | monitorTopContributors.GetQueryResultsMonitorTopContributorsCommandOutput
  | monitorTopContributors.GetQueryStatusMonitorTopContributorsCommandOutput
  | monitorTopContributors.StartQueryMonitorTopContributorsCommandOutput
  | monitorTopContributors.StopQueryMonitorTopContributorsCommandOutput
  | monitors.GetMonitorCommandOutput
  | monitors.ListMonitorsCommandOutput
  | scopes.GetScopeCommandOutput
  | scopes.ListScopesCommandOutput
  | tags.ListTagsForResourceCommandOutput
  | workloadInsightsTopContributors.GetQueryResultsWorkloadInsightsTopContributorsCommandOutput
  | workloadInsightsTopContributors.GetQueryStatusWorkloadInsightsTopContributorsCommandOutput
  | workloadInsightsTopContributors.StartQueryWorkloadInsightsTopContributorsCommandOutput
  | workloadInsightsTopContributors.StopQueryWorkloadInsightsTopContributorsCommandOutput
  | workloadInsightsTopContributorsData.GetQueryResultsWorkloadInsightsTopContributorsDataCommandOutput
  | workloadInsightsTopContributorsData.GetQueryStatusWorkloadInsightsTopContributorsDataCommandOutput
  | workloadInsightsTopContributorsData.StartQueryWorkloadInsightsTopContributorsDataCommandOutput
  | workloadInsightsTopContributorsData.StopQueryWorkloadInsightsTopContributorsDataCommandOutput;

/** Settings that are neither retries', endpoint's, Region's, user agent's nor signature's. */
export interface ClientDefaults {
  /** The HTTP handler, or options for the runtime's own. */
  requestHandler?: HttpHandlerUserInput;
  /** Profile of the shared configuration files, instead of `AWS_PROFILE`'s, for this client alone. */
  profile?: string;
  /** `standard` or `adaptive`. */
  retryMode?: string | Provider<string>;
  logger?: Logger;
  defaultsMode?: DefaultsMode | Provider<DefaultsMode>;
}

type Configuration = Partial<Pick<SmithyConfiguration<HttpHandlerOptions>, 'cacheMiddleware'>> &
  ClientDefaults &
  UserAgentInputConfig &
  RetryInputConfig &
  RegionInputConfig &
  EndpointInputConfig<EndpointParameters> &
  AwsSdkSigV4AuthInputConfig;

/** What the client's constructor takes; all of it has a default. */
export interface NetworkFlowMonitorClientConfig extends Configuration {}

type ResolvedConfiguration = SmithyResolvedConfiguration<HttpHandlerOptions> &
  ReturnType<typeof getRuntimeConfig> &
  UserAgentResolvedConfig &
  RetryResolvedConfig &
  RegionResolvedConfig &
  HostHeaderResolvedConfig &
  EndpointResolvedConfig<EndpointParameters> &
  AwsSdkSigV4AuthResolvedConfig;

/** The configuration in force; what may change or takes time to find is a function. */
export interface NetworkFlowMonitorClientResolvedConfig extends ResolvedConfiguration {}

/** Client of Network Flow Monitor in one Region. */
export class NetworkFlowMonitorClient extends Client<
  HttpHandlerOptions,
  ServiceInputTypes,
  ServiceOutputTypes,
  NetworkFlowMonitorClientResolvedConfig
> {
  constructor(...[configuration]: CheckOptionalClientConfig<NetworkFlowMonitorClientConfig>) {
    const runtimeConfig = getRuntimeConfig(configuration ?? {});
    const config = resolveAwsSdkSigV4Config(
      resolveEndpointConfig(
        resolveHostHeaderConfig(resolveRegionConfig(resolveRetryConfig(resolveUserAgentConfig(runtimeConfig)))),
      ),
    );
    super(config);
    this.middlewareStack.use(getSchemaSerdePlugin(this.config));
    this.middlewareStack.use(getUserAgentPlugin(this.config));
    this.middlewareStack.use(getRetryPlugin(this.config));
    this.middlewareStack.use(getContentLengthPlugin(this.config));
    this.middlewareStack.use(getHostHeaderPlugin(this.config));
    this.middlewareStack.use(getLoggerPlugin(this.config));
    this.middlewareStack.use(getRecursionDetectionPlugin(this.config));
    this.middlewareStack.use(
      getHttpAuthSchemeEndpointRuleSetPlugin(this.config, {
        httpAuthSchemeParametersProvider,
        identityProviderConfigProvider: async ({ credentials }) =>
          new DefaultIdentityProviderConfig(identityProviders(credentials)),
      }),
    );
    this.middlewareStack.use(getHttpSigningPlugin(this.config));
  }
}
