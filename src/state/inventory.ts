import type { MonitorSummary, ScopeSummary } from '../aws/lists.ts';
import type { Clock } from '../lib/clock.ts';
import { Emitter } from '../lib/emitter.ts';
import type { Logger } from '../lib/log.ts';
import type { Found } from '../queries/following.ts';
import type { Target } from '../scheduler/target.ts';

/** What a listing found. */
interface Listing<Item> {
  readonly items: readonly Item[];
  /** When it was complete, in milliseconds since the epoch. */
  readonly at: number;
  /** From when on it is too old to be shown, on the monotonic clock. */
  readonly staleAt: number;
}

interface KnownTags {
  readonly tags: Readonly<Record<string, string>>;
  /** From when on they are to be asked for again, on the monotonic clock. */
  readonly until: number;
}

/** The monitors and scopes of one target, as the last good listing of each kind found them; undefined before the first. */
export interface TargetInventory {
  readonly target: Target;
  readonly monitors: Listing<MonitorSummary> | undefined;
  readonly scopes: Listing<ScopeSummary> | undefined;
}

interface MutableInventory extends TargetInventory {
  monitors: Listing<MonitorSummary> | undefined;
  scopes: Listing<ScopeSummary> | undefined;
  /** Of monitors, by ARN. */
  tags: Map<string, KnownTags>;
}

/** Intervals that a listing is shown for while later ones fail. */
const SHOWN_FOR = 3;
/** Intervals that tags are believed for: they change seldom, and each monitor's take a request of their own. */
const TAGS_FOR = 6;

export interface InventoryOptions {
  readonly clock: Clock;
  readonly every: number;
  readonly log: Pick<Logger, 'error'>;
}

/** What there is in the targets in use. */
export class Inventory {
  /** After each listing of a target, and once more when tags of its monitors have been read. */
  readonly changed: Emitter<[inventory: TargetInventory]>;
  readonly #clock: Clock;
  readonly #targets = new Map<Target, MutableInventory>();
  /** Time from listing to listing, in milliseconds. */
  every: number;

  constructor({ clock, every, log }: InventoryOptions) {
    this.#clock = clock;
    this.every = every;
    this.changed = new Emitter(log, 'change of an inventory');
  }

  /** A target will be listed. */
  add(target: Target): TargetInventory {
    const inventory: MutableInventory = { target, monitors: undefined, scopes: undefined, tags: new Map() };
    this.#targets.set(target, inventory);
    return inventory;
  }

  /** A target is listed no more; what is still answered there is not taken in. */
  remove(target: Target): void {
    this.#targets.delete(target);
  }

  /** The target's monitors were listed to the end. */
  monitorsListed(target: Target, monitors: readonly MonitorSummary[]): void {
    const inventory = this.#targets.get(target);
    if (inventory === undefined) {
      return;
    }
    inventory.monitors = this.#listing(monitors, ({ name }) => name);
    const arns = new Set(monitors.map(({ arn }) => arn));
    inventory.tags = new Map([...inventory.tags].filter(([arn]) => arns.has(arn)));
    this.changed.emit(inventory);
  }

  /** The target's scopes were listed to the end. */
  scopesListed(target: Target, scopes: readonly ScopeSummary[]): void {
    const inventory = this.#targets.get(target);
    if (inventory === undefined) {
      return;
    }
    inventory.scopes = this.#listing(scopes, ({ id }) => id);
    this.changed.emit(inventory);
  }

  /** The tags of a monitor were read. */
  tagsRead(target: Target, arn: string, tags: Readonly<Record<string, string>>): void {
    const until = this.#clock.monotonic() + TAGS_FOR * this.every;
    this.#targets.get(target)?.tags.set(arn, { tags, until });
  }

  /** All tags that were wanted have been asked for. */
  tagsComplete(target: Target): void {
    const inventory = this.#targets.get(target);
    if (inventory !== undefined) {
      this.changed.emit(inventory);
    }
  }

  /** Whether the tags of a monitor are known, and not for so long that they may have changed. */
  knowsTags(target: Target, arn: string): boolean {
    const known = this.#targets.get(target)?.tags.get(arn);
    return known !== undefined && this.#clock.monotonic() < known.until;
  }

  /** Whether a listing of this kind has succeeded in a target. */
  isListed(target: Target, kind: 'monitors' | 'scopes'): boolean {
    return this.#targets.get(target)?.[kind] !== undefined;
  }

  /** What queries can be made of, however long ago it was found: listings that fail change nothing. */
  found(target: Target): Found {
    const inventory = this.#targets.get(target);
    return {
      monitors: (inventory?.monitors?.items ?? []).map(({ name, status, arn }) => ({
        name,
        status,
        // Without an ARN there is nothing to ask for tags.
        tags: arn === undefined ? {} : inventory?.tags.get(arn)?.tags,
      })),
      scopeIds: (inventory?.scopes?.items ?? []).map(({ id }) => id),
    };
  }

  /** Each thing once, as its last page tells it: things move from page to page when others come or go meanwhile. */
  #listing<Item>(items: readonly Item[], keyOf: (item: Item) => string): Listing<Item> {
    const clock = this.#clock;
    return {
      items: [...new Map(items.map((item) => [keyOf(item), item])).values()],
      at: clock.now(),
      staleAt: clock.monotonic() + SHOWN_FOR * this.every,
    };
  }
}
