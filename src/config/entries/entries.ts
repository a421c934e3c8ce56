import { inSlices } from '../../lib/concurrency.ts';
import { counted } from '../../lib/text.ts';
import type { Schedule } from '../../model/query.ts';
import { DATA_TYPE, type MetricName, MODELLED_CATEGORIES, metricNamesOf } from '../../model/vocabulary.ts';
import { DEFAULT_ACCOUNT } from '../accounts.ts';
import type { QueryEntry, ScheduledEntry, WatchedEntry } from '../config.ts';
import type { OneOrList } from '../reading/formats.ts';
import { type ConfigNode, elementsOf, keyPath, type MapNode, showNode } from '../reading/nodes.ts';
import { freezeDeeply, type ListedMap, type Reading } from '../reading/reading.ts';
import { checkKeys } from '../reading/section.ts';
import { QUERY_KEYS, SCHEDULED, SCHEDULED_ONLY, type ScheduledKeys, WATCHED, WATCHED_ONLY } from '../schema.ts';
import { type EntryContext, type EntryKeys, type QueryDefaults, readBase, readEntryKeys } from './common.ts';
import { readSchedule, STAND_IN_SCHEDULE, warnOfUnknownCategories } from './mappings.ts';
import { readSubjects, refuseOtherSubject, subjectKeyOf } from './subject.ts';

export interface ReadEntry {
  readonly entry: QueryEntry;
  readonly node: MapNode;
}

/**
 * Reads the elements of `queries`, in slices that do not block the event loop. Omits entries if the names of their queries
 * cannot be determined. Other missing or invalid values have placeholders, so that duplicate names are reported in the same
 * pass. After too many errors, the other entries are not read.
 */
export async function readEntries(
  elements: readonly ListedMap[],
  context: EntryContext,
  reading: Reading,
): Promise<readonly ReadEntry[]> {
  const read: ReadEntry[] = [];
  await inSlices(elements, (element) => {
    if (reading.isFull) {
      return;
    }
    checkKeys(element.node, element.path, QUERY_KEYS, reading);
    const isWatched = readKind(element, context.defaults, reading) === 'watched';
    const entry = (isWatched ? readWatchedEntry : readScheduledEntry)(element, context, reading);
    if (entry !== undefined) {
      read.push({ entry: freezeDeeply(entry), node: element.node });
    }
  });
  warnOfSilentDefault(read, context, reading);
  return read;
}

/**
 * Warns once of entries without an account if the file lists several: they use `default`, which is not in the list. There is
 * no warning if another entry names `default` explicitly.
 */
function warnOfSilentDefault(read: readonly ReadEntry[], context: EntryContext, reading: Reading): void {
  const { accounts, defaults } = context;
  const isListed = accounts.byName.get(DEFAULT_ACCOUNT)?.path !== undefined;
  if (isListed || defaults.entries.has('account') || defaults.dropped.has('account')) {
    return;
  }
  const names = ({ node }: ReadEntry) => node.entries.has('account');
  const silent = read.filter((each) => each.entry.accounts[0] === DEFAULT_ACCOUNT && !names(each));
  const isNamed = read.some((each) => each.entry.accounts.includes(DEFAULT_ACCOUNT) && names(each));
  const [first] = silent;
  if (first !== undefined && !isNamed && accounts.all.some((name) => name !== DEFAULT_ACCOUNT)) {
    const using = counted(silent.length, 'entry without one uses', 'entries without one use');
    const expected = `the name of an account; ${using} "${DEFAULT_ACCOUNT}", which is not listed in accounts`;
    reading.warn(keyPath(first.entry.path, 'account'), first.entry.line, 'nothing', expected);
  }
}

type EntryKind = 'watched' | 'scheduled';

/** Keys that only entries of one kind have. */
const KEYS: Readonly<Record<EntryKind, readonly string[]>> = {
  watched: Object.keys(WATCHED_ONLY).filter((key) => !Object.hasOwn(SCHEDULED_ONLY, key)),
  scheduled: [
    'schedule',
    'monitorSelector',
    ...Object.keys(SCHEDULED_ONLY).filter((key) => !Object.hasOwn(WATCHED_ONLY, key)),
  ],
};

