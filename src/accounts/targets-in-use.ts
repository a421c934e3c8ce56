import { TargetClient } from '../aws/client.ts';
import type { Credentials } from '../aws/credentials/credentials.ts';
import type { BoundedHandler } from '../aws/network/bounded-handler.ts';
import type { Config } from '../config/config.ts';
import type { Clock } from '../lib/clock.ts';
import type { RegisteredQuery, Registration } from '../model/query.ts';
import type { Target, Targets } from '../scheduler/target.ts';
import type { ApiStats } from '../state/api-stats.ts';
import { type UsedAccount, UsedAccounts } from './accounts.ts';

/** What of a query, or of an entry that makes some, says what is called where. */
export type Use = Pick<RegisteredQuery, 'account' | 'region' | 'kind' | 'type'>;

/** Targets that are used other than before. */
export interface TargetChanges {
  readonly come: readonly Target[];
  readonly gone: readonly Target[];
}

export interface TargetsInUseOptions {
  readonly clock: Clock;
  readonly targets: Targets;
  readonly handler: BoundedHandler;
  readonly apiStats: ApiStats;
  /** Of this exporter, for the user agent. */
  readonly version: string;
}

/** A target's client, with the settings that it was made with. */
interface UsedClient {
  readonly client: TargetClient;
  readonly credentials: Credentials;
  readonly endpoint: string | undefined;
  readonly maxAttempts: number;
}

/** The targets and accounts that queries use, and how they are called. They come and go with their queries. */
export class TargetsInUse {
  readonly #options: TargetsInUseOptions;
  readonly #usedAccounts: UsedAccounts;
  #accounts: ReadonlyMap<string, UsedAccount> = new Map();
  /** Also of targets that have gone, as long as runs are to be stopped there. */
  readonly #clients = new WeakMap<Target, UsedClient>();
  /** Also of removed queries, as long as their runs are to be stopped. */
  readonly #targetOf = new WeakMap<Registration, Target>();
  /** The kinds of queries that each target's numbers are shown for. */
  readonly #expected = new WeakMap<Target, Set<string>>();

  constructor(options: TargetsInUseOptions) {
    this.#options = options;
    this.#usedAccounts = new UsedAccounts(options.handler, options.clock);
  }

  /**
   * Makes the targets those that are used, with the limits and credentials of the configuration. Those of an account that
   * `isMoved` are others than before. Returns which have come and which are gone.
   */
  update(config: Config, uses: readonly Use[], isMoved: (account: string) => boolean): TargetChanges {
    const { targets, apiStats } = this.#options;
    const before = new Set(targets.all());
    const kept = new Set(uses.map(({ account, region }) => targets.find(account, region)));
    const gone = [...before].filter((target) => !kept.has(target) || isMoved(target.account));
    for (const target of gone) {
      targets.remove(target);
      apiStats.remove(target);
    }
    const accounts = new Map(config.accounts.map((account) => [account.name, account]));
    for (const use of uses) {
      const { account, region } = use;
      const limits = accounts.get(account);
      if (limits === undefined) {
        throw new Error(`a query is in account ${account}, which the configuration does not define: a mistake of ours`);
      }
      this.#expect(targets.add(account, region, limits), use);
    }
    this.#accounts = this.#usedAccounts.use(config, targets.all());
    for (const target of targets.all()) {
      this.#connect(target, config);
    }
    return { come: [...targets.all()].filter((target) => !before.has(target)), gone };
  }

  /** By name, in the order of their first use. */
  accounts(): ReadonlyMap<string, UsedAccount> {
    return this.#accounts;
  }

  /** A query is registered, in a target that is in use. */
  place(registration: Registration): void {
    const { account, region } = registration.query;
    this.#targetOf.set(registration, this.#options.targets.get(account, region));
  }

  /** Where a query is called that is registered, or was. */
  targetOf(registration: Registration): Target {
    const target = this.#targetOf.get(registration);
    if (target === undefined) {
      throw new Error(`query ${registration.name} was never registered`);
    }
    return target;
  }

  clientOf(target: Target): TargetClient {
    const used = this.#clients.get(target);
    if (used === undefined) {
      throw new Error(`no client for account ${target.account} in ${target.region}`);
    }
    return used.client;
  }

  #expect(target: Target, use: Use): void {
    const expected = this.#expected.get(target) ?? new Set();
    this.#expected.set(target, expected);
    const key = `${use.kind} ${use.type}`;
    if (!expected.has(key)) {
      expected.add(key);
      this.#options.apiStats.expect(target, use);
    }
  }

  /** Makes the target's client, unless it has one that is still good. */
  #connect(target: Target, { aws: { maxAttempts } }: Config): void {
    const { clock, handler, apiStats: observer, version } = this.#options;
    const used = this.#accounts.get(target.account);
    if (used === undefined) {
      throw new Error(`account ${target.account} has a query but is not in use: a mistake of ours`);
    }
    const { account, credentials } = used;
    const endpoint = account.endpoint?.replaceAll('{region}', target.region);
    const before = this.#clients.get(target);
    if (before?.credentials !== credentials || before.endpoint !== endpoint || before.maxAttempts !== maxAttempts) {
      const client = new TargetClient({
        target,
        clock,
        handler,
        credentials,
        observer,
        endpoint,
        maxAttempts,
        version,
      });
      this.#clients.set(target, { client, credentials, endpoint, maxAttempts });
    }
  }
}
