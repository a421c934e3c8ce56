import type { WatchedEntry } from '../config.ts';
import type { ConfigNode } from '../reading/config-node.ts';
import type { ListedMap, Reading } from '../reading/reading.ts';
import { readBase } from './entry-base.ts';
import type { EntryContext } from './entry-context.ts';
import { readEntryKeys } from './entry-keys.ts';
import { checkSubject, subjectKeyOf } from './entry-subject.ts';
import { WATCHED } from './query-schema.ts';

/** `staleAfter` where the file gives none: this, or three times the interval if that is more; in milliseconds. */
const LEAST_STALE_AFTER_MS = 300_000;

/**
 * Reads an element of `queries` that watches a query. Undefined where its queries' names cannot be told; whatever else is
 * missing or was reported has a stand-in.
 */
export function readWatchedEntry(
  element: ListedMap,
  context: EntryContext,
  reading: Reading,
): WatchedEntry | undefined {
  const entry = readEntryKeys(element, WATCHED, context.defaults, isNoListOfSubjects, reading);
  const base = readBase(entry, context, reading);
  const typeKnown = !entry.faulty('type');
  if (typeKnown) {
    checkSubject(entry, WATCHED, entry.value('type'), reading);
  }
  if (base === undefined) {
    return undefined;
  }
  const subjectKey = subjectKeyOf(base.type);
  const subject = typeKnown ? entry.value(subjectKey) : undefined;
  const interval = entry.value('interval') ?? context.interval;
  return {
    ...base,
    kind: 'watched',
    monitorName: subjectKey === 'monitorName' ? subject : undefined,
    scopeId: subjectKey === 'scopeId' ? subject : undefined,
    queryId: entry.value('queryId') ?? '',
    interval,
    staleAfter: context.staleAfter ?? Math.max(LEAST_STALE_AFTER_MS, 3 * interval),
  };
}

/** A list of monitors or scopes among the defaults is for scheduled queries. */
function isNoListOfSubjects(key: string, { kind }: ConfigNode): boolean {
  return kind !== 'list' || (key !== 'monitorName' && key !== 'scopeId');
}
