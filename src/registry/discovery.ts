import type { CredentialFailureLog } from '../accounts/credential-failure-log.ts';
import { InventoryListing } from '../actions/list-inventory.ts';
import { ListingLog } from '../actions/listing-log.ts';
import { type SelectorCount, SelectorMatches } from '../actions/selector-matches.ts';
import type { TargetClient } from '../aws/client.ts';
import type { ListKind } from '../aws/operations.ts';
import type { Clock } from '../lib/clock.ts';
import { Emitter } from '../lib/emitter.ts';
import type { Logger } from '../lib/log.ts';
import type { Candidate } from '../model/query.ts';
import { type Follower, needsTags, planFollowing } from '../queries/following.ts';
import type { Dispatcher } from '../scheduler/dispatcher.ts';
import { Listings } from '../scheduler/listings.ts';
import type { Target } from '../scheduler/target.ts';
import type { ApiStats } from '../state/api-stats.ts';
import { Inventory, type TargetInventory } from '../state/inventory.ts';

/** Shows what is found in targets. */
export interface InventoryView {
  /** A target will be listed. */
  add(inventory: TargetInventory): void;
  /** A target is not listed any more. */
  remove(target: Target): void;
  /** A target was listed. */
  changed(inventory: TargetInventory): void;
  /** What the selectors of a target match. */
  matched(target: Target, matches: readonly SelectorCount[]): void;
}

export interface DiscoveryOptions {
  /** Time from listing to listing, in milliseconds; 0: nothing is listed. */
  readonly every: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly credentialFailures: CredentialFailureLog;
  readonly dispatcher: Dispatcher;
  readonly apiStats: ApiStats;
  readonly view: InventoryView;
  readonly clientOf: (target: Target) => TargetClient;
}

const KINDS: readonly ListKind[] = ['monitors', 'scopes'];

/** Lists what there is in the targets in use, shows it, and says which queries followers make of it. */
export class Discovery {
  /** What was found in a target may be other than before. */
  readonly listed: Emitter<[target: Target]>;
  readonly #options: DiscoveryOptions;
  readonly #inventory: Inventory;
  readonly #listings: Listings<ListKind>;
  readonly #matches: SelectorMatches;
  readonly #targets = new Set<Target>();
  #every: number;
  #followers: readonly Follower[] = [];

  constructor(options: DiscoveryOptions) {
    this.#options = options;
    const { every, clock, log, dispatcher, clientOf } = options;
    this.#every = every;
    this.#matches = new SelectorMatches(clock, log);
    this.listed = new Emitter(log, 'listing of a target');
    this.#inventory = new Inventory({ clock, every, log });
    this.#inventory.changed.on((inventory) => options.view.changed(inventory));
    this.#inventory.changed.on(({ target }) => this.#count(target));
    this.#inventory.changed.on(({ target }) => this.listed.emit(target));
    this.#listings = new Listings({
      clock,
      dispatcher,
      kinds: KINDS,
      list: new InventoryListing({
        clock,
        inventory: this.#inventory,
        log: new ListingLog(clock, log, options.credentialFailures),
        clientOf,
        needsTags: (target, monitor) => needsTags(this.#followersOf(target), monitor),
      }).list,
    });
  }

  /** Lists a target from now on. */
  add(target: Target): void {
    this.#targets.add(target);
    if (this.#every > 0) {
      this.#options.view.add(this.#inventory.add(target));
      this.#listings.add(target, this.#every);
      this.#expect(target);
    }
  }

  /** Lists a target no more, and forgets what was found there. */
  remove(target: Target): void {
    this.#targets.delete(target);
    this.#listings.remove(target);
    this.#inventory.remove(target);
    this.#options.view.remove(target);
    this.#matches.forget(target);
  }

  /** Another time from listing to listing, in milliseconds: each target is listed anew at once. 0: what was found goes. */
  setEvery(every: number): void {
    if (every === this.#every) {
      return;
    }
    const wasListed = this.#every > 0;
    this.#every = every;
    this.#inventory.every = every;
    for (const target of [...this.#targets]) {
      if (wasListed && every > 0) {
        this.#listings.remove(target);
        this.#listings.add(target, every);
      } else {
        this.remove(target);
        this.add(target);
      }
    }
  }

  /** These entries follow monitors or scopes from now on. */
  follow(followers: readonly Follower[]): void {
    const before = this.#followers;
    const areSame = before.length === followers.length && before.every((each, n) => each === followers[n]);
    this.#followers = followers;
    for (const target of this.#every > 0 ? this.#targets : []) {
      this.#expect(target);
      if (!areSame) {
        this.#count(target);
      }
    }
  }

  /** The queries that followers make of what was found, in all targets but those of accounts that are left out. */
  candidates(isLeftOut: (account: string) => boolean): ReadonlyMap<Target, readonly Candidate[]> {
    const targets = [...this.#targets].filter(({ account }) => !isLeftOut(account));
    return new Map(targets.map((target) => [target, this.candidatesIn(target)]));
  }

  candidatesIn(target: Target): readonly Candidate[] {
    const followers = this.#followersOf(target);
    return followers.length === 0 ? [] : planFollowing(followers, this.#inventory.found(target));
  }

  /** What selectors match in a target may be another number. */
  #count(target: Target): void {
    const isListed = (kind: ListKind) => this.#inventory.isListed(target, kind);
    const found = this.#inventory.found(target);
    this.#options.view.matched(target, this.#matches.count(target, this.#followersOf(target), found, isListed));
  }

  /** Makes the series of the requests for listings exist at 0. */
  #expect(target: Target): void {
    const selectors = this.#followersOf(target).map(({ selector }) => selector);
    const tags = selectors.some((each) => each.kind === 'monitors' && Object.keys(each.tags).length > 0);
    this.#options.apiStats.expectListings(target, tags);
  }

  #followersOf({ account, region }: Target): readonly Follower[] {
    return this.#followers.filter(({ place }) => place.account === account && place.region === region);
  }
}
