import type { TargetClient } from '../api/client.ts';
import type { ListKind } from '../api/operations.ts';
import type { Config } from '../config/config.ts';
import type { Section } from '../metrics/exposition.ts';
import { InventorySections } from '../metrics/inventory-sections.ts';
import { type Follower, type FollowingQuery, followersOf, needsTags, planFollowing } from '../queries/following.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/log.ts';
import type { Dispatcher } from '../scheduler/dispatcher.ts';
import { Listings } from '../scheduler/listings.ts';
import type { Target } from '../scheduler/target.ts';
import type { ApiStats } from '../state/api-stats.ts';
import { Inventory } from '../state/inventory.ts';
import { createListInventory } from '../state/list-inventory.ts';
import { ListingLog } from '../state/listing-log.ts';
import type { QueryRegistry } from './query-registry.ts';

export interface DiscoveryOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Logger;
  readonly dispatcher: Dispatcher;
  readonly clientOf: (target: Target) => TargetClient;
  readonly registry: QueryRegistry;
  /** From its abort on no query comes or leaves any more. */
  readonly shutdown: AbortSignal;
}

const KINDS: readonly ListKind[] = ['monitors', 'scopes'];

/** Lists what there is in the targets in use, shows it, and lets queries come and leave as monitors and scopes do. */
export class Discovery {
  readonly #options: DiscoveryOptions;
  readonly #inventory: Inventory;
  readonly #sections = new InventorySections();
  readonly #listings: Listings<ListKind>;
  readonly #followers: readonly Follower[];
  /** What followers have made in each target, by name. */
  readonly #queries = new Map<Target, ReadonlyMap<string, FollowingQuery>>();
  /** Names of queries that were left out in each target, once logged. */
  readonly #leftOut = new Map<Target, ReadonlySet<string>>();

  constructor(options: DiscoveryOptions) {
    this.#options = options;
    const { config, clock, log, dispatcher, clientOf } = options;
    const every = config.discovery.monitorsEvery;
    this.#followers = followersOf(config);
    this.#inventory = new Inventory({
      clock,
      every,
      onChange: (inventory) => {
        this.#sections.changed(inventory);
        this.#follow(inventory.target);
      },
    });
    this.#listings = new Listings({
      clock,
      dispatcher,
      every,
      kinds: KINDS,
      list: createListInventory({
        inventory: this.#inventory,
        log: new ListingLog(clock, log),
        clientOf,
        needsTags: (target, monitor) => needsTags(this.#followersOf(target), monitor),
      }),
    });
  }

  /** Lists targets from now on, unless the configuration has it that nothing is listed. */
  start(targets: Iterable<Target>): void {
    if (this.#options.config.discovery.monitorsEvery > 0) {
      for (const target of targets) {
        this.#sections.add(this.#inventory.add(target));
        this.#listings.add(target);
      }
    }
  }

  /** Makes the series of the requests for listings exist at 0. */
  expect(targets: Iterable<Target>, apiStats: ApiStats): void {
    if (this.#options.config.discovery.monitorsEvery > 0) {
      for (const target of targets) {
        const selectors = this.#followersOf(target).map(({ selector }) => selector);
        const tags = selectors.some((each) => each.kind === 'monitors' && Object.keys(each.tags).length > 0);
        apiStats.expectListings(target, tags);
      }
    }
  }

  sections(): Section[] {
    return this.#sections.sections();
  }

  /** `now` of the monotonic clock. */
  refresh(now: number): void {
    this.#sections.refresh(now);
  }

  #followersOf({ account, region }: Target): readonly Follower[] {
    return this.#followers.filter(({ place }) => place.account === account && place.region === region);
  }

  /** Makes the registered queries those that fit what was found. */
  #follow(target: Target): void {
    const { registry, shutdown } = this.#options;
    const followers = this.#followersOf(target);
    if (followers.length === 0 || shutdown.aborted) {
      return;
    }
    const before = this.#queries.get(target) ?? new Map<string, FollowingQuery>();
    const plan = planFollowing(followers, this.#inventory.found(target), (name, path) => {
      const own = before.get(name);
      return own === undefined ? registry.has(name) : own.path !== path;
    });
    const now = new Map(plan.queries.map((each) => [each.query.name, before.get(each.query.name) ?? each]));
    this.#queries.set(target, now);
    const gone = [...before.values()].filter(({ query }) => !now.has(query.name));
    const come = [...now.values()].filter(({ query }) => !before.has(query.name)).map(({ query }) => query);
    for (const { query } of gone) {
      registry.remove(query);
    }
    registry.add(come);
    registry.begin(come);
    this.#tell(target, { come: come.length, gone: gone.length });
    this.#tellLeftOut(target, plan.leftOut);
  }

  #tell({ account, region }: Target, { come, gone }: { readonly come: number; readonly gone: number }): void {
    if (come + gone > 0) {
      this.#options.log.info('queries follow what was found', { account, aws_region: region, come, gone });
    }
  }

  /** A name that was told is told again only after it was free. */
  #tellLeftOut(target: Target, leftOut: readonly FollowingQuery[]): void {
    const { account, region } = target;
    const before = this.#leftOut.get(target);
    const fresh = leftOut.filter(({ query }) => before?.has(query.name) !== true);
    this.#leftOut.set(target, new Set(leftOut.map(({ query }) => query.name)));
    const [first] = fresh;
    if (first !== undefined) {
      this.#options.log.warn('queries are left out: others have their names', {
        account,
        aws_region: region,
        query: first.query.name,
        entry: first.path,
        queries: leftOut.length,
      });
    }
  }
}