/** The key that determines the kind of an entry. */
const MARK: Readonly<Record<EntryKind, string>> = { watched: 'queryId', scheduled: 'schedule' };

const CHOICE = 'either queryId, to watch a query, or schedule, to run queries';

/**
 * Returns the kind of an entry: `queryId` watches a query, `schedule` runs queries. An entry without both uses
 * `queryDefaults`. Reports both, neither, and keys of the other kind. For an ambiguous entry, returns a guess, so that the
 * rest of the entry can be checked.
 */
function readKind({ node, path }: ListedMap, defaults: QueryDefaults, reading: Reading): EntryKind {
  const schedule = node.entries.get('schedule');
  if (schedule !== undefined && node.entries.has('queryId')) {
    reading.report(keyPath(path, 'schedule'), schedule.keyLine, 'both schedule and queryId', CHOICE);
    return 'watched';
  }
  const marked = node.entries.has('queryId') ? 'watched' : undefined;
  const kind = schedule === undefined ? (marked ?? defaultKind(defaults)) : 'scheduled';
  if (kind === undefined && !defaults.dropped.has('schedule')) {
    const got =
      defaults.schedule === undefined ? 'neither queryId nor schedule' : 'both queryId and schedule from queryDefaults';
    reading.report(path, node.line, got, CHOICE);
  }
  if (kind === undefined) {
    return KEYS.scheduled.some((key) => node.entries.has(key)) ? 'scheduled' : 'watched';
  }
  const other = kind === 'watched' ? 'scheduled' : 'watched';
  for (const key of KEYS[other]) {
    const unfit = node.entries.get(key)?.value;
    if (unfit !== undefined) {
      reading.reject(keyPath(path, key), unfit, `no ${key} together with ${MARK[kind]}: it is for ${other} queries`);
    }
  }
  return kind;
}

/** Returns undefined if `queryDefaults` has both keys or neither, or is not a mapping. */
function defaultKind({ entries, schedule, dropped }: QueryDefaults): EntryKind | undefined {
  const hasQueryId = entries.has('queryId') || dropped.has('queryId');
  const hasSchedule = schedule !== undefined || dropped.has('schedule');
  const kind = hasQueryId ? 'watched' : 'scheduled';
  return hasQueryId === hasSchedule ? undefined : kind;
}

/** Default of `staleAfter`, in milliseconds: for a watched query, three times the interval if that is longer. */
const USUAL_STALE_AFTER_MS = 300_000;

/**
 * Reads an element of `queries` that watches a query. Returns undefined if the names of its queries cannot be determined.
 * Other missing or invalid values have placeholders.
 */
function readWatchedEntry(element: ListedMap, context: EntryContext, reading: Reading): WatchedEntry | undefined {
  const entry = readEntryKeys(element, WATCHED, context, reading, isNoListOfSubjects);
  const base = readBase(entry);
  const { type } = entry.values;
  const subjectKey = subjectKeyOf(type);
  const typeKnown = !entry.faulty('type');
  if (typeKnown) {
    entry.require(subjectKey, `${WATCHED[subjectKey].format.expected}, for type ${type}`);
    refuseOtherSubject(entry);
  }
  if (base === undefined) {
    return undefined;
  }
  const subject = typeKnown ? entry.values[subjectKey] : undefined;
  const interval = entry.values.interval ?? context.interval;
  return {
    ...base,
    kind: 'watched',
    monitorName: subjectKey === 'monitorName' ? subject : undefined,
    scopeId: subjectKey === 'scopeId' ? subject : undefined,
    queryId: entry.values.queryId ?? '',
    interval,
    staleAfter: context.staleAfter ?? Math.max(USUAL_STALE_AFTER_MS, 3 * interval),
  };
}

