import type { AttributedAwsCredentialIdentity } from '@aws-sdk/types';

/** Credentials to sign requests with, and the SDK's note of where they are from. */
export type AwsCredentials = AttributedAwsCredentialIdentity;

/** Where the requests of an account get their credentials from. */
export interface Credentials {
  /** Those to use now. @throws CredentialsUnavailable, and nothing else. */
  get(): Promise<AwsCredentials>;
  /** AWS has refused those that it was given last, as expired or unknown. */
  refused(): void;
}

/**
 * Credentials in the form that the SDK's clients take. The mark keeps a client from remembering them by itself: it would
 * ask again for each request once they have less than five minutes to live, and never for those that name no end.
 */
export function forSdkClient(credentials: Credentials): (() => Promise<AwsCredentials>) & { memoized: true } {
  return Object.assign(() => credentials.get(), { memoized: true as const });
}

/** The SDK's name of the provider that credentials came from, such as `env_vars`, or undefined where it does not say. */
export function providerOf({ $source }: AwsCredentials): string | undefined {
  const names = Object.keys($source ?? {}).map((name) => name.replace(/^CREDENTIALS_/, '').toLowerCase());
  return names.length === 0 ? undefined : names.join(',');
}

/** What AWS calls a refusal of the credentials themselves: by its services, and by STS. */
const REFUSALS: ReadonlySet<string> = new Set([
  'ExpiredTokenException',
  'UnrecognizedClientException',
  'ExpiredToken',
  'InvalidClientTokenId',
]);

/** Whether an error's name says that new credentials might be taken where these were not. */
export function refusesCredentials(errorName: string): boolean {
  return REFUSALS.has(errorName);
}
