import { awsEndpointFunctions } from '@aws-sdk/core/client';
import { customEndpointFunctions, EndpointCache, type EndpointParams, resolveEndpoint } from '@smithy/core/endpoints';
import type { EndpointParameters as BaseEndpointParameters, EndpointV2, Logger, RuleSetObject } from '@smithy/types';

/** Parameters of the endpoint. There is no option for dual stack: all endpoints of the service are dual-stack. */
export interface EndpointParameters extends BaseEndpointParameters {
  Region?: string | undefined;
  UseFIPS?: boolean | undefined;
  Endpoint?: string | undefined;
}

/** Locations of the {@link EndpointParameters} in the client's configuration. */
export const ENDPOINT_PARAMETERS = {
  Region: { type: 'builtInParams', name: 'region' },
  UseFIPS: { type: 'builtInParams', name: 'useFipsEndpoint' },
  Endpoint: { type: 'builtInParams', name: 'endpoint' },
} as const;

const IS_FIPS = { fn: 'booleanEquals', argv: [{ ref: 'UseFIPS' }, true] };

/**
 * The service's endpoints, from the traits of the Smithy model: regional, dual-stack only, with a FIPS variant in every
 * partition. Partitions and suffixes are those of the runtime.
 */
const RULES: RuleSetObject = {
  version: '1.0',
  parameters: {
    Region: { type: 'string', builtIn: 'AWS::Region' },
    UseFIPS: { type: 'boolean', builtIn: 'AWS::UseFIPS', default: false, required: true },
    Endpoint: { type: 'string', builtIn: 'SDK::Endpoint' },
  },
  rules: [
    {
      type: 'tree',
      conditions: [{ fn: 'isSet', argv: [{ ref: 'Endpoint' }] }],
      rules: [
        {
          type: 'error',
          conditions: [IS_FIPS],
          error: 'Invalid Configuration: FIPS and custom endpoint are not supported',
        },
        { type: 'endpoint', endpoint: { url: { ref: 'Endpoint' } } },
      ],
    },
    {
      type: 'tree',
      conditions: [
        { fn: 'isSet', argv: [{ ref: 'Region' }] },
        { fn: 'aws.partition', argv: [{ ref: 'Region' }], assign: 'PartitionResult' },
      ],
      rules: [
        {
          type: 'endpoint',
          conditions: [IS_FIPS],
          endpoint: { url: 'https://networkflowmonitor-fips.{Region}.{PartitionResult#dualStackDnsSuffix}' },
        },
        {
          type: 'endpoint',
          endpoint: { url: 'https://networkflowmonitor.{Region}.{PartitionResult#dualStackDnsSuffix}' },
        },
      ],
    },
    { type: 'error', conditions: [], error: 'Invalid Configuration: Missing Region' },
  ],
};

// The engine requires the registration of `aws.partition`.
customEndpointFunctions['aws'] = awsEndpointFunctions;

const cache = new EndpointCache({ size: 50, params: Object.keys(ENDPOINT_PARAMETERS) });

/**
 * The endpoint for these parameters. The path of a custom endpoint is a prefix of all paths.
 *
 * @throws EndpointError for FIPS with a custom endpoint, and without a Region
 */
export function defaultEndpointResolver(
  { Region, UseFIPS, Endpoint }: EndpointParameters,
  context: { logger?: Logger } = {},
): EndpointV2 {
  const endpointParams: EndpointParams = {
    ...(Region !== undefined && { Region }),
    ...(UseFIPS !== undefined && { UseFIPS }),
    ...(Endpoint !== undefined && { Endpoint }),
  };
  return cache.get(endpointParams, () => resolveEndpoint(RULES, { endpointParams, ...context }));
}
