import type { Schedule } from '../../model/query.ts';
import type { QuerySource, RowLabel } from '../../model/vocabulary.ts';
import { type AccountDefinition, checkAccounts, DEFAULT_ACCOUNT, describeMany } from '../accounts.ts';
import type { EntryBase, MonitorSelector, QueryEntry } from '../config.ts';
import type { Selection } from '../reading/formats.ts';
import { type ConfigNode, elementsOf, keyPath, type MapEntry, type MapNode, quote } from '../reading/nodes.ts';
import type { ListedMap, Reading } from '../reading/reading.ts';
import { checkKeys, readSection, type Section, type SectionSchema } from '../reading/section.ts';
import { warnOfUnknownRegions } from '../regions.ts';
import { COMMON, type CommonKeys, QUERY_DEFAULT_KEYS, QUERY_DEFAULTS } from '../schema.ts';
import { readLabels, readMonitorSelector, readSchedule, warnOfUnknownCategories } from './mappings.ts';

/** What entries of queries need to know of the config file. */
export interface EntryContext {
  readonly source: QuerySource;
  readonly defaults: QueryDefaults;
  /** Accounts that entries may name. */
  readonly accounts: ReadonlyMap<string, AccountDefinition>;
  /** The names that `"*"` stands for. */
  readonly allAccounts: readonly string[];
  /** `polling.interval`, in milliseconds. */
  readonly interval: number;
  /** `polling.staleAfter`, in milliseconds. */
  readonly staleAfter: number | undefined;
  /** Whether monitors and scopes are listed, so that queries can follow them. */
  readonly listed: boolean;
  /** `contributors.labels`. */
  readonly contributorLabels: readonly RowLabel[];
}

/** `queryDefaults`, less what was wrong with it: that is reported once, not again for each entry. */
export interface QueryDefaults {
  readonly entries: ReadonlyMap<string, MapEntry>;
  readonly labels: Readonly<Record<string, string>>;
  /** Undefined where the defaults have none. */
  readonly schedule: Schedule | undefined;
  /** Undefined where the defaults have none. */
  readonly monitorSelector: MonitorSelector | undefined;
  /** Keys that are there, but faulty: entries that count on them do not lack them. */
  readonly dropped: ReadonlySet<string>;
}

export function readQueryDefaults(
  node: MapNode,
  accounts: ReadonlyMap<string, AccountDefinition>,
  reading: Reading,
): QueryDefaults {
  const path = 'queryDefaults';
  checkKeys(node, path, QUERY_DEFAULT_KEYS, reading);
  const known = [...node.entries].filter(([key]) => Object.hasOwn(QUERY_DEFAULTS, key));
  const section = readSection({ ...node, entries: new Map(known) }, path, QUERY_DEFAULTS, reading);
  const accountsExist = checkAccounts(section, path, accounts, reading);
  warnOfUnknownCategories(
    section.values.destinationCategory,
    keyPath(path, 'destinationCategory'),
    section.written('destinationCategory'),
    reading,
  );
  const regions = section.values.region?.values ?? [];
  warnOfUnknownRegions(regions, keyPath(path, 'region'), section.written('region'), reading);
  const labels = node.entries.get('labels')?.value;
  const schedule = node.entries.get('schedule')?.value;
  const selector = node.entries.get('monitorSelector')?.value;
  const isGood = (key: string) => !section.faulty(key) && (key !== 'account' || accountsExist);
  return {
    entries: new Map(known.filter(([key]) => isGood(key))),
    labels: labels === undefined ? {} : readLabels(labels, keyPath(path, 'labels'), reading),
    monitorSelector: selector && readMonitorSelector(selector, keyPath(path, 'monitorSelector'), reading),
    schedule: schedule && readSchedule(schedule, keyPath(path, 'schedule'), section.values.type, reading),
    dropped: new Set(known.map(([key]) => key).filter((key) => !isGood(key))),
  };
}

/** An entry of `queries` with the defaults of all queries, its keys checked one by one. */
export interface EntryKeys<T extends CommonKeys> extends Section<T> {
  readonly path: string;
  /** The line on which the entry begins. */
  readonly line: number;
  /** What the entry itself says, defaults aside. */
  readonly own: MapNode;
  /** Reports a key that neither the entry nor the defaults have, even wrongly. */
  require(key: keyof T & string, expected: string): void;
}

/**
 * @param schema of the entry's kind; keys of other kinds are not looked at
 * @param isMeant whether a value of `queryDefaults` is for entries of this kind
 */
