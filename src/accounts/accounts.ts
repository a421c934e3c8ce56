import { isDeepStrictEqual } from 'node:util';
import { AccountCredentials } from '../aws/credentials/account-credentials.ts';
import type { Credentials } from '../aws/credentials/credentials.ts';
import { type StsSettings, stsRegionOf } from '../aws/credentials/sts.ts';
import type { BoundedHandler } from '../aws/network/bounded-handler.ts';
import type { Account, Config } from '../config/config.ts';
import type { Clock } from '../lib/clock.ts';
import type { RegisteredQuery } from '../model/query.ts';

/** Where a query is. */
type Place = Pick<RegisteredQuery, 'account' | 'region'>;

/** An account of the configuration that queries use, with what it takes to call it. */
export interface UsedAccount {
  readonly account: Account;
  readonly credentials: Credentials;
  readonly sts: StsSettings;
}

/** The accounts that queries use. Those whose settings do not change keep their credentials. */
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

  /** The accounts that queries use, or may come to use, by name, in the order of their first query. */
  use(config: Config, places: Iterable<Place>): ReadonlyMap<string, UsedAccount> {
    const { aws } = config;
    const stsSettings = [aws.stsRegion, aws.region, aws.stsEndpoint];
    if (!isDeepStrictEqual(this.#stsSettings, stsSettings)) {
      this.#stsSettings = stsSettings;
      this.#credentials = new AccountCredentials(this.#clock);
    }
    const defined = new Map(config.accounts.map((account) => [account.name, account]));
    const used = new Map<string, UsedAccount>();
    for (const [name, regions] of regionsInUse(places)) {
      const account = defined.get(name);
      if (account === undefined) {
        throw new Error(`a planned query is in account ${name}, which the configuration does not define`);
      }
      const sts = { handler: this.#handler, region: stsRegionOf(aws, regions), endpoint: aws.stsEndpoint };
      const before = this.#used.get(name);
      used.set(
        name,
        before !== undefined && haveSameCredentials(before, { account, sts })
          ? { ...before, account }
          : { account, sts, credentials: this.#credentials.of(account, sts) },
      );
    }
    this.#used = used;
    return used;
  }
}

function haveSameCredentials(a: Omit<UsedAccount, 'credentials'>, b: Omit<UsedAccount, 'credentials'>): boolean {
  const settings = ({ account, sts }: Omit<UsedAccount, 'credentials'>) => [
    account.profile,
    account.role,
    sts.region,
    sts.endpoint,
  ];
  return isDeepStrictEqual(settings(a), settings(b));
}

/** The accounts that are called elsewhere, or as somebody else, in another configuration, or are in one of the two only. */
export function movedAccounts(before: Config, after: Config): ReadonlySet<string> {
  const [old, now] = [placesByAccount(before), placesByAccount(after)];
  return new Set([...old.keys(), ...now.keys()].filter((name) => old.get(name) !== now.get(name)));
}

function placesByAccount({ accounts }: Config): ReadonlyMap<string, string> {
  return new Map(accounts.map((account) => [account.name, placeIn(account)]));
}

/** Where an account is called, and as whom, as far as the configuration says it; holds no secret. */
export function placeOf(name: string, { accounts }: Config): string {
  return placeIn(accounts.find((each) => each.name === name));
}

function placeIn(account: Account | undefined): string {
  return JSON.stringify([account?.role?.arn, account?.profile, account?.endpoint]);
}

function regionsInUse(places: Iterable<Place>): ReadonlyMap<string, [string, ...string[]]> {
  const regions = new Map<string, [string, ...string[]]>();
  for (const { account, region } of places) {
    const known = regions.get(account);
    if (known === undefined) {
      regions.set(account, [region]);
    } else if (!known.includes(region)) {
      known.push(region);
    }
  }
  return regions;
}
