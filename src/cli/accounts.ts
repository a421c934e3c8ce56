import { AccountCredentials } from '../api/account-credentials.ts';
import type { BoundedHandler } from '../api/bounded-handler.ts';
import type { Credentials } from '../api/credentials.ts';
import { type StsSettings, stsRegionOf } from '../api/sts.ts';
import type { Account, Config } from '../config/config.ts';
import type { RegisteredQuery } from '../queries/query.ts';
import type { Clock } from '../runtime/clock.ts';

/** Where a query is. */
type Place = Pick<RegisteredQuery, 'account' | 'region'>;

/** An account of the configuration that queries use, with what it takes to call it. */
export interface UsedAccount {
  readonly account: Account;
  readonly credentials: Credentials;
  readonly sts: StsSettings;
}

/** The accounts that queries use, or may come to use, by name, in the order of their first query. */
export function usedAccounts(
  config: Config,
  queries: readonly Place[],
  handler: BoundedHandler,
  clock: Clock,
): ReadonlyMap<string, UsedAccount> {
  const { aws } = config;
  const defined = new Map(config.accounts.map((account) => [account.name, account]));
  const accountCredentials = new AccountCredentials(clock);
  const used = new Map<string, UsedAccount>();
  for (const [name, regions] of regionsInUse(queries)) {
    const account = defined.get(name);
    if (account === undefined) {
      throw new Error(`a planned query is in account ${name}, which the configuration does not define`);
    }
    const sts = { handler, region: stsRegionOf(aws, regions), endpoint: aws.stsEndpoint };
    used.set(name, { account, sts, credentials: accountCredentials.of(account, sts) });
  }
  return used;
}

function regionsInUse(queries: readonly Place[]): ReadonlyMap<string, [string, ...string[]]> {
  const regions = new Map<string, [string, ...string[]]>();
  for (const { account, region } of queries) {
    const known = regions.get(account);
    if (known === undefined) {
      regions.set(account, [region]);
    } else if (!known.includes(region)) {
      known.push(region);
    }
  }
  return regions;
}
