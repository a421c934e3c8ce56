import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { type Clock, sleepUnlessAborted } from '../../lib/clock.ts';
import { Reminders } from '../../lib/conditions.ts';
import type { Logger } from '../../lib/log.ts';
import { InvalidResponse, toApiError } from '../errors.ts';
import { stsClientConfig } from '../sts-client.ts';
import { type Credentials, forSdkClient, providerOf } from './credentials.ts';
import { type StsSettings, stsPlace } from './sts.ts';

/** Who AWS takes us for. */
export interface Identity {
  readonly awsAccountId: string;
  /** Of an assumed role: without the session's name, which changes. */
  readonly arn: string;
  /** The credential provider, as the SDK names it; undefined where it does not say. */
  readonly provider: string | undefined;
}

export interface IdentityOptions {
  /** The account's name, for the log. */
  readonly account: string;
  readonly credentials: Credentials;
  readonly sts: StsSettings;
  /** Receives why there are no credentials, in place of the log. */
  readonly onNoCredentials?: (message: string) => void;
}

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 300_000;

/**
 * Asks STS who we are in an account until it answers, ever less often. Nothing waits for it: it is told, and used to find
 * targets that are one AWS account. Failure is logged when it begins, and hourly until STS answers.
 *
 * @returns undefined when `signal` aborts first.
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
        log.warn('AWS identity not known yet', {
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

/** Asks STS once. @throws what the SDK throws; `InvalidResponse` for an answer that names nobody. */
export async function callerIdentity(
  options: Pick<IdentityOptions, 'credentials' | 'sts'>,
  signal: AbortSignal,
): Promise<Identity> {
  const { credentials, sts } = options;
  const place = stsPlace(sts);
  const client = new STSClient({ ...stsClientConfig(sts), credentials: forSdkClient(credentials, place) });
  const { Account, Arn } = await client.send(new GetCallerIdentityCommand({}), { abortSignal: signal });
  if (Account === undefined || Arn === undefined) {
    throw new InvalidResponse('the answer names no account or ARN');
  }
  if (Account.length > LONGEST_ARN || Arn.length > LONGEST_ARN) {
    throw new InvalidResponse(`the answer names an account or ARN of more than ${LONGEST_ARN} characters`);
  }
  return { awsAccountId: Account, arn: withoutSession(Arn), provider: providerOf(await credentials.get(place)) };
}

/** IAM's own limit. */
const LONGEST_ARN = 2_048;

/** The ARN of an assumed role without the session's name, of which there may be any number: `…:assumed-role/NAME`. */
function withoutSession(arn: string): string {
  const [resource = '', role, session] = arn.split('/', 3);
  return session !== undefined && resource.endsWith(':assumed-role') ? `${resource}/${role}` : arn;
}
