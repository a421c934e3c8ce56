import type { SelectorCount } from '../actions/selector-matches.ts';
import { MONITOR_STATUSES, SCOPE_STATUSES } from '../model/vocabulary.ts';
import type { Target } from '../scheduler/target.ts';
import type { TargetInventory } from '../state/inventory.ts';
import type { Section } from './exposition.ts';
import { INVENTORY_FAMILIES } from './families.ts';
import { GroupedChunks } from './gzip/grouped-chunks.ts';
import { labelPart, serviceLabel } from './text.ts';

type FamilyName = keyof typeof INVENTORY_FAMILIES;

/** A target's inventory as it was rendered, or will be at the next scrape. */
interface Shown {
  readonly inventory: TargetInventory;
  matches: readonly SelectorCount[];
  monitorsStale: boolean;
  scopesStale: boolean;
}

/** The series of monitors and scopes in the targets in use. */
export class InventorySections {
  readonly #shown = new Map<Target, Shown>();
  readonly #chunks = new GroupedChunks<Shown, FamilyName>(INVENTORY_FAMILIES, LINES);

  /** A target will be listed. */
  add(inventory: TargetInventory): void {
    const shown = { inventory, matches: [], monitorsStale: false, scopesStale: false };
    this.#shown.set(inventory.target, shown);
    this.#chunks.add(shown);
  }

  /** A target is listed no more. */
  remove(target: Target): void {
    const shown = this.#shown.get(target);
    if (shown !== undefined) {
      this.#shown.delete(target);
      this.#chunks.remove(shown);
    }
  }

  /** A target was listed: once in minutes, so that all its lines are rendered again. */
  changed({ target }: TargetInventory): void {
    const shown = this.#shown.get(target);
    if (shown !== undefined) {
      for (const family of FAMILY_NAMES) {
        this.#chunks.changed(shown, family);
      }
    }
  }

  /** What the selectors of a target match. */
  matched(target: Target, matches: readonly SelectorCount[]): void {
    const shown = this.#shown.get(target);
    if (shown !== undefined) {
      shown.matches = matches;
      this.#chunks.changed(shown, 'aws_nfm_selector_matches');
    }
  }

  /** Listings become stale by time alone; `now` of the monotonic clock. */
  refresh(now: number): void {
    for (const shown of this.#shown.values()) {
      const { monitors, scopes } = shown.inventory;
      const monitorsStale = monitors !== undefined && now > monitors.staleAt;
      if (monitorsStale !== shown.monitorsStale) {
        shown.monitorsStale = monitorsStale;
        this.#chunks.changed(shown, 'aws_nfm_monitor_status');
        this.#chunks.changed(shown, 'aws_nfm_selector_matches');
      }
      const scopesStale = scopes !== undefined && now > scopes.staleAt;
      if (scopesStale !== shown.scopesStale) {
        shown.scopesStale = scopesStale;
        this.#chunks.changed(shown, 'aws_nfm_scope_status');
        this.#chunks.changed(shown, 'aws_nfm_selector_matches');
      }
    }
  }

  sections(): Section[] {
    return this.#chunks.sections();
  }
}

const FAMILY_NAMES = Object.keys(INVENTORY_FAMILIES) as FamilyName[]; // keys of a constant table

const LINES: Readonly<Record<FamilyName, (shown: Shown) => string>> = {
  aws_nfm_monitor_status: ({ inventory: { target, monitors }, monitorsStale }) =>
    (monitorsStale ? [] : (monitors?.items ?? []))
      .map(({ name, status }) =>
        stateLines('aws_nfm_monitor_status', target, ['monitor', serviceLabel(name)], MONITOR_STATUSES, status),
      )
      .join(''),
  aws_nfm_scope_status: ({ inventory: { target, scopes }, scopesStale }) =>
    (scopesStale ? [] : (scopes?.items ?? []))
      .map(({ id, status }) =>
        stateLines('aws_nfm_scope_status', target, ['scope_id', serviceLabel(id)], SCOPE_STATUSES, status),
      )
      .join(''),
  aws_nfm_inventory_last_success_timestamp_seconds: ({ inventory: { target, monitors, scopes } }) =>
    lastSuccessLine(target, 'monitors', monitors?.at) + lastSuccessLine(target, 'scopes', scopes?.at),
  aws_nfm_selector_matches: ({ inventory: { target }, matches, monitorsStale, scopesStale }) =>
    matches
      .filter(({ kind }) => !(kind === 'monitors' ? monitorsStale : scopesStale))
      .map(({ group, count }) => `aws_nfm_selector_matches${targetLabels(target, ['query_group', group])} ${count}\n`)
      .join(''),
};

/** A state set: of a status that the model does not have, no line is 1. */
function stateLines(
  name: FamilyName,
  target: Target,
  label: readonly [string, string],
  statuses: readonly string[],
  current: string | undefined,
): string {
  return statuses
    .map((status) => `${name}${targetLabels(target, label, ['status', status])} ${Number(status === current)}\n`)
    .join('');
}

function lastSuccessLine(target: Target, kind: string, at: number | undefined): string {
  const name = 'aws_nfm_inventory_last_success_timestamp_seconds';
  return at === undefined ? '' : `${name}${targetLabels(target, ['kind', kind])} ${at / 1_000}\n`;
}

function targetLabels({ account, region }: Target, ...more: (readonly [string, string])[]): string {
  return labelPart([['account', account], ['aws_region', region], ...more]);
}
