import type { QueryEntry } from '../config.ts';
import type { ListedMap, Reading } from '../reading/reading.ts';
import { checkKeys } from '../reading/section.ts';
import type { EntryContext } from './entry-context.ts';
import { readKind } from './entry-kind.ts';
import { QUERY_KEYS } from './query-schema.ts';
import { readScheduledEntry } from './scheduled-entry.ts';
import { readWatchedEntry } from './watched-entry.ts';

/**
 * Reads an element of `queries`. Undefined where its queries' names cannot be told; whatever else is missing or was
 * reported has a stand-in, so that clashes of names are told together with the rest.
 */
export function readEntry(element: ListedMap, context: EntryContext, reading: Reading): QueryEntry | undefined {
  checkKeys(element.node, element.path, QUERY_KEYS, reading);
  const read = readKind(element, context.defaults, reading) === 'watched' ? readWatchedEntry : readScheduledEntry;
  return read(element, context, reading);
}
