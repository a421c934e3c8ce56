import type { UserAgentInputConfig } from '@aws-sdk/core/client';
import type { AwsSdkSigV4AuthInputConfig } from '@aws-sdk/core/httpAuthSchemes';
import type { DefaultsMode, SmithyConfiguration } from '@smithy/core/client';
import type { RegionInputConfig } from '@smithy/core/config';
import type { EndpointInputConfig } from '@smithy/core/endpoints';
import type { HttpHandlerUserInput } from '@smithy/core/protocols';
import type { RetryInputConfig } from '@smithy/core/retry';
import type { HttpHandlerOptions, Logger, Provider } from '@smithy/types';
import type { EndpointParameters } from './endpoint.ts';

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

type Configuration = Partial<Pick<SmithyConfiguration<HttpHandlerOptions>, 'cacheMiddleware' | 'protocol'>> &
  ClientDefaults &
  UserAgentInputConfig &
  RetryInputConfig &
  RegionInputConfig &
  EndpointInputConfig<EndpointParameters> &
  AwsSdkSigV4AuthInputConfig;

/** What the client's constructor takes; all of it has a default. */
export interface NetworkFlowMonitorClientConfig extends Configuration {}
