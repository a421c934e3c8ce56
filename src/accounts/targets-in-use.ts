import { TargetClient } from '../aws/client.ts';
import type { BoundedHandler } from '../aws/network/bounded-handler.ts';
import type { TargetClientOptions } from '../aws/sdk.ts';
import type { Config } from '../config/config.ts';
import type { Clock } from '../lib/clock.ts';
import type { RegisteredQuery, Registration } from '../model/query.ts';
import type { IsOwnTarget } from '../model/shard.ts';
import { cloudwatchTargets } from '../queries/cloudwatch-targets.ts';
import type { Target, Targets } from '../scheduler/target.ts';
import type { ApiStats } from '../state/api-stats.ts';
import { type UsedAccount, UsedAccounts } from './accounts.ts';

/** The part of a query, or of an entry, that determines which operations are called in which target. */
export type Use = Pick<RegisteredQuery, 'account' | 'region' | 'kind' | 'type'>;

export interface TargetChanges {
  readonly added: readonly Target[];
  readonly removed: readonly Target[];
}

export interface TargetsInUseOptions {
  readonly clock: Clock;
  readonly targets: Targets;
  readonly handler: BoundedHandler;
  readonly apiStats: ApiStats;
  /** Version of the exporter, for the user agent. */
  readonly version: string;
  /** Whether the shard of this exporter has a target. */
  readonly isOwn: IsOwnTarget;
}

/** The client of a target, with its settings. */
interface UsedClient extends Pick<TargetClientOptions, 'credentials' | 'endpoint' | 'maxAttempts'> {
  readonly client: TargetClient;
}

/** The targets and accounts that queries use, with their clients. They are added and removed with their queries. */
export class TargetsInUse {
  readonly #options: TargetsInUseOptions;
  readonly #usedAccounts: UsedAccounts;
  #accounts: ReadonlyMap<string, UsedAccount> = new Map();
  /** Includes removed targets, whose runs may have to be stopped. */
  readonly #clients = new WeakMap<Target, UsedClient>();
  /** Includes removed queries, whose runs may have to be stopped. */
  readonly #targetOf = new WeakMap<Registration, Target>();
  /** Kinds of queries for which each target has series. */
  readonly #expected = new WeakMap<Target, Set<string>>();

  constructor(options: TargetsInUseOptions) {
    this.#options = options;
    this.#usedAccounts = new UsedAccounts(options.handler, options.clock);
  }

  /**
   * Sets the targets in use, with the limits and credentials of the configuration: those of queries, and those whose metrics
   * are read from CloudWatch. Targets of an account that `isMoved` are removed and added again. Returns the changes.
   */
  update(config: Config, uses: readonly Use[], isMoved: (account: string) => boolean): TargetChanges {
    const { targets, apiStats, isOwn } = this.#options;
    const before = new Set(targets.all());
    const metricTargets = cloudwatchTargets(config).filter(isOwn);
    const kept = new Set([...uses, ...metricTargets].map(({ account, region }) => targets.find(account, region)));
    const removed = [...before].filter((target) => !kept.has(target) || isMoved(target.account));
    for (const target of removed) {
      targets.remove(target);
      apiStats.remove(target);
    }
    const accounts = new Map(config.accounts.map((account) => [account.name, account]));
    const add = ({ account, region }: Pick<Use, 'account' | 'region'>) => {
      const limits = accounts.get(account);
      if (limits === undefined) {
        throw new Error(`internal error: account ${account} of a query is not defined in the configuration`);
      }
      return targets.add(account, region, limits);
    };
    for (const use of uses) {
      this.#expect(add(use), use);
    }
    metricTargets.forEach(add);
    this.#accounts = this.#usedAccounts.use(config, targets.all());
    for (const target of targets.all()) {
      this.#connect(target, config);
    }
    return { added: [...targets.all()].filter((target) => !before.has(target)), removed };
  }

  /** Returns the accounts in use by name, in the order of their first use. */
  accounts(): ReadonlyMap<string, UsedAccount> {
    return this.#accounts;
  }

  /** Assigns a registered query to its target, which is in use. */
  assign(registration: Registration): void {
    const { account, region } = registration.query;
    this.#targetOf.set(registration, this.#options.targets.get(account, region));
  }

  /** Returns the target of a query that is or was registered. */
  targetOf(registration: Registration): Target {
    const target = this.#targetOf.get(registration);
    if (target === undefined) {
      throw new Error(`internal error: query ${registration.name} was never registered`);
    }
    return target;
  }

  clientOf(target: Target): TargetClient {
    const used = this.#clients.get(target);
    if (used === undefined) {
      throw new Error(`internal error: no client for account ${target.account} in ${target.region}`);
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

  /** Creates the target's client, unless it has one with the same settings. */
  #connect(target: Target, { aws: { maxAttempts } }: Config): void {
    const { clock, handler, apiStats: observer, version } = this.#options;
    const used = this.#accounts.get(target.account);
    if (used === undefined) {
      throw new Error(`internal error: account ${target.account} has a query but is not in use`);
    }
    const { account, credentials } = used;
    const endpoint = account.endpoint?.replaceAll('{region}', target.region);
    const before = this.#clients.get(target);
    if (before?.credentials !== credentials || before.endpoint !== endpoint || before.maxAttempts !== maxAttempts) {
      const settings = { credentials, endpoint, maxAttempts };
      const client = new TargetClient({ ...settings, target, clock, handler, observer, version });
      this.#clients.set(target, { ...settings, client });
    }
  }
}

interface CountedUse {
  readonly use: Use;
  count: number;
}

export class UseCounts {
  /** In the order of their first use. */
  readonly #counted = new Map<string, CountedUse>();

  /** Returns each use once. */
  all(): readonly Use[] {
    return Array.from(this.#counted.values(), ({ use }) => use);
  }

  /** Replaces one use by another; undefined: none. Returns whether {@link all} has changed. */
  replace(before: Use | undefined, after: Use | undefined): boolean {
    const isNew = after !== undefined && this.#add(after, 1);
    const isLast = before !== undefined && this.#add(before, -1);
    return isNew || isLast;
  }

  /** Returns whether the use is new, or no longer needed. */
  #add(use: Use, by: 1 | -1): boolean {
    const key = keyOf(use);
    const counted = this.#counted.get(key) ?? { use, count: 0 };
    counted.count += by;
    if (counted.count <= 0) {
      return this.#counted.delete(key);
    }
    this.#counted.set(key, counted);
    return by === 1 && counted.count === 1;
  }
}

/** Only the name of an account can contain spaces. */
function keyOf({ kind, type, region, account }: Use): string {
  return `${kind} ${type} ${region} ${account}`;
}
