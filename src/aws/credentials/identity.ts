import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { type Clock, sleepUnlessAborted } from '../../lib/clock.ts';
import { Reminders } from '../../lib/conditions.ts';
import type { Logger } from '../../lib/log.ts';
import { InvalidResponse, toApiError } from '../errors.ts';
import { stsClientConfig } from '../selective-retries.ts';
import { type Credentials, forSdkClient, providerOf } from './credentials.ts';
import { type StsSettings, stsPlace } from './sts.ts';

export interface Identity {
  readonly awsAccountId: string;
  /** Without the name of the session, which changes, if a role was assumed. */
  readonly arn: string;
  /** The SDK's name of the credential provider; undefined if it is unknown. */
  readonly provider: string | undefined;
}

export interface IdentityOptions {
  /** Name of the account, for the log. */
  readonly account: string;
  readonly credentials: Credentials;
  readonly sts: StsSettings;
  /** Receives the reason of missing credentials, which is not logged then. */
  readonly onNoCredentials?: (message: string) => void;
}

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 300_000;

/**
 * Gets the identity in an account from STS, with retries and exponential backoff. Nothing waits for the result, which
 * is shown, and used to find targets in the same AWS account. Logs the first failure, and reminds hourly.
 * @returns undefined if `signal` aborts first
 */
export async function learnIdentity(
  options: IdentityOptions,
  clock: Clock,
  log: Logger,
  signal: AbortSignal,
): Promise<Identity | undefined> {
  const reminders = new Reminders(clock);
  for (let wait = FIRST_WAIT_MS; !signal.aborted; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    try {
      return await callerIdentity(options, signal);
    } catch (thrown) {
      const { error, message } = toApiError('GetCallerIdentity', thrown);
      if (error === 'CredentialsError' && options.onNoCredentials !== undefined) {
        options.onNoCredentials(message);
      } else if (!signal.aborted && reminders.isDue('identity')) {
        log.warn('AWS identity not resolved', {
          account: options.account,
          operation: 'GetCallerIdentity',
          error,
          reason: message,
        });
      }
    }
    await sleepUnlessAborted(clock, wait, signal);
  }
  return undefined;
}

/** Calls STS once. @throws errors of the SDK; `InvalidResponse` for a response without an identity */
export async function callerIdentity(
  options: Pick<IdentityOptions, 'credentials' | 'sts'>,
  signal: AbortSignal,
): Promise<Identity> {
  const { credentials, sts } = options;
  const place = stsPlace(sts);
  const client = new STSClient({ ...stsClientConfig(sts), credentials: forSdkClient(credentials, place) });
  const { Account, Arn } = await client.send(new GetCallerIdentityCommand({}), { abortSignal: signal });
  if (Account === undefined || Arn === undefined) {
    throw new InvalidResponse('the response has no account or ARN');
  }
  if (Account.length > LONGEST_ARN || Arn.length > LONGEST_ARN) {
    throw new InvalidResponse(`the response has an account or ARN of more than ${LONGEST_ARN} characters`);
  }
  return { awsAccountId: Account, arn: withoutSession(Arn), provider: providerOf(await credentials.get(place)) };
}

/** The limit of IAM. */
const LONGEST_ARN = 2_048;

/** Removes the session name, which has unlimited values, from the ARN of an assumed role: `…:assumed-role/NAME`. */
function withoutSession(arn: string): string {
  const [resource = '', role, session] = arn.split('/', 3);
  return session !== undefined && resource.endsWith(':assumed-role') ? `${resource}/${role}` : arn;
}
