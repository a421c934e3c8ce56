import type { LogFields } from '../lib/log.ts';

/** The names of the queries that a change of the sources has touched. */
export interface QueryChanges {
  readonly added: readonly string[];
  /** Those that are new under an old name among them. */
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

export const NO_CHANGES: QueryChanges = { added: [], changed: [], removed: [] };

/** What two changes, one after the other, have touched. */
export function sumOf(a: QueryChanges, b: QueryChanges): QueryChanges {
  return {
    added: [...a.added, ...b.added],
    changed: [...a.changed, ...b.changed],
    removed: [...a.removed, ...b.removed],
  };
}

export function hasChanges({ added, changed, removed }: QueryChanges): boolean {
  return added.length + changed.length + removed.length > 0;
}

/** One line of the log must hold the change of a whole fleet. */
const MOST_NAMES = 10;

/** For a line of the log: how many queries, and the first of them by name. */
export function changeFields({ added, changed, removed }: QueryChanges): LogFields {
  return {
    added: added.length,
    changed: changed.length,
    removed: removed.length,
    added_queries: listOf(added),
    changed_queries: listOf(changed),
    removed_queries: listOf(removed),
  };
}

/** Undefined, thus no field, where there is none. */
function listOf(names: readonly string[]): string | undefined {
  const shown = names.slice(0, MOST_NAMES).join(', ');
  const more = names.length - MOST_NAMES;
  return names.length === 0 ? undefined : shown + (more > 0 ? `, and ${more} more` : '');
}
