import { keyPath, type MapNode } from '../reading/config-node.ts';
import type { ListedMap, Reading } from '../reading/reading.ts';
import type { QueryDefaults } from './query-defaults.ts';
import { SCHEDULED_ONLY, WATCHED_ONLY } from './query-schema.ts';

export type EntryKind = 'watched' | 'scheduled';

/** Keys that entries of the other kind do not have. */
const KEYS: Readonly<Record<EntryKind, readonly string[]>> = {
  watched: Object.keys(WATCHED_ONLY).filter((key) => !Object.hasOwn(SCHEDULED_ONLY, key)),
  scheduled: [
    'schedule',
    'monitorSelector',
    ...Object.keys(SCHEDULED_ONLY).filter((key) => !Object.hasOwn(WATCHED_ONLY, key)),
  ],
};

/** The key that makes an entry one of its kind. */
const MARK: Readonly<Record<EntryKind, string>> = { watched: 'queryId', scheduled: 'schedule' };

const CHOICE = 'either queryId, to watch a query, or schedule, to run queries';

/**
 * An entry with `queryId` watches a query, one with `schedule` runs queries; where it has neither, `queryDefaults` may.
 * Both, or neither, is reported, as are keys of the other kind. Of an entry whose kind cannot be told the answer is a
 * guess, with which the rest of it can be checked.
 */
export function readKind({ node, path }: ListedMap, defaults: QueryDefaults, reading: Reading): EntryKind {
  const schedule = node.entries.get('schedule');
  if (schedule !== undefined && node.entries.has('queryId')) {
    reading.report(keyPath(path, 'schedule'), schedule.keyLine, 'schedule as well as queryId', CHOICE);
    return 'watched';
  }
  const kind = markedKind(node) ?? defaultKind(defaults);
  if (kind === undefined) {
    const got = defaults.schedule === undefined ? 'neither queryId nor schedule' : 'both, from queryDefaults';
    reading.report(path, node.line, got, CHOICE);
    return KEYS.scheduled.some((key) => node.entries.has(key)) ? 'scheduled' : 'watched';
  }
  const other = kind === 'watched' ? 'scheduled' : 'watched';
  for (const key of KEYS[other]) {
    const unfit = node.entries.get(key)?.value;
    if (unfit !== undefined) {
      reading.reject(keyPath(path, key), unfit, `no ${key} beside ${MARK[kind]}: it is for ${other} queries`);
    }
  }
  return kind;
}

function markedKind({ entries }: MapNode): EntryKind | undefined {
  if (entries.has('schedule')) {
    return 'scheduled';
  }
  return entries.has('queryId') ? 'watched' : undefined;
}

/** Undefined where `queryDefaults` has neither, or both. */
function defaultKind({ entries, schedule, dropped }: QueryDefaults): EntryKind | undefined {
  const hasQueryId = entries.has('queryId') || dropped.has('queryId');
  if (hasQueryId === (schedule !== undefined)) {
    return undefined;
  }
  return hasQueryId ? 'watched' : 'scheduled';
}
