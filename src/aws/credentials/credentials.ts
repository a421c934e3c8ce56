import type { AttributedAwsCredentialIdentity } from '@aws-sdk/types';
import { HttpRequest } from '@smithy/core/protocols';
import type { FinalizeRequestMiddleware, MetadataBearer, Pluggable } from '@smithy/types';
import { httpStatusOf } from '../errors.ts';

/** Credentials to sign requests with, and the SDK's note of their source. */
export type AwsCredentials = AttributedAwsCredentialIdentity;

/**
 * The credentials of an account. A *place* receives requests with them: a target, or STS in a region. Some places refuse
 * credentials that all others accept (for example, a region that is not enabled for the AWS account).
 */
export interface Credentials {
  /** Returns the credentials to use now at a place. @throws CredentialsUnavailable, and no other error */
  get(place: string): Promise<AwsCredentials>;
  /** Reports that AWS has accepted a request at the place that was signed with this access key. */
  accepted(place: string, accessKeyId: string): void;
  /** Reports that AWS has refused this access key at the place, as expired or unknown. */
  refused(place: string, accessKeyId: string): void;
}

/**
 * Converts credentials to the form that the SDK's clients accept. The mark disables a client's own cache: it would fetch
 * credentials for each request in their last five minutes, and never again if they have no expiration.
 */
export function forSdkClient(
  credentials: Credentials,
  place: string,
): (() => Promise<AwsCredentials>) & { memoized: true } {
  return Object.assign(() => credentials.get(place), { memoized: true as const });
}

/** A plug-in for the SDK's clients that reports to `credentials` whether AWS accepts them at the place. */
export function reportVerdicts<Input extends object, Output extends MetadataBearer>(
  credentials: Credentials,
  place: string,
): Pluggable<Input, Output> {
  const report: FinalizeRequestMiddleware<Input, Output> = (next) => async (args) => {
    const key = signingKeyOf(args.request);
    try {
      const output = await next(args);
      if (key !== undefined) {
        credentials.accepted(place, key);
      }
      return output;
    } catch (thrown) {
      if (key !== undefined) {
        reportFailure(credentials, place, key, thrown);
      }
      throw thrown;
    }
  };
  return {
    applyToStack(stack) {
      stack.addRelativeTo(report, {
        relation: 'after',
        toMiddleware: 'httpSigningMiddleware',
        name: 'credentialsVerdictMiddleware',
        // Plug-ins of the SDK's STS clients are applied before each call.
        override: true,
      });
    },
  };
}

function reportFailure(credentials: Credentials, place: string, key: string, thrown: unknown): void {
  const name = thrown instanceof Error ? thrown.name : '';
  if (REFUSALS.has(name)) {
    credentials.refused(place, key);
  } else if (httpStatusOf(thrown) !== undefined && AUTHENTICATED.has(name)) {
    credentials.accepted(place, key);
  }
}

/** The access key id that a request is signed with (SigV4), or undefined if it is not signed. */
function signingKeyOf(request: unknown): string | undefined {
  const header = HttpRequest.isInstance(request) ? request.headers['authorization'] : undefined;
  return /\bCredential=([^/,\s]{1,256})\//.exec(header ?? '')?.[1];
}

/** The SDK's name of the credential provider (for example, `env_vars`); undefined if it is unknown. */
export function providerOf({ $source }: AwsCredentials): string | undefined {
  const names = Object.keys($source ?? {}).map((name) => name.replace(/^CREDENTIALS_/, '').toLowerCase());
  return names.length === 0 ? undefined : names.join(',');
}

/** Names of errors about the credentials themselves, from AWS services, STS, and their front ends. */
const REFUSALS: ReadonlySet<string> = new Set([
  'ExpiredTokenException',
  'UnrecognizedClientException',
  'ExpiredToken',
  'InvalidClientTokenId',
  'InvalidAccessKeyId',
  'InvalidToken',
  'AuthFailure',
]);

/** Errors that AWS returns only after it has authenticated the caller. */
const AUTHENTICATED: ReadonlySet<string> = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'ConflictException',
  'ResourceNotFoundException',
  'ServiceQuotaExceededException',
]);
