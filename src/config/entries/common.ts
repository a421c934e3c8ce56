import type { Schedule } from '../../model/query.ts';
import type { QuerySource, RowLabel } from '../../model/vocabulary.ts';
import { type Accounts, checkAccounts, DEFAULT_ACCOUNT } from '../accounts.ts';
import type { EntryBase, MonitorSelector } from '../config.ts';
import { type ConfigNode, elementsOf, keyPath, type MapEntry, type MapNode, quote } from '../reading/nodes.ts';
import type { ListedMap, Reading } from '../reading/reading.ts';
import { checkKeys, readSection, type Section, type SectionSchema } from '../reading/section.ts';
import { warnOfUnknownRegions } from '../regions.ts';
import { COMMON, type CommonKeys, QUERY_DEFAULT_KEYS, QUERY_DEFAULTS } from '../schema.ts';
import { readLabels, readMonitorSelector, readSchedule, warnOfUnknownCategories } from './mappings.ts';

/** Parts of the config file that the entries of `queries` depend on. */
export interface EntryContext {
  readonly source: QuerySource;
  readonly defaults: QueryDefaults;
  readonly accounts: Accounts;
  /** `polling.interval`, in milliseconds. */
  readonly interval: number;
  /** `polling.staleAfter`, in milliseconds. */
  readonly staleAfter: number | undefined;
  /** True if monitors and scopes are listed, so that selectors are possible. */
  readonly listed: boolean;
  /** `contributors.labels`. */
  readonly contributorLabels: readonly RowLabel[];
}

/** `queryDefaults` without its invalid keys, which are reported once and not for each entry. */
export interface QueryDefaults {
  readonly entries: ReadonlyMap<string, MapEntry>;
  readonly labels: Readonly<Record<string, string>>;
  /** Undefined if the defaults have none. */
  readonly schedule: Schedule | undefined;
  /** Undefined if the defaults have none. */
  readonly monitorSelector: MonitorSelector | undefined;
  /** Invalid keys. They do not count as missing in entries. */
  readonly dropped: ReadonlySet<string>;
}

export function readQueryDefaults(node: MapNode, accounts: Accounts, reading: Reading): QueryDefaults {
  const path = 'queryDefaults';
  checkKeys(node, path, QUERY_DEFAULT_KEYS, reading);
  const known = [...node.entries].filter(([key]) => Object.hasOwn(QUERY_DEFAULTS, key));
  const section = readSection({ ...node, entries: new Map(known) }, path, QUERY_DEFAULTS, reading);
  const accountsExist = checkAccounts(section, path, accounts, reading);
  const category = 'destinationCategory';
  warnOfUnknownCategories(section.values[category], keyPath(path, category), section.written(category), reading);
  warnOfUnknownRegions(section.values.region?.values, keyPath(path, 'region'), section.written('region'), reading);
  const [labels, schedule, selector] = ['labels', 'schedule', 'monitorSelector'].map(
    (key) => node.entries.get(key)?.value,
  );
  const isGood = (key: string) => !section.faulty(key) && (key !== 'account' || accountsExist);
  return {
    entries: new Map(known.filter(([key]) => isGood(key))),
    labels: labels === undefined ? {} : readLabels(labels, keyPath(path, 'labels'), reading),
    monitorSelector: selector && readMonitorSelector(selector, keyPath(path, 'monitorSelector'), reading),
    schedule: schedule && readSchedule(schedule, keyPath(path, 'schedule'), section.values.type, reading),
    dropped: new Set(
      node.isStandIn === true ? QUERY_DEFAULT_KEYS : known.map(([key]) => key).filter((key) => !isGood(key)),
    ),
  };
}

/** An entry of `queries` with `queryDefaults` applied, and each key checked. */
export interface EntryKeys<T extends CommonKeys> extends Section<T> {
  readonly context: EntryContext;
  readonly reading: Reading;
  readonly path: string;
  /** First line of the entry. */
  readonly line: number;
  /** Returns a key of the entry itself, without defaults. */
  own(key: string): MapEntry | undefined;
  /** Reports a key that is in neither the entry nor the defaults, not even with an invalid value. */
  require(key: keyof T & string, expected: string): void;
}

