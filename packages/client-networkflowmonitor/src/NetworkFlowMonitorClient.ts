import {
  getHostHeaderPlugin,
  getLoggerPlugin,
  getRecursionDetectionPlugin,
  getUserAgentPlugin,
  resolveHostHeaderConfig,
  resolveUserAgentConfig,
} from '@aws-sdk/core/client';
import { resolveAwsSdkSigV4Config } from '@aws-sdk/core/httpAuthSchemes';
import {
  DefaultIdentityProviderConfig,
  getHttpAuthSchemeEndpointRuleSetPlugin,
  getHttpSigningPlugin,
} from '@smithy/core';
import { Client } from '@smithy/core/client';
import { resolveRegionConfig } from '@smithy/core/config';
import { resolveEndpointConfig } from '@smithy/core/endpoints';
import { getContentLengthPlugin } from '@smithy/core/protocols';
import { getRetryPlugin, resolveRetryConfig } from '@smithy/core/retry';
import { getSchemaSerdePlugin } from '@smithy/core/schema';
import type { CheckOptionalClientConfig, HttpHandlerOptions } from '@smithy/types';
import { httpAuthSchemeParametersProvider, identityProviders } from './auth.ts';
import type { NetworkFlowMonitorClientConfig } from './configuration.ts';
import { getRuntimeConfig, type NetworkFlowMonitorClientResolvedConfig } from './runtimeConfig.ts';
import type { ServiceInputTypes, ServiceOutputTypes } from './serviceTypes.ts';

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
        identityProviderConfigProvider: async ({ credentials }: NetworkFlowMonitorClientResolvedConfig) =>
          new DefaultIdentityProviderConfig(identityProviders(credentials)),
      }),
    );
    this.middlewareStack.use(getHttpSigningPlugin(this.config));
  }
}
