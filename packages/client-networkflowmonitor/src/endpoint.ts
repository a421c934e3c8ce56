import { awsEndpointFunctions } from '@aws-sdk/core/client';
import { customEndpointFunctions, EndpointCache, type EndpointParams, resolveEndpoint } from '@smithy/core/endpoints';
import type { EndpointParameters as BaseEndpointParameters, EndpointV2, Logger, RuleSetObject } from '@smithy/types';

/** What decides where requests go. There is no switch for dual stack: the service has nothing else. */
export interface EndpointParameters extends BaseEndpointParameters {
  Region?: string | undefined;
  UseFIPS?: boolean | undefined;
  Endpoint?: string | undefined;
}

/** Where the runtime finds {@link EndpointParameters} in the client's configuration. */
export const ENDPOINT_PARAMETERS = {
  Region: { type: 'builtInParams', name: 'region' },
  UseFIPS: { type: 'builtInParams', name: 'useFipsEndpoint' },
  Endpoint: { type: 'builtInParams', name: 'endpoint' },
} as const;

const IS_FIPS = { fn: 'booleanEquals', argv: [{ ref: 'UseFIPS' }, true] };

/**
 * The service's endpoints as the Smithy model's traits have them: regional, dual-stack only, with a FIPS variant in
 * every partition. The partitions and their suffixes are the runtime's.
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

// The engine knows `aws.partition` only once it is told.
customEndpointFunctions['aws'] = awsEndpointFunctions;

const cache = new EndpointCache({ size: 50, params: Object.keys(ENDPOINT_PARAMETERS) });

/**
 * The endpoint for these parameters. A custom endpoint is taken whole, its path as a prefix of every request's.
 *
 * @throws EndpointError for FIPS with a custom endpoint, and without a Region.
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