/**
 * @param schema of the entry's kind. Keys of other kinds are ignored.
 * @param isMeant returns true if a value of `queryDefaults` applies to entries of this kind
 */
export function readEntryKeys<T extends CommonKeys>(
  { node, path }: ListedMap,
  schema: SectionSchema<T>,
  context: EntryContext,
  reading: Reading,
  isMeant = (_key: string, _value: ConfigNode) => true,
): EntryKeys<T> {
  const { defaults } = context;
  const own = [...node.entries].filter(([key]) => Object.hasOwn(schema, key));
  const others = [...defaults.entries].filter(([key, { value }]) => Object.hasOwn(schema, key) && isMeant(key, value));
  const whole: MapNode = { ...node, entries: new Map([...others, ...own]) };
  const section = readSection(whole, path, schema, reading);
  const isDropped = (key: string) => defaults.dropped.has(key) && !whole.entries.has(key);
  return {
    ...{ ...section, context, reading, path, line: node.line },
    faulty: (key) => section.faulty(key) || isDropped(key),
    own: (key) => node.entries.get(key),
    require(key, expected) {
      if (!whole.entries.has(key) && !isDropped(key)) {
        reading.report(keyPath(path, key), node.line, 'nothing', expected);
      }
    },
  };
}

/** Reads the common keys of entries. Returns undefined if the names of the queries cannot be determined. */
export function readBase(entry: EntryKeys<CommonKeys>): Omit<EntryBase, 'staleAfter'> | undefined {
  const { context, reading, path, line } = entry;
  const { name, type, region: regions } = entry.values;
  entry.require('name', COMMON.name.format.expected);
  const accounts = readAccountNames(entry);
  checkRegions(entry, accounts.accounts);
  warnOfUnknownRegions(regions?.values, keyPath(path, 'region'), entry.own('region')?.value, reading);
  const labels = entry.own('labels')?.value;
  const ownLabels = labels && readLabels(labels, keyPath(path, 'labels'), reading);
  if (name === undefined || entry.faulty('region')) {
    return undefined;
  }
  return {
    ...{ source: context.source, path, line, name, type, ...accounts },
    regions: regions?.values,
    regionsListed: regions?.listed ?? false,
    labels: ownLabels ?? context.defaults.labels,
  };
}

/** Returns the accounts of an entry, or none if they are invalid. Reports those that do not exist. */
function readAccountNames(entry: EntryKeys<CommonKeys>): Pick<EntryBase, 'accounts' | 'accountsListed'> {
  const selection = entry.values.account;
  const { accounts } = entry.context;
  const isGood = !entry.faulty('account') && checkAccounts(entry, entry.path, accounts, entry.reading);
  const named = selection === 'all' ? undefined : selection?.values;
  const unnamed = selection === 'all' || accounts.all.length === 1 ? accounts.all : [DEFAULT_ACCOUNT];
  return {
    accounts: isGood ? (named ?? unnamed) : [],
    accountsListed: selection === 'all' || (selection?.listed ?? false),
  };
}

/** Reports regions of an entry that its accounts do not have. An account without own regions accepts any. */
function checkRegions(entry: EntryKeys<CommonKeys>, accounts: readonly string[]): void {
  const { context, reading } = entry;
  const regions = entry.faulty('region') ? [] : (entry.values.region?.values ?? []);
  for (const element of elementsOf(keyPath(entry.path, 'region'), entry.written('region'), regions)) {
    const without = accounts
      .map((account) => context.accounts.byName.get(account))
      .find((account) => account?.regions?.includes(element.value) === false && !account.regionsFaulty);
    if (without?.regions !== undefined) {
      const account = quote(reading.show(without.name ?? ''));
      const known = without.regions.map(reading.show).join(', ');
      reading.reject(element.path, element.node, `a Region of account ${account}: ${known}`);
    }
  }
}
