import type { MonitorSummary, ScopeSummary } from '../aws/lists.ts';
import type { Clock } from '../lib/clock.ts';
import type { Context } from '../lib/context.ts';
import { Emitter } from '../lib/emitter.ts';
import type { Found } from '../queries/following.ts';
import type { Target } from '../scheduler/target.ts';

interface Listing<Item> {
  readonly items: readonly Item[];
  /** Time of completion, in milliseconds since the epoch. */
  readonly at: number;
  /** Time from which on it is stale, on the monotonic clock. */
  readonly staleAt: number;
}

interface KnownTags {
  readonly tags: Readonly<Record<string, string>>;
  /** Time from which on they must be read again, on the monotonic clock. */
  readonly until: number;
}

/** The monitors and scopes of one target from the last complete listing of each kind. Undefined before the first one. */
export interface TargetInventory {
  readonly target: Target;
  readonly monitors: Listing<MonitorSummary> | undefined;
  readonly scopes: Listing<ScopeSummary> | undefined;
}

type MutableInventory = { -readonly [Member in keyof TargetInventory]: TargetInventory[Member] } & {
  /** Tags of monitors by ARN. */
  tags: Map<string, KnownTags>;
};

/** Intervals for which a listing is exported while later ones fail. */
const SHOWN_FOR = 3;
/** Intervals for which tags are valid. They rarely change, and each monitor needs one request for its tags. */
const TAGS_FOR = 6;

/** The monitors and scopes in the targets in use. */
export class Inventory {
  /** Emitted after each listing of a target, and again when tags of its monitors were read. */
  readonly changed: Emitter<[inventory: TargetInventory]>;
  readonly #clock: Clock;
  readonly #targets = new Map<Target, MutableInventory>();
  /** Milliseconds between listings. */
  every: number;

  constructor({ clock, every, log }: Pick<Context, 'clock' | 'log'> & { readonly every: number }) {
    this.#clock = clock;
    this.every = every;
    this.changed = new Emitter(log, 'change of an inventory');
  }

  add(target: Target): TargetInventory {
    const inventory: MutableInventory = { target, monitors: undefined, scopes: undefined, tags: new Map() };
    this.#targets.set(target, inventory);
    return inventory;
  }

  /** Removes a target that is no longer listed. Late responses are ignored. */
  remove(target: Target): void {
    this.#targets.delete(target);
  }

  monitorsListed(target: Target, monitors: readonly MonitorSummary[]): void {
    const arns = new Set(monitors.map(({ arn }) => arn));
    this.#update(target, (inventory) => {
      inventory.monitors = this.#listing(monitors, ({ name }) => name);
      inventory.tags = new Map([...inventory.tags].filter(([arn]) => arns.has(arn)));
    });
  }

  scopesListed(target: Target, scopes: readonly ScopeSummary[]): void {
    this.#update(target, (inventory) => {
      inventory.scopes = this.#listing(scopes, ({ id }) => id);
    });
  }

  tagsRead(target: Target, arn: string, tags: Readonly<Record<string, string>>): void {
    const until = this.#clock.monotonic() + TAGS_FOR * this.every;
    this.#targets.get(target)?.tags.set(arn, { tags, until });
  }

  /** Emits a change after all required tags were read. */
  tagsComplete(target: Target): void {
    this.#update(target, () => undefined);
  }

  knowsTags(target: Target, arn: string): boolean {
    const known = this.#targets.get(target)?.tags.get(arn);
    return known !== undefined && this.#clock.monotonic() < known.until;
  }

  isListed(target: Target, kind: 'monitors' | 'scopes'): boolean {
    return this.#targets.get(target)?.[kind] !== undefined;
  }

  /** Returns the monitors of the last complete listing, of any age. */
  monitors(target: Target): readonly MonitorSummary[] {
    return this.#targets.get(target)?.monitors?.items ?? [];
  }

  /** Returns what selectors match against, of any age: failed listings change nothing. */
  found(target: Target): Found {
    const inventory = this.#targets.get(target);
    return {
      monitors: (inventory?.monitors?.items ?? []).map(({ name, status, arn }) => ({
        name,
        status,
        // Tags of a monitor without an ARN cannot be requested.
        tags: arn === undefined ? {} : inventory?.tags.get(arn)?.tags,
      })),
      scopeIds: (inventory?.scopes?.items ?? []).map(({ id }) => id),
    };
  }

  #update(target: Target, change: (inventory: MutableInventory) => void): void {
    const inventory = this.#targets.get(target);
    if (inventory !== undefined) {
      change(inventory);
      this.changed.emit(inventory);
    }
  }

  /** Keeps the last of equal items: items move between pages if others are created or deleted in the meantime. */
  #listing<Item>(items: readonly Item[], keyOf: (item: Item) => string): Listing<Item> {
    const clock = this.#clock;
    return {
      items: [...new Map(items.map((item) => [keyOf(item), item])).values()],
      at: clock.now(),
      staleAt: clock.monotonic() + SHOWN_FOR * this.every,
    };
  }
}
