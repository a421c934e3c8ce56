import type { Credentials } from '../api/credentials.ts';
import type { Identity } from '../api/identity.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/log.ts';
import type { Targets } from '../scheduler/target.ts';
import type { ApiStats } from '../state/api-stats.ts';
import type { UsedAccount } from './accounts.ts';

export interface LearnIdentitiesOptions {
  readonly accounts: Iterable<UsedAccount>;
  readonly targets: Targets;
  readonly apiStats: ApiStats;
  readonly clock: Clock;
  readonly log: Logger;
  /** Ends the asking. */
  readonly signal: AbortSignal;
}

/**
 * Asks AWS, while all else goes on, who we are in each account, once for all that have the same credentials; tells it once
 * per account, and lets targets that are one AWS account and region share a budget.
 */
export async function learnIdentities(options: LearnIdentitiesOptions): Promise<void> {
  const { clock, log, signal } = options;
  const sharing = new Map<Credentials, [UsedAccount, ...UsedAccount[]]>();
  for (const used of options.accounts) {
    const others = sharing.get(used.credentials);
    if (others === undefined) {
      sharing.set(used.credentials, [used]);
    } else {
      others.push(used);
    }
  }
  const learn = async (accounts: readonly [UsedAccount, ...UsedAccount[]]) => {
    // The STS client is loaded late: nothing waits for it, and it would double the time to the first listening.
    const { learnIdentity } = await import('../api/identity.ts');
    const [{ account, credentials, sts }] = accounts;
    const identity = await learnIdentity({ account: account.name, credentials, sts }, clock, log, signal);
    if (identity !== undefined) {
      for (const used of accounts) {
        tellIdentity(used.account.name, identity, options);
      }
    }
  };
  await Promise.all(Array.from(sharing.values(), learn));
}

function tellIdentity(account: string, identity: Identity, options: LearnIdentitiesOptions): void {
  const { targets, apiStats, log } = options;
  const { awsAccountId, arn, provider } = identity;
  log.info('AWS identity', { account, arn, provider });
  for (const target of [...targets.all()].filter((each) => each.account === account)) {
    apiStats.identified(target, identity);
    const others = targets.identified(target, awsAccountId);
    if (others.length > 0) {
      log.info('targets are one AWS account and region: they share the lower budget', {
        account,
        aws_region: target.region,
        with: others.map((other) => other.account).join(','),
        requests_per_second: target.budget.limit,
      });
    }
  }
}
