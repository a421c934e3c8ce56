import type { LogFields } from '../lib/log.ts';

/** Names of the queries affected by a change of the sources. */
export interface QueryChanges {
  readonly added: readonly string[];
  /** Includes new queries with an old name. */
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

export const NO_CHANGES: QueryChanges = { added: [], changed: [], removed: [] };

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

/** Limits the names in a log line: a change may affect a whole fleet. */
const MOST_NAMES = 10;

/** Returns the log keys of a change: numbers of queries, and the first names. */
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

/** Returns undefined, so that the key is omitted, if there are no names. */
function listOf(names: readonly string[]): string | undefined {
  const shown = names.slice(0, MOST_NAMES).join(', ');
  const more = names.length - MOST_NAMES;
  return names.length === 0 ? undefined : shown + (more > 0 ? `, and ${more} more` : '');
}
