import type { CredentialFailureLog } from '../accounts/credential-failure-log.ts';
import { InventoryListing } from '../actions/list-inventory.ts';
import { type SelectorCount, SelectorMatches } from '../actions/selector-matches.ts';
import type { TargetClient } from '../aws/client.ts';
import type { ListKind } from '../aws/operations.ts';
import type { SubjectSelector } from '../config/config.ts';
import type { Context } from '../lib/context.ts';
import { Emitter } from '../lib/emitter.ts';
import type { Candidate } from '../model/query.ts';
import { type Follower, needsTags, planFollowing, selectSubjects } from '../queries/following.ts';
import type { Dispatcher } from '../scheduler/dispatcher.ts';
import { Listings } from '../scheduler/listings.ts';
import type { Target } from '../scheduler/target.ts';
import type { ApiStats } from '../state/api-stats.ts';
import { Inventory, type TargetInventory } from '../state/inventory.ts';

/** Metrics about the inventory of targets. */
export interface InventoryView {
  add(inventory: TargetInventory): void;
  remove(target: Target): void;
  changed(inventory: TargetInventory): void;
  /** The number of matches of the target's selectors. */
  matched(target: Target, matches: readonly SelectorCount[]): void;
}

export interface DiscoveryOptions extends Omit<Context, 'shutdown'> {
  /** Interval between listings, in milliseconds; 0: none. */
  readonly every: number;
  readonly credentialFailures: CredentialFailureLog;
  readonly dispatcher: Dispatcher;
  readonly apiStats: ApiStats;
  readonly view: InventoryView;
  readonly clientOf: (target: Target) => TargetClient;
  /** Returns a selector of monitors in a target that is not of a query. */
  readonly otherSelector: (target: Target) => SubjectSelector | undefined;
}

const KINDS: readonly ListKind[] = ['monitors', 'scopes'];

/** Lists monitors and scopes of the targets in use, and derives the queries of followers from them. */
export class Discovery {
  /** The inventory of a target may have changed. */
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
        log,
        credentialFailures: options.credentialFailures,
        clientOf,
        needsTags: (target, monitor) => needsTags(this.#selectorsOf(target), monitor),
      }).list,
    });
  }

  add(target: Target): void {
    this.#targets.add(target);
    if (this.#every > 0) {
      this.#options.view.add(this.#inventory.add(target));
      this.#listings.add(target, this.#every);
      this.#expect(target);
    }
  }

  /** Stops listing a target, and removes its inventory. */
  remove(target: Target): void {
    this.#targets.delete(target);
    this.#listings.remove(target);
    this.#inventory.remove(target);
    this.#options.view.remove(target);
    this.#matches.forget(target);
  }

  /** Sets the interval between listings, in milliseconds: each target is listed at once. 0 removes all inventories. */
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

  /** Sets the entries that follow monitors or scopes. */
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

  /** Returns the queries of followers by target, except for targets of excluded accounts. */
  candidates(isExcluded: (account: string) => boolean): ReadonlyMap<Target, readonly Candidate[]> {
    const targets = [...this.#targets].filter(({ account }) => !isExcluded(account));
    return new Map(targets.map((target) => [target, this.candidatesIn(target)]));
  }

  candidatesIn(target: Target): readonly Candidate[] {
    const followers = this.#followersOf(target);
    return followers.length === 0 ? [] : planFollowing(followers, this.#inventory.found(target));
  }

  /** Returns the ARNs of a target's monitors that a selector selects, by name. Monitors without a valid ARN are omitted. */
  monitorsIn(target: Target, selector: SubjectSelector): ReadonlyMap<string, string> {
    const selected = new Set(selectSubjects(selector, this.#inventory.found(target)));
    const monitors = this.#inventory.monitors(target).filter(({ name }) => selected.has(name));
    return new Map(monitors.flatMap(({ name, arn }) => (arn === undefined ? [] : [[name, arn] as const])));
  }

  #count(target: Target): void {
    const isListed = (kind: ListKind) => this.#inventory.isListed(target, kind);
    const found = this.#inventory.found(target);
    this.#options.view.matched(target, this.#matches.count(target, this.#followersOf(target), found, isListed));
  }

  /** Creates the series of listing calls with value 0. */
  #expect(target: Target): void {
    const tags = this.#selectorsOf(target).some(
      (each) => each.kind === 'monitors' && Object.keys(each.tags).length > 0,
    );
    this.#options.apiStats.expectListings(target, tags);
  }

  #selectorsOf(target: Target): readonly SubjectSelector[] {
    const other = this.#options.otherSelector(target);
    const selectors = this.#followersOf(target).map(({ selector }) => selector);
    return other === undefined ? selectors : [...selectors, other];
  }

  #followersOf({ account, region }: Target): readonly Follower[] {
    return this.#followers.filter(({ target }) => target.account === account && target.region === region);
  }
}
