import { isDeepStrictEqual } from 'node:util';
import { AccountCredentials } from '../aws/credentials/account-credentials.ts';
import type { Credentials } from '../aws/credentials/credentials.ts';
import { type StsSettings, stsRegionOf } from '../aws/credentials/sts.ts';
import type { BoundedHandler } from '../aws/network/bounded-handler.ts';
import type { Account, Config } from '../config/config.ts';
import type { Clock } from '../lib/clock.ts';
import type { Target } from '../scheduler/target.ts';

/** An account that queries use, with the settings of its calls. */
export interface UsedAccount {
  readonly account: Account;
  readonly credentials: Credentials;
  readonly sts: StsSettings;
}

/** The accounts that queries use. Accounts with unchanged settings keep their credentials. */
export class UsedAccounts {
  readonly #handler: BoundedHandler;
  readonly #clock: Clock;
  #credentials: AccountCredentials;
  #stsSettings: unknown;
  #used: ReadonlyMap<string, UsedAccount> = new Map();

  constructor(handler: BoundedHandler, clock: Clock) {
    this.#handler = handler;
    this.#clock = clock;
    this.#credentials = new AccountCredentials(clock);
  }

  /** Returns the accounts that queries use, or may use later, by name, in the order of their first query. */
  use(config: Config, targets: Iterable<Pick<Target, 'account' | 'region'>>): ReadonlyMap<string, UsedAccount> {
    const { aws } = config;
    const stsSettings = [aws.stsRegion, aws.region, aws.stsEndpoint];
    if (!isDeepStrictEqual(this.#stsSettings, stsSettings)) {
      this.#stsSettings = stsSettings;
      this.#credentials = new AccountCredentials(this.#clock);
    }
    const defined = new Map(config.accounts.map((account) => [account.name, account]));
    const used = new Map<string, UsedAccount>();
    for (const { account: name, region } of targets) {
      if (used.has(name)) {
        continue;
      }
      const account = defined.get(name);
      if (account === undefined) {
        throw new Error(`internal error: account ${name} of a planned query is not defined in the configuration`);
      }
      const sts = { handler: this.#handler, region: stsRegionOf(aws, [region]), endpoint: aws.stsEndpoint };
      const before = this.#used.get(name);
      const isSame = before !== undefined && isDeepStrictEqual(settingsOf(before), settingsOf({ account, sts }));
      const credentials = isSame ? before.credentials : this.#credentials.of(account, sts);
      used.set(name, { account, sts: isSame ? before.sts : sts, credentials });
    }
    this.#used = used;
    return used;
  }
}

function settingsOf({ account, sts }: Omit<UsedAccount, 'credentials'>): readonly unknown[] {
  return [account.profile, account.role, sts.region, sts.endpoint];
}

/** Returns the accounts with another endpoint or identity in a new configuration, and those in only one of the two. */
export function movedAccounts(before: Config, after: Config): ReadonlySet<string> {
  const placesIn = ({ accounts }: Config) => new Map(accounts.map((account) => [account.name, placeIn(account)]));
  const [old, now] = [placesIn(before), placesIn(after)];
  return new Set([...old.keys(), ...now.keys()].filter((name) => old.get(name) !== now.get(name)));
}

/** Returns the endpoint and identity of an account as configured; contains no secret. */
export function placeOf(name: string, { accounts }: Config): string {
  return placeIn(accounts.find((each) => each.name === name));
}

function placeIn(account: Account | undefined): string {
  return JSON.stringify([account?.role?.arn, account?.profile, account?.endpoint]);
}
