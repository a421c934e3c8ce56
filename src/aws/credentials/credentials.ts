import type { AttributedAwsCredentialIdentity } from '@aws-sdk/types';
import { HttpRequest } from '@smithy/core/protocols';
import type { FinalizeRequestMiddleware, MetadataBearer, Pluggable } from '@smithy/types';
import { httpStatusOf } from '../errors.ts';

/** Credentials to sign requests with, and the SDK's note of where they are from. */
export type AwsCredentials = AttributedAwsCredentialIdentity;

/**
 * The credentials of an account. A *place* is where requests are sent with them (a target, or STS in a region): some
 * places refuse credentials that all others accept, for example a region that is not enabled for the AWS account.
 */
export interface Credentials {
  /** Those to use now at a place. @throws CredentialsUnavailable, and nothing else. */
  get(place: string): Promise<AwsCredentials>;
  /** AWS has accepted a request at the place that was signed with this access key. */
  accepted(place: string, accessKeyId: string): void;
  /** AWS has refused this access key at the place, as expired or unknown. */
  refused(place: string, accessKeyId: string): void;
}

/**
 * Credentials in the form that the SDK's clients take. The mark keeps a client from remembering them by itself: it would
 * ask again for each request once they have less than five minutes to live, and never for those that name no end.
 */
export function forSdkClient(
  credentials: Credentials,
  place: string,
): (() => Promise<AwsCredentials>) & { memoized: true } {
  return Object.assign(() => credentials.get(place), { memoized: true as const });
}

/** A plug-in for a client of the SDK that reports to `credentials` what AWS thinks of them at the place. */
export function reportVerdicts<Input extends object, Output extends MetadataBearer>(
  credentials: Credentials,
  place: string,
): Pluggable<Input, Output> {
  const report: FinalizeRequestMiddleware<Input, Output> = (next) => async (args) => {
    const key = signingKeyOf(args.request);
    try {
      const answer = await next(args);
      if (key !== undefined) {
        credentials.accepted(place, key);
      }
      return answer;
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
  if (refusesCredentials(name)) {
    credentials.refused(place, key);
  } else if (httpStatusOf(thrown) !== undefined && AUTHENTICATED.has(name)) {
    credentials.accepted(place, key);
  }
}

/** The access key id that a request is signed with (SigV4), or undefined if it is not signed. */
function signingKeyOf(request: unknown): string | undefined {
  if (!HttpRequest.isInstance(request)) {
    return undefined;
  }
  const [, key] = /\bCredential=([^/,\s]{1,256})\//.exec(request.headers['authorization'] ?? '') ?? [];
  return key;
}

/** The SDK's name of the provider that credentials came from, such as `env_vars`, or undefined where it does not say. */
export function providerOf({ $source }: AwsCredentials): string | undefined {
  const names = Object.keys($source ?? {}).map((name) => name.replace(/^CREDENTIALS_/, '').toLowerCase());
  return names.length === 0 ? undefined : names.join(',');
}

/** What AWS calls a refusal of the credentials themselves: by its services, by STS, and by front ends of either. */
const REFUSALS: ReadonlySet<string> = new Set([
  'ExpiredTokenException',
  'UnrecognizedClientException',
  'ExpiredToken',
  'InvalidClientTokenId',
  'InvalidAccessKeyId',
  'InvalidToken',
  'AuthFailure',
]);

/** Errors that AWS returns only after it has accepted who the caller is. */
const AUTHENTICATED: ReadonlySet<string> = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'ConflictException',
  'ResourceNotFoundException',
  'ServiceQuotaExceededException',
]);

/** Whether an error's name says that new credentials might be taken where these were not. */
function refusesCredentials(errorName: string): boolean {
  return REFUSALS.has(errorName);
}