export function readEntryKeys<T extends CommonKeys>(
  { node, path }: ListedMap,
  schema: SectionSchema<T>,
  defaults: QueryDefaults,
  isMeant: (key: string, value: ConfigNode) => boolean,
  reading: Reading,
): EntryKeys<T> {
  const own = [...node.entries].filter(([key]) => Object.hasOwn(schema, key));
  const others = [...defaults.entries].filter(([key, { value }]) => Object.hasOwn(schema, key) && isMeant(key, value));
  const whole: MapNode = { ...node, entries: new Map([...others, ...own]) };
  const section = readSection(whole, path, schema, reading);
  const isDropped = (key: string) => defaults.dropped.has(key) && !whole.entries.has(key);
  return {
    ...section,
    faulty: (key) => section.faulty(key) || isDropped(key),
    path,
    line: node.line,
    own: node,
    require(key, expected) {
      if (!whole.entries.has(key) && !isDropped(key)) {
        reading.report(keyPath(path, key), node.line, 'nothing', expected);
      }
    },
  };
}

/** Reads what all entries have. Undefined where the names of its queries cannot be told. */
export function readBase(
  entry: EntryKeys<CommonKeys>,
  context: EntryContext,
  reading: Reading,
): Omit<EntryBase, 'staleAfter'> | undefined {
  entry.require('name', COMMON.name.format.expected);
  const name = entry.values.name;
  const { accounts, accountsListed } = readAccountNames(entry, context, reading);
  checkRegions(entry, accounts, context, reading);
  const ownRegions = entry.own.entries.get('region')?.value;
  warnOfUnknownRegions(entry.values.region?.values ?? [], keyPath(entry.path, 'region'), ownRegions, reading);
  const labels = entry.own.entries.get('labels')?.value;
  const ownLabels = labels && readLabels(labels, keyPath(entry.path, 'labels'), reading);
  if (name === undefined || entry.faulty('region')) {
    return undefined;
  }
  const regions = entry.values.region;
  return {
    source: context.source,
    path: entry.path,
    line: entry.line,
    name,
    type: entry.values.type,
    accounts,
    accountsListed,
    regions: regions?.values,
    regionsListed: regions?.listed ?? false,
    labels: ownLabels ?? context.defaults.labels,
  };
}

/** The accounts of an entry; none where they cannot be told. Reports those that do not exist. */
function readAccountNames(
  entry: EntryKeys<CommonKeys>,
  context: EntryContext,
  reading: Reading,
): { readonly accounts: readonly string[]; readonly accountsListed: boolean } {
  const selection = entry.values.account;
  const accountsListed = selection === 'all' || (selection?.listed ?? false);
  if (entry.faulty('account') || !checkAccounts(entry, entry.path, context.accounts, reading)) {
    return { accounts: [], accountsListed };
  }
  return { accounts: selectAccounts(selection, context.allAccounts), accountsListed };
}

function selectAccounts(selection: Selection<string> | undefined, allAccounts: readonly string[]): readonly string[] {
  if (selection === 'all') {
    return allAccounts;
  }
  return selection?.values ?? (allAccounts.length === 1 ? allAccounts : [DEFAULT_ACCOUNT]);
}

/** Reports regions of an entry that are none of its accounts' own. An account without regions of its own takes any. */
function checkRegions(
  entry: EntryKeys<CommonKeys>,
  accounts: readonly string[],
  context: EntryContext,
  reading: Reading,
): void {
  const regions = entry.faulty('region') ? [] : (entry.values.region?.values ?? []);
  const elements = elementsOf(keyPath(entry.path, 'region'), entry.written('region'));
  for (const [index, region] of regions.entries()) {
    const element = elements[index];
    const without = accounts
      .map((account) => context.accounts.get(account))
      .find((account) => account?.regions?.includes(region) === false && !account.regionsFaulty);
    if (element !== undefined && without?.regions !== undefined) {
      const account = quote(reading.show(without.name ?? ''));
      const known = without.regions.map(reading.show).join(', ');
      reading.reject(element.path, element.node, `a region of account ${account}: ${known}`);
    }
  }
}

/**
 * Warns once of entries that name no account although the file lists several: they use `default`, which is none of these.
 * A file in which another entry names `default` knows of it.
 *
 * @param elements what the entries were read of
 */
export function warnOfSilentDefault(
  queries: readonly QueryEntry[],
  elements: readonly ListedMap[],
  { accounts, allAccounts, defaults }: EntryContext,
  reading: Reading,
): void {
  const isListed = accounts.get(DEFAULT_ACCOUNT)?.path !== undefined;
  if (isListed || defaults.entries.has('account') || defaults.dropped.has('account')) {
    return;
  }
  const naming = new Set(elements.filter(({ node }) => node.entries.has('account')).map(({ path }) => path));
  const silent = queries.filter(({ path, accounts: [used] }) => used === DEFAULT_ACCOUNT && !naming.has(path));
  const isNamed = queries.some(({ path, accounts: used }) => used.includes(DEFAULT_ACCOUNT) && naming.has(path));
  const [first] = silent;
  if (first !== undefined && !isNamed && allAccounts.some((name) => name !== DEFAULT_ACCOUNT)) {
    const using = describeMany(silent.length, 'entry without one uses', 'entries without one use');
    const expected = `the name of an account; ${using} "${DEFAULT_ACCOUNT}", which is not among accounts`;
    reading.warn(keyPath(first.path, 'account'), first.line, 'nothing', expected);
  }
}
