import type { SelectorCount } from '../actions/selector-matches.ts';
import { MONITOR_STATUSES, SCOPE_STATUSES } from '../model/vocabulary.ts';
import type { Target } from '../scheduler/target.ts';
import type { TargetInventory } from '../state/inventory.ts';
import type { Section } from './exposition.ts';
import { INVENTORY_FAMILIES } from './families.ts';
import { GroupedChunks, type SamplesOf } from './gzip/grouped-chunks.ts';
import { type Label, type Sample, seconds, serviceLabel, stateSamples, targetLabels } from './text.ts';

type FamilyName = keyof typeof INVENTORY_FAMILIES;

/** A target's inventory as it was rendered, or will be at the next scrape. */
interface ShownInventory {
  readonly inventory: TargetInventory;
  matches: readonly SelectorCount[];
  readonly isStale: Record<'monitors' | 'scopes', boolean>;
}

const STATUS_FAMILIES = { monitors: 'aws_nfm_monitor_status', scopes: 'aws_nfm_scope_status' } as const;

export class InventorySections {
  readonly #chunks = new GroupedChunks<Target, ShownInventory, FamilyName>(INVENTORY_FAMILIES, SAMPLES);

  add(inventory: TargetInventory): void {
    const isStale = { monitors: false, scopes: false };
    this.#chunks.add(inventory.target, { inventory, matches: [], isStale });
  }

  remove(target: Target): void {
    this.#chunks.remove(target);
  }

  /** Marks all lines of a target after a listing, which happens once in minutes. */
  changed({ target }: TargetInventory): void {
    this.#chunks.changed(target);
  }

  matched(target: Target, matches: readonly SelectorCount[]): void {
    const shown = this.#chunks.get(target);
    if (shown !== undefined) {
      shown.matches = matches;
      this.#chunks.changed(target, ['aws_nfm_selector_matches']);
    }
  }

  /** Marks the lines of listings that have become stale with time. `now` is on the monotonic clock. */
  refresh(now: number): void {
    for (const [target, { inventory, isStale }] of this.#chunks.entries()) {
      for (const kind of ['monitors', 'scopes'] as const) {
        const stale = now > (inventory[kind]?.staleAt ?? Number.POSITIVE_INFINITY);
        if (stale !== isStale[kind]) {
          isStale[kind] = stale;
          this.#chunks.changed(target, [STATUS_FAMILIES[kind], 'aws_nfm_selector_matches']);
        }
      }
    }
  }

  sections(): Section[] {
    return this.#chunks.sections();
  }
}

const SAMPLES: SamplesOf<ShownInventory, FamilyName> = {
  aws_nfm_monitor_status: ({ inventory: { target, monitors }, isStale }) =>
    (isStale.monitors ? [] : (monitors?.items ?? [])).flatMap(({ name, status }) =>
      statusSamples(target, ['monitor', serviceLabel(name)], MONITOR_STATUSES, status),
    ),
  aws_nfm_scope_status: ({ inventory: { target, scopes }, isStale }) =>
    (isStale.scopes ? [] : (scopes?.items ?? [])).flatMap(({ id, status }) =>
      statusSamples(target, ['scope_id', serviceLabel(id)], SCOPE_STATUSES, status),
    ),
  aws_nfm_inventory_last_success_timestamp_seconds: ({ inventory: { target, monitors, scopes } }) => [
    [targetLabels(target, ['kind', 'monitors']), seconds(monitors?.at)],
    [targetLabels(target, ['kind', 'scopes']), seconds(scopes?.at)],
  ],
  aws_nfm_selector_matches: ({ inventory: { target }, matches, isStale }) =>
    matches
      .filter(({ kind }) => !isStale[kind])
      .map(({ group, count }) => [targetLabels(target, ['query_group', group]), count]),
};

/** Returns a state set. If the model does not have the status, all of its samples are 0. */
function statusSamples(target: Target, label: Label, statuses: readonly string[], status = ''): Sample[] {
  return stateSamples('status', targetLabels(target, label), statuses, status);
}
