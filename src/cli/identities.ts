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
 * Asks AWS, while all else goes on, who we are in each account, tells it once per account, and lets targets that are one
 * AWS account and region share a budget.
 */
export async function learnIdentities(options: LearnIdentitiesOptions): Promise<void> {
  await Promise.all(Array.from(options.accounts, (account) => learnAccount(account, options)));
}

async function learnAccount(used: UsedAccount, options: LearnIdentitiesOptions): Promise<void> {
  const { targets, apiStats, clock, log, signal } = options;
  const { credentials, sts } = used;
  const { name: account } = used.account;
  // The STS client is loaded late: nothing waits for it, and it would double the time to the first listening.
  const { learnIdentity } = await import('../api/identity.ts');
  const identity = await learnIdentity({ account, credentials, sts }, clock, log, signal);
  if (identity === undefined) {
    return;
  }
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
