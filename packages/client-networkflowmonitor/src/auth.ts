import { AwsSdkSigV4Signer } from '@aws-sdk/core/httpAuthSchemes';
import { getSmithyContext } from '@smithy/core/client';
import type {
  HandlerExecutionContext,
  HttpAuthOption,
  HttpAuthScheme,
  HttpAuthSchemeParameters,
  Provider,
} from '@smithy/types';

/** The service name in the scope of a signature. */
export const SIGNING_NAME = 'networkflowmonitor';

const SIGV4 = 'aws.auth#sigv4';

export interface NetworkFlowMonitorHttpAuthSchemeParameters extends HttpAuthSchemeParameters {
  region: string;
}

export const HTTP_AUTH_SCHEMES: HttpAuthScheme[] = [
  {
    schemeId: SIGV4,
    identityProvider: (providers) => providers.getIdentityProvider(SIGV4),
    signer: new AwsSdkSigV4Signer(),
  },
];

/** @throws Error if no Region is configured */
export async function httpAuthSchemeParametersProvider(
  config: { region: Provider<string> },
  context: HandlerExecutionContext,
): Promise<NetworkFlowMonitorHttpAuthSchemeParameters> {
  return { operation: String(getSmithyContext(context)['operation']), region: await config.region() };
}

/** Every operation is signed with SigV4 for the client's Region. */
export function httpAuthSchemeProvider({ region }: NetworkFlowMonitorHttpAuthSchemeParameters): HttpAuthOption[] {
  return [
    {
      schemeId: SIGV4,
      signingProperties: { name: SIGNING_NAME, region },
      propertiesExtractor: (config, context) => ({ signingProperties: { config, context } }),
    },
  ];
}

/** Keys of {@link DefaultIdentityProviderConfig}: the client's credentials are for the only scheme. */
export function identityProviders<T>(credentials: T): { [SIGV4]: T } {
  return { [SIGV4]: credentials };
}
