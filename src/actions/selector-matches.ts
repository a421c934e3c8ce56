import type { Clock } from '../lib/clock.ts';
import { Conditions } from '../lib/conditions.ts';
import type { Logger } from '../lib/log.ts';
import { countMatches, type Follower, type Found } from '../queries/following.ts';
import type { Target } from '../scheduler/target.ts';

type SubjectKind = Follower['selector']['kind'];

/** Number of monitors or scopes that the selector of an entry matches in a target. */
export interface SelectorCount {
  readonly group: string;
  readonly kind: SubjectKind;
  readonly count: number;
}

/** Counts the matches of selectors in each target, and warns about selectors without a match. */
export class SelectorMatches {
  readonly #warnings: Conditions;
  readonly #keys = new Map<Target, ReadonlySet<string>>();

  constructor(clock: Clock, log: Logger) {
    this.#warnings = new Conditions({ clock, log, begun: 'selector unmatched', ended: 'selector matched again' });
  }

  /** Returns the matches of each name, the fewest of several. `isListed`: whether any listing was completed. */
  count(
    target: Target,
    followers: readonly Follower[],
    found: Found,
    isListed: (kind: SubjectKind) => boolean,
  ): readonly SelectorCount[] {
    const counts = new Map<string, SelectorCount>();
    for (const { entry, selector } of followers) {
      const { name: group } = entry;
      const { kind } = selector;
      const count = isListed(kind) ? countMatches(selector, found) : undefined;
      const before = counts.get(group)?.count ?? Number.POSITIVE_INFINITY;
      if (count !== undefined && count < before) {
        counts.set(group, { group, kind, count });
      }
    }
    for (const each of counts.values()) {
      this.#report(target, each, found);
    }
    const keys = new Set(followers.map(({ entry }) => keyOf(target, entry.name)));
    this.#forgetBut(target, keys);
    this.#keys.set(target, keys);
    return [...counts.values()];
  }

  forget(target: Target): void {
    this.#forgetBut(target, new Set());
    this.#keys.delete(target);
  }

  #report(target: Target, { group, kind, count }: SelectorCount, { monitors, scopeIds }: Found): void {
    const fields = { account: target.account, aws_region: target.region, query_group: group };
    const key = keyOf(target, group);
    if (count > 0) {
      this.#warnings.over(key, { ...fields, matches: count });
    } else if (kind === 'monitors') {
      const hint = 'check name, tags, and status of monitorSelector';
      this.#warnings.found(key, { ...fields, monitors: monitors.length, hint });
    } else {
      const hint = 'create a scope, or configure another Region';
      this.#warnings.found(key, { ...fields, scopes: scopeIds.length, hint });
    }
  }

  #forgetBut(target: Target, kept: ReadonlySet<string>): void {
    for (const key of this.#keys.get(target) ?? []) {
      if (!kept.has(key)) {
        this.#warnings.forget(key);
      }
    }
  }
}

function keyOf({ account, region }: Target, group: string): string {
  return JSON.stringify([account, region, group]);
}