/** Returns false for a list of monitors or scopes, which is a default only for scheduled queries. */
function isNoListOfSubjects(key: string, { kind }: ConfigNode): boolean {
  return kind !== 'list' || (key !== 'monitorName' && key !== 'scopeId');
}

/**
 * Reads an element of `queries` that starts queries. Returns undefined if their names cannot be determined. Other missing or
 * invalid values have placeholders.
 */
function readScheduledEntry(element: ListedMap, context: EntryContext, reading: Reading): ScheduledEntry | undefined {
  const entry = readEntryKeys(element, SCHEDULED, context, reading);
  const base = readBase(entry);
  const schedule = readOwnSchedule(entry);
  const categories = readCategories(entry);
  if (entry.faulty('type')) {
    return undefined;
  }
  const subjects = readSubjects(entry);
  const metricNames = readMetricNames(entry);
  checkDataType(entry);
  if (base === undefined || subjects === undefined || metricNames === undefined || categories === undefined) {
    return undefined;
  }
  return {
    ...base,
    kind: 'scheduled',
    ...subjects,
    metricNames,
    destinationCategories: categories,
    limit: entry.values.type === DATA_TYPE ? undefined : entry.values.limit,
    schedule,
    contributorLabels: entry.values.contributorLabels ?? context.contributorLabels,
    staleAfter: context.staleAfter ?? USUAL_STALE_AFTER_MS,
  };
}

function readOwnSchedule(entry: EntryKeys<ScheduledKeys>): Schedule {
  const own = entry.own('schedule')?.value;
  return own === undefined
    ? (entry.context.defaults.schedule ?? STAND_IN_SCHEDULE)
    : readSchedule(own, keyPath(entry.path, 'schedule'), entry.values.type, entry.reading);
}

/** Returns undefined if they are missing or invalid. */
function readCategories(entry: EntryKeys<ScheduledKeys>): OneOrList<string> | undefined {
  const key = 'destinationCategory';
  entry.require(key, SCHEDULED[key].format.expected);
  const selection = entry.values[key];
  warnOfUnknownCategories(selection, keyPath(entry.path, key), entry.own(key)?.value, entry.reading);
  return selection === 'all' ? { values: MODELLED_CATEGORIES, listed: true } : selection;
}

/** Returns undefined if they are missing or invalid. Defaults that the type does not have count as missing. */
function readMetricNames(entry: EntryKeys<ScheduledKeys>): OneOrList<MetricName> | undefined {
  const { reading } = entry;
  const { type } = entry.values;
  const key = 'metricName';
  const path = keyPath(entry.path, key);
  const available = metricNamesOf(type);
  const some = `one of ${available.join(', ')}`;
  const expected = `${some}, a list of them, or "*" for all, for type ${type}`;
  entry.require(key, expected);
  const selection = entry.values[key];
  if (selection === undefined || selection === 'all') {
    return selection && { values: available, listed: true };
  }
  const isFit = (metricName: MetricName) => available.includes(metricName);
  if (selection.values.every(isFit)) {
    return selection;
  }
  const own = entry.own(key)?.value;
  if (own === undefined) {
    reading.report(path, entry.line, 'nothing', expected);
  }
  for (const element of elementsOf(path, own, selection.values)) {
    if (!isFit(element.value)) {
      reading.reject(element.path, element.node, `${some}, for type ${type}`);
    }
  }
  return undefined;
}

/** Reports keys that the `-data` type does not have: its start has no limit, and its results have no rows. */
function checkDataType({ own, path, reading, values: { type } }: EntryKeys<ScheduledKeys>): void {
  if (type !== DATA_TYPE) {
    return;
  }
  const limit = own('limit')?.value;
  if (limit !== undefined) {
    reading.reject(keyPath(path, 'limit'), limit, `no limit for type ${type}: the API accepts none`);
  }
  const labels = own('contributorLabels')?.value;
  if (labels !== undefined) {
    const expected = `no contributorLabels for type ${type}: its results have no rows`;
    reading.warn(keyPath(path, 'contributorLabels'), labels.line, showNode(labels), expected);
  }
}
