import type { Schedule } from '../../model/query.ts';
import {
  DATA_TYPE,
  type MetricName,
  MODELLED_CATEGORIES,
  metricNamesOf,
  type QueryType,
} from '../../model/vocabulary.ts';
import type { ScheduledEntry } from '../config.ts';
import { elementsOf, keyPath, showNode } from '../reading/config-node.ts';
import type { OneOrList } from '../reading/formats.ts';
import type { ListedMap, Reading } from '../reading/reading.ts';
import { warnOfUnknownCategories } from './category-warnings.ts';
import { readBase } from './entry-base.ts';
import type { EntryContext } from './entry-context.ts';
import { type EntryKeys, readEntryKeys } from './entry-keys.ts';
import { readSubjects } from './entry-subjects.ts';
import { SCHEDULED, type ScheduledKeys } from './query-schema.ts';
import { readSchedule, STAND_IN_SCHEDULE } from './schedule.ts';

/** `staleAfter` where the file gives none; in milliseconds. */
const USUAL_STALE_AFTER_MS = 300_000;

/**
 * Reads an element of `queries` that starts queries. Undefined where their names cannot be told; whatever else is missing
 * or was reported has a stand-in.
 */
export function readScheduledEntry(
  element: ListedMap,
  context: EntryContext,
  reading: Reading,
): ScheduledEntry | undefined {
  const entry = readEntryKeys(element, SCHEDULED, context.defaults, () => true, reading);
  const base = readBase(entry, context, reading);
  const schedule = readOwnSchedule(entry, context, reading);
  const categories = readCategories(entry, reading);
  if (entry.faulty('type')) {
    return undefined;
  }
  const type = entry.value('type');
  const subjects = readSubjects(entry, type, context, reading);
  const metricNames = readMetricNames(entry, type, reading);
  checkDataType(entry, type, reading);
  if (base === undefined || subjects === undefined || metricNames === undefined || categories === undefined) {
    return undefined;
  }
  return {
    ...base,
    kind: 'scheduled',
    ...subjects,
    metricNames: metricNames.values,
    metricNamesListed: metricNames.listed,
    destinationCategories: categories.values,
    destinationCategoriesListed: categories.listed,
    limit: type === DATA_TYPE ? undefined : entry.value('limit'),
    schedule,
    contributorLabels: entry.value('contributorLabels') ?? context.contributorLabels,
    staleAfter: context.staleAfter ?? USUAL_STALE_AFTER_MS,
  };
}

function readOwnSchedule(entry: EntryKeys<ScheduledKeys>, { defaults }: EntryContext, reading: Reading): Schedule {
  const own = entry.own.entries.get('schedule')?.value;
  return own === undefined
    ? (defaults.schedule ?? STAND_IN_SCHEDULE)
    : readSchedule(own, keyPath(entry.path, 'schedule'), entry.value('type'), reading);
}

/** Undefined where they are missing or were reported. */
function readCategories(entry: EntryKeys<ScheduledKeys>, reading: Reading): OneOrList<string> | undefined {
  const key = 'destinationCategory';
  entry.require(key, SCHEDULED[key].format.expected);
  const selection = entry.value(key);
  warnOfUnknownCategories(selection, keyPath(entry.path, key), entry.own.entries.get(key)?.value, reading);
  return selection === 'all' ? { values: MODELLED_CATEGORIES, listed: true } : selection;
}

/** Undefined where they are missing or were reported. Defaults that the type does not have are as good as missing. */
function readMetricNames(
  entry: EntryKeys<ScheduledKeys>,
  type: QueryType,
  reading: Reading,
): OneOrList<MetricName> | undefined {
  const key = 'metricName';
  const path = keyPath(entry.path, key);
  const available = metricNamesOf(type);
  const some = `one of ${available.join(', ')}`;
  const expected = `${some}, a list of them, or "*" for all, for type ${type}`;
  entry.require(key, expected);
  const selection = entry.value(key);
  if (selection === undefined || selection === 'all') {
    return selection && { values: available, listed: true };
  }
  const isUnfit = (metricName: MetricName | undefined) => metricName !== undefined && !available.includes(metricName);
  if (!selection.values.some(isUnfit)) {
    return selection;
  }
  const own = entry.own.entries.get(key)?.value;
  if (own === undefined) {
    reading.report(path, entry.line, 'nothing', expected);
  }
  for (const [index, element] of elementsOf(path, own).entries()) {
    if (isUnfit(selection.values[index])) {
      reading.reject(element.path, element.node, `${some}, for type ${type}`);
    }
  }
  return undefined;
}

/** The start of the `-data` type takes no limit, and its results have series of their own instead of rows. */
function checkDataType(entry: EntryKeys<ScheduledKeys>, type: QueryType, reading: Reading): void {
  if (type !== DATA_TYPE) {
    return;
  }
  const limit = entry.own.entries.get('limit')?.value;
  if (limit !== undefined) {
    reading.reject(keyPath(entry.path, 'limit'), limit, `no limit for type ${type}: its start takes none`);
  }
  const labels = entry.own.entries.get('contributorLabels')?.value;
  if (labels !== undefined) {
    const expected = `no contributorLabels for type ${type}: its results have no rows`;
    reading.warn(keyPath(entry.path, 'contributorLabels'), labels.line, showNode(labels), expected);
  }
}
