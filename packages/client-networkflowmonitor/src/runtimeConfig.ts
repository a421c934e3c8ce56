import {
  createDefaultUserAgentProvider,
  type HostHeaderResolvedConfig,
  NODE_APP_ID_CONFIG_OPTIONS,
  type UserAgentResolvedConfig,
} from '@aws-sdk/core/client';
import type { AwsSdkSigV4AuthResolvedConfig } from '@aws-sdk/core/httpAuthSchemes';
import { AwsRestJsonProtocol } from '@aws-sdk/core/protocols';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { Sha256 } from '@smithy/core/checksum';
import { loadConfigsForDefaultMode, NoOpLogger, type SmithyResolvedConfiguration } from '@smithy/core/client';
import {
  loadConfig,
  NODE_REGION_CONFIG_FILE_OPTIONS,
  NODE_REGION_CONFIG_OPTIONS,
  NODE_USE_FIPS_ENDPOINT_CONFIG_OPTIONS,
  type RegionResolvedConfig,
  resolveDefaultsModeConfig,
} from '@smithy/core/config';
import type { EndpointResolvedConfig } from '@smithy/core/endpoints';
import { parseUrl } from '@smithy/core/protocols';
import {
  DEFAULT_RETRY_MODE,
  NODE_MAX_ATTEMPT_CONFIG_OPTIONS,
  NODE_RETRY_MODE_CONFIG_OPTIONS,
  type RetryResolvedConfig,
} from '@smithy/core/retry';
import { calculateBodyLength, fromBase64, fromUtf8, toBase64, toUtf8 } from '@smithy/core/serde';
import { NodeHttpHandler, streamCollector } from '@smithy/node-http-handler';
import type { HttpHandlerOptions } from '@smithy/types';
import { HTTP_AUTH_SCHEMES, httpAuthSchemeProvider, SIGNING_NAME } from './auth.ts';
import type { NetworkFlowMonitorClientConfig } from './configuration.ts';
import { defaultEndpointResolver, type EndpointParameters } from './endpoint.ts';
import { ERROR_TYPES } from './errorTypes.ts';
import { NAMESPACE } from './shapes.ts';

/** Version of this package, not of AWS's; sent in the user agent. */
const VERSION = '0.1.0';

const SERVICE_ID = 'NetworkFlowMonitor';

/**
 * Completes the caller's options with the environment, the shared configuration files, and defaults of the service. The files are
 * read with the first use of a value, not here.
 */
export function getRuntimeConfig(config: NetworkFlowMonitorClientConfig) {
  const defaultsMode = resolveDefaultsModeConfig(config);
  const modeDefaults = () => defaultsMode().then(loadConfigsForDefaultMode);
  const logger = config.logger ?? new NoOpLogger();
  const source = { ...(config.profile === undefined ? {} : { profile: config.profile }), logger };
  return {
    ...config,
    apiVersion: '2023-04-19',
    serviceId: SERVICE_ID,
    defaultSigningName: SIGNING_NAME,
    runtime: 'node',
    logger,
    defaultsMode,
    protocol: createProtocol(config.protocol ?? AwsRestJsonProtocol),
    disableHostPrefix: false,
    endpointProvider: config.endpointProvider ?? defaultEndpointResolver,
    httpAuthSchemes: HTTP_AUTH_SCHEMES,
    httpAuthSchemeProvider,
    credentialDefaultProvider: defaultProvider,
    region: config.region ?? loadConfig(NODE_REGION_CONFIG_OPTIONS, { ...NODE_REGION_CONFIG_FILE_OPTIONS, ...source }),
    useFipsEndpoint: config.useFipsEndpoint ?? loadConfig(NODE_USE_FIPS_ENDPOINT_CONFIG_OPTIONS, source),
    maxAttempts: config.maxAttempts ?? loadConfig(NODE_MAX_ATTEMPT_CONFIG_OPTIONS, source),
    retryMode:
      config.retryMode ??
      loadConfig(
        {
          ...NODE_RETRY_MODE_CONFIG_OPTIONS,
          default: async () => (await modeDefaults()).retryMode || DEFAULT_RETRY_MODE,
        },
        source,
      ),
    requestHandler: NodeHttpHandler.create(config.requestHandler ?? modeDefaults),
    userAgentAppId: config.userAgentAppId ?? loadConfig(NODE_APP_ID_CONFIG_OPTIONS, source),
    defaultUserAgentProvider: createDefaultUserAgentProvider({ serviceId: SERVICE_ID, clientVersion: VERSION }),
    base64Decoder: fromBase64,
    base64Encoder: toBase64,
    bodyLengthChecker: calculateBodyLength,
    sha256: Sha256,
    streamCollector,
    urlParser: parseUrl,
    utf8Decoder: fromUtf8,
    utf8Encoder: toUtf8,
  };
}

function createProtocol(protocol: NonNullable<NetworkFlowMonitorClientConfig['protocol']>) {
  return typeof protocol === 'function'
    ? new protocol({ defaultNamespace: NAMESPACE, errorTypeRegistries: ERROR_TYPES })
    : protocol;
}

type ResolvedConfiguration = SmithyResolvedConfiguration<HttpHandlerOptions> &
  ReturnType<typeof getRuntimeConfig> &
  UserAgentResolvedConfig &
  RetryResolvedConfig &
  RegionResolvedConfig &
  HostHeaderResolvedConfig &
  EndpointResolvedConfig<EndpointParameters> &
  AwsSdkSigV4AuthResolvedConfig;

/** The effective configuration. Values that may change or are slow to determine are functions. */
export interface NetworkFlowMonitorClientResolvedConfig extends ResolvedConfiguration {}
