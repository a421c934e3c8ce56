import { type AccountDefinition, DEFAULT_ACCOUNT, listNames } from './accounts.ts';
import type { QueryEntry } from './config.ts';
import { indexPath, keyPath, type MapEntry, type MapNode, quote } from './config-node.ts';
import { readLabels } from './labels.ts';
import type { QueryType } from './query-type.ts';
import type { ListedMap, Reading } from './reading.ts';
import { QUERY, QUERY_DEFAULTS, type QueryDefaultKeys, type QueryKeys } from './schema.ts';
import { readSection, type Section } from './section.ts';

/** `staleAfter` where the file gives none: this, or three times the interval if that is more; in milliseconds. */
const LEAST_STALE_AFTER = 300_000;

/** `queryDefaults`, less what was wrong with it: that is reported once, not again for each entry. */
export interface QueryDefaults {
  readonly entries: ReadonlyMap<string, MapEntry>;
  readonly labels: Readonly<Record<string, string>>;
  /** Keys that are there, but faulty: entries that count on them do not lack them. */
  readonly dropped: ReadonlySet<string>;
}

export function readQueryDefaults(node: MapNode, accounts: Accounts, reading: Reading): QueryDefaults {
  const path = 'queryDefaults';
  const section = readSection(node, path, QUERY_DEFAULTS, reading, ['labels']);
  const labels = node.entries.get('labels')?.value;
  const accountsExist = checkAccounts(section, path, accounts, reading);
  const known = [...node.entries].filter(([key]) => Object.hasOwn(QUERY_DEFAULTS, key));
  const isGood = (key: string) => !section.faulty(key) && (key !== 'account' || accountsExist);
  return {
    entries: new Map(known.filter(([key]) => isGood(key))),
    labels: labels === undefined ? {} : readLabels(labels, keyPath(path, 'labels'), reading),
    dropped: new Set(known.map(([key]) => key).filter((key) => !isGood(key))),
  };
}

type Accounts = ReadonlyMap<string, AccountDefinition>;

/** What entries of `queries` need to know of the rest of the file. */
export interface EntryContext {
  readonly defaults: QueryDefaults;
  /** Accounts that entries may name. */
  readonly accounts: Accounts;
  /** The names that `"*"` stands for. */
  readonly allAccounts: readonly string[];
  /** `polling.interval`, in milliseconds. */
  readonly interval: number;
  /** `polling.staleAfter`, in milliseconds. */
  readonly staleAfter: number | undefined;
}

/**
 * Reads an element of `queries`. Undefined where its queries' names cannot be told; whatever else is missing or was
 * reported has a stand-in, so that clashes of names are told together with the rest.
 */
export function readEntry({ node, path }: ListedMap, context: EntryContext, reading: Reading): QueryEntry | undefined {
  const { defaults } = context;
  const whole: MapNode = { ...node, entries: new Map([...defaults.entries, ...node.entries]) };
  const section = readSection(whole, path, QUERY, reading, ['labels']);
  const entry = { section, path, line: node.line, dropped: defaults.dropped };

  const name = required(entry, 'name', '', reading);
  const queryId = required(entry, 'queryId', '', reading);
  const type = section.value('type');
  const subject = isFaulty(entry, 'type')
    ? { monitorName: undefined, scopeId: undefined }
    : readSubject(entry, type, reading);
  const accounts = readAccountNames(entry, context, reading);
  checkRegions(entry, accounts, context, reading);
  const labels = node.entries.get('labels')?.value;
  const ownLabels = labels === undefined ? defaults.labels : readLabels(labels, keyPath(path, 'labels'), reading);

  if (name === undefined || isFaulty(entry, 'region')) {
    return undefined;
  }
  const regions = section.value('region');
  const interval = section.value('interval') ?? context.interval;
  return {
    path,
    line: node.line,
    name,
    type,
    ...subject,
    queryId: queryId ?? '',
    accounts,
    accountsListed: isListed(section),
    regions: regions?.values,
    regionsListed: regions?.listed ?? false,
    interval,
    staleAfter: context.staleAfter ?? Math.max(LEAST_STALE_AFTER, 3 * interval),
    labels: ownLabels,
  };
}

