import type { UserAgentInputConfig } from '@aws-sdk/core/client';
import type { AwsSdkSigV4AuthInputConfig } from '@aws-sdk/core/httpAuthSchemes';
import type { DefaultsMode, SmithyConfiguration } from '@smithy/core/client';
import type { RegionInputConfig } from '@smithy/core/config';
import type { EndpointInputConfig } from '@smithy/core/endpoints';
import type { HttpHandlerUserInput } from '@smithy/core/protocols';
import type { RetryInputConfig } from '@smithy/core/retry';
import type { HttpHandlerOptions, Logger, Provider } from '@smithy/types';
import type { EndpointParameters } from './endpoint.ts';

/** Settings other than those of retries, endpoint, Region, user agent, and signature. */
export interface ClientDefaults {
  /** The HTTP handler, or options of the default handler. */
  requestHandler?: HttpHandlerUserInput;
  /** Profile of the shared configuration files for this client, instead of that of `AWS_PROFILE`. */
  profile?: string;
  /** `standard` or `adaptive`. */
  retryMode?: string | Provider<string>;
  logger?: Logger;
  defaultsMode?: DefaultsMode | Provider<DefaultsMode>;
}

type Configuration = Partial<Pick<SmithyConfiguration<HttpHandlerOptions>, 'cacheMiddleware' | 'protocol'>> &
  ClientDefaults &
  UserAgentInputConfig &
  RetryInputConfig &
  RegionInputConfig &
  EndpointInputConfig<EndpointParameters> &
  AwsSdkSigV4AuthInputConfig;

/** Options of the client's constructor, all of which have defaults. */
export interface NetworkFlowMonitorClientConfig extends Configuration {}
