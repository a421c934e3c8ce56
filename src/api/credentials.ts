import { fromNodeProviderChain } from '@aws-sdk/credential-providers';
import type { AwsCredentialIdentity } from '@aws-sdk/types';
import type { Clock } from '../runtime/clock.ts';
import type { BoundedHandler } from './bounded-handler.ts';
import { CredentialsUnavailable, withoutSecrets } from './errors.ts';

/** A `credential_process` or a metadata service that does not answer must not hold up its target's polls for ever. */
const PATIENCE_MS = 30_000;

export type CredentialsProvider = () => Promise<AwsCredentialIdentity>;

/**
 * The SDK's default credential chain for Node, asked once for all targets and refreshed before the credentials expire.
 * STS and SSO are called through `handler`, so proxies and private CAs apply to them as well.
 *
 * @returns a provider that rejects with `CredentialsUnavailable` only.
 */
export function defaultCredentials(handler: BoundedHandler, clock: Clock): CredentialsProvider {
  const chain = fromNodeProviderChain({
    clientConfig: { requestHandler: handler },
    logger: silent,
    // The SDK would remember a shared file as it first was, missing too: credentials that come later would not be seen.
    ignoreCache: true,
  });
  return () =>
    new Promise((resolve, reject) => {
      const cancel = clock.setTimer(PATIENCE_MS, () =>
        reject(new CredentialsUnavailable(`no credentials after ${PATIENCE_MS / 1_000} s`)),
      );
      chain()
        .then(resolve, (error: unknown) =>
          reject(
            new CredentialsUnavailable(withoutSecrets(error instanceof Error ? error.message : String(error)), {
              cause: error,
            }),
          ),
        )
        .finally(cancel);
    });
}

/** The chain tells through its errors what went wrong; what it would print besides does not belong among our log lines. */
const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore };

function ignore(): void {
  // nothing to do
}

/** The SDK's name of the provider that credentials came from, such as `env_vars`, or undefined where it does not say. */
export function providerOf(credentials: AwsCredentialIdentity): string | undefined {
  const source: unknown = Reflect.get(credentials, '$source');
  if (typeof source !== 'object' || source === null) {
    return undefined;
  }
  const names = Object.keys(source).map((name) => name.replace(/^CREDENTIALS_/, '').toLowerCase());
  return names.length === 0 ? undefined : names.join(',');
}