interface EntrySection {
  readonly section: Section<QueryKeys>;
  readonly path: string;
  readonly line: number;
  readonly dropped: ReadonlySet<string>;
}

function isFaulty({ section, dropped }: EntrySection, key: keyof QueryKeys): boolean {
  return section.faulty(key) || (dropped.has(key) && section.written(key) === undefined);
}

/** A key that the entry must have. */
function required(
  entry: EntrySection,
  key: 'name' | 'queryId' | 'monitorName' | 'scopeId',
  reason: string,
  reading: Reading,
): string | undefined {
  if (entry.section.written(key) === undefined && !entry.dropped.has(key)) {
    reading.report(keyPath(entry.path, key), entry.line, 'nothing', `${QUERY[key].format.expected}${reason}`);
  }
  return entry.section.value(key);
}

/** What the query asks about: a monitor or a scope, as its type has it. */
function readSubject(
  entry: EntrySection,
  type: QueryType,
  reading: Reading,
): Pick<QueryEntry, 'monitorName' | 'scopeId'> {
  const [key, other] =
    type === 'monitor-top-contributors' ? (['monitorName', 'scopeId'] as const) : (['scopeId', 'monitorName'] as const);
  const subject = required(entry, key, `, for type ${type}`, reading);
  const unwanted = entry.section.written(other);
  if (unwanted !== undefined) {
    reading.reject(keyPath(entry.path, other), unwanted, `${key} instead, for type ${type}`);
  }
  return key === 'monitorName'
    ? { monitorName: subject, scopeId: undefined }
    : { monitorName: undefined, scopeId: subject };
}

function isListed(section: Section<QueryKeys>): boolean {
  const selection = section.value('account');
  return selection === 'all' || (selection?.listed ?? false);
}

/** The accounts of an entry; none where they cannot be told. */
function readAccountNames(entry: EntrySection, context: EntryContext, reading: Reading): readonly string[] {
  const { section, path } = entry;
  if (isFaulty(entry, 'account') || !checkAccounts(section, path, context.accounts, reading)) {
    return [];
  }
  const selection = section.value('account');
  if (selection === 'all') {
    return context.allAccounts;
  }
  return selection?.values ?? (context.allAccounts.length === 1 ? context.allAccounts : [DEFAULT_ACCOUNT]);
}

/** Whether all accounts that `account` names exist; reports those that do not. */
function checkAccounts(
  section: Section<QueryDefaultKeys>,
  path: string,
  accounts: Accounts,
  reading: Reading,
): boolean {
  const selection = section.value('account');
  let allExist = true;
  for (const [index, account] of selection === 'all' ? [] : (selection?.values.entries() ?? [])) {
    if (!accounts.has(account)) {
      allExist = false;
      const expected = `one of the accounts ${listNames(accounts.values(), reading)}`;
      rejectElement(section, path, 'account', index, expected, reading);
    }
  }
  return allExist;
}

/** Reports regions of an entry that are none of its accounts' own. An account without regions of its own takes any. */
function checkRegions(entry: EntrySection, accounts: readonly string[], context: EntryContext, reading: Reading): void {
  const regions = isFaulty(entry, 'region') ? [] : (entry.section.value('region')?.values ?? []);
  for (const [index, region] of regions.entries()) {
    const without = accounts
      .map((account) => context.accounts.get(account))
      .find((account) => account?.regions?.includes(region) === false && !account.regionsFaulty);
    if (without?.regions !== undefined) {
      const account = quote(reading.show(without.name ?? ''));
      const known = without.regions.map(reading.show).join(', ');
      rejectElement(entry.section, entry.path, 'region', index, `a region of account ${account}: ${known}`, reading);
    }
  }
}

/** Reports one value of a key that takes one or a list. */
function rejectElement(
  section: Section<QueryDefaultKeys>,
  path: string,
  key: 'account' | 'region',
  index: number,
  expected: string,
  reading: Reading,
): void {
  const node = section.written(key);
  const element = node?.kind === 'list' ? node.items[index] : undefined;
  if (node !== undefined) {
    const whole = keyPath(path, key);
    reading.reject(element === undefined ? whole : indexPath(whole, index), element ?? node, expected);
  }
}
