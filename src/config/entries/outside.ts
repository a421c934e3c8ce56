import { inSlices } from '../../lib/concurrency.ts';
import type { QuerySource } from '../../model/vocabulary.ts';
import { type FallbackRegion, findRegion, reportNoRegion } from '../common-region.ts';
import type { Account, QueryEntry, ScheduledEntry } from '../config.ts';
import type { OneOrList } from '../reading/formats.ts';
import { parseLongYaml } from '../reading/long-yaml.ts';
import { type ConfigNode, keyPath, type MapNode, nodeAt, nodeOfJson, quote, showNode } from '../reading/nodes.ts';
import { createProblem, type Problem } from '../reading/problem.ts';
import { type Environment, type Findings, type ListedMap, Reading } from '../reading/reading.ts';
import { formatDuration } from '../reading/texts.ts';
import { partitionOfArn, partitionOfRegion } from '../regions.ts';
import { SCHEDULED_ONLY } from '../schema.ts';
import type { EntryContext } from './common.ts';
import { readEntries } from './entries.ts';
import { subjectKeyOf } from './subject.ts';

/** Parts of a valid config file that entries outside it depend on. */
export interface ConfigContext {
  readonly entry: EntryContext;
  readonly accounts: readonly Account[];
  /** Environment variables for `${NAME}` in values. */
  readonly env: Environment;
  readonly fallbackRegion: FallbackRegion;
  /** Returns a name, region, or id for a message, with environment variables by name, because they may be secret. */
  readonly show: (value: string) => string;
}

/** Entries outside the config file, with all their problems. */
export interface OutsideEntries extends Findings {
  /** Valid only if there are no problems. */
  readonly queries: readonly QueryEntry[];
  /** The accounts of the config file, with the regions that these entries need. */
  readonly accounts: readonly Account[];
}

/**
 * Reads entries by the rules of the config file. Conflicts with its accounts or with `staleAfter` are reported for the entry,
 * because the config file is valid without it.
 */
async function readOutsideEntries(
  elements: readonly ListedMap[],
  source: QuerySource,
  context: ConfigContext,
  reading: Reading,
): Promise<Pick<OutsideEntries, 'queries' | 'accounts'>> {
  const read = await readEntries(elements, { ...context.entry, source }, reading);
  const queries = read.map(({ entry }) => entry);
  const accounts = await completeAccounts(queries, context, reading);
  const completed = { ...context, accounts };
  await inSlices(read, ({ entry, node }) => {
    checkStaleAfter(entry, node, context.entry, reading);
    checkPartitions(entry, node, completed, reading);
  });
  return { queries: Object.freeze(queries), accounts };
}

/** Adds the common region to accounts without a region if an entry needs it. Reports entries if there is none. */
async function completeAccounts(
  queries: readonly QueryEntry[],
  { accounts, fallbackRegion }: ConfigContext,
  reading: Reading,
): Promise<readonly Account[]> {
  const without = new Set(accounts.filter(({ regions }) => regions.length === 0).map(({ name }) => name));
  const needing = queries.filter(
    (entry) => entry.regions === undefined && entry.accounts.some((name) => without.has(name)),
  );
  if (needing.length === 0) {
    return accounts;
  }
  const found = await findRegion(fallbackRegion);
  if ('region' in found) {
    return accounts.map((account) => (without.has(account.name) ? { ...account, regions: [found.region] } : account));
  }
  for (const entry of needing) {
    reportNoRegion(entry, found.got, reading);
  }
  return accounts;
}

function checkStaleAfter(entry: QueryEntry, node: MapNode, { staleAfter }: EntryContext, reading: Reading): void {
  if (entry.kind === 'watched' && staleAfter !== undefined && staleAfter < 3 * entry.interval) {
    const expected = `at most ${formatDuration(Math.floor(staleAfter / 3))}, a third of polling.staleAfter`;
    reading.rejectOrDefault(keyPath(entry.path, 'interval'), node.entries.get('interval')?.value, entry.line, expected);
  }
}

/**
 * Reports the first region outside the partition of the account's role. The account's own regions were compared with its role
 * before.
 */
function checkPartitions(entry: QueryEntry, node: MapNode, context: ConfigContext, reading: Reading): void {
  for (const { name, role, regions } of context.accounts.filter(({ name }) => entry.accounts.includes(name))) {
    const own = role && partitionOfArn(role.arn);
    const foreign = (entry.regions ?? regions).find((region) => partitionOfRegion(region) !== own);
    const hasRegions = context.entry.accounts.byName.get(name)?.regions !== undefined;
    if (own !== undefined && foreign !== undefined && !hasRegions) {
      const expected = `a Region of partition ${own}, the partition of the role of account ${quote(reading.show(name))}`;
      reading.rejectOrDefault(keyPath(entry.path, 'region'), node.entries.get('region')?.value, entry.line, expected);
    }
  }
}

/**
 * Reads the text of a file with a list of entries, as in `queries` of the config file. A blank file has no entries. Paths
 * begin with the file name: `queries.d/a.yml[0].name`. Never throws for the contents of the file.
 */
export async function readEntriesFile(text: string, file: string, context: ConfigContext): Promise<OutsideEntries> {
  const reading = new Reading(context.env, context.show);
  const { root, problems, blank } = await parseLongYaml(text, { file, rootPath: file });
  reading.takeProblems(problems);
  if (blank) {
    reading.warn(file, 1, 'an empty file', 'a list of entries; [] for none');
  }
  const list = root?.kind === 'map' && root.entries.size === 0 ? undefined : root;
  const elements = reading.maps(file, list, 'a mapping with name and queryId or schedule');
  return {
    ...(await readOutsideEntries(elements, 'file', context, reading)),
    // The file name may contain the separators of paths.
    ...reading.findings((path) => list && nodeAt(list, path.slice(file.length))),
  };
}

/** Path in messages about the whole body. */
const BODY = 'body';

/**
 * Reads a parsed JSON value as an entry that creates exactly one query, `name`. Selectors are invalid. A list or `"*"` must
 * result in one value, which is not part of the name. `${NAME}` is not replaced. Paths are those of the keys: `labels.team`.
 * Problems have no lines. Never throws for the contents of the value.
 */
export async function readEntryBody(body: unknown, name: string, context: ConfigContext): Promise<OutsideEntries> {
  const reading = new Reading(context.env, context.show);
  const node = readBody(body, name, reading);
  // singleOut rejects selectors, whether or not monitors are listed.
  const own = { ...context, entry: { ...context.entry, listed: true } };
  const elements = node === undefined ? [] : [{ path: '', node }];
  const { queries, accounts } = await readOutsideEntries(elements, 'http', own, reading);
  if (queries.length === 0) {
    refuseWritten(node, reading);
  }
  return {
    queries: queries.map((entry) => singleOut(entry, node, accounts, reading)),
    accounts,
    ...reading.findings((path) => node && nodeAt(node, path)),
    problems: reading.problems.map(withoutLine),
    warnings: reading.warnings.map(withoutLine),
  };
}

/** Returns the body with the name of its query. The body may contain the same name. */
function readBody(body: unknown, name: string, reading: Reading): MapNode | undefined {
  const node = nodeOfJson(body);
  const expected = 'a JSON object with the keys of one query';
  if (node === undefined) {
    reading.report(BODY, 1, 'lists or objects that are nested too deeply', expected);
    return undefined;
  }
  if (node.kind !== 'map') {
    reading.reject(BODY, node, expected);
    return undefined;
  }
  const value = nodeOfJson(name);
  const given = node.entries.get('name')?.value;
  if (given !== undefined && !(given.kind === 'scalar' && given.value === name)) {
    reading.reject('name', given, `${quote(name)}, the name that the query is registered under, or no name`);
  }
  return value && { ...node, entries: new Map([...node.entries, ['name', { keyLine: node.line, value }]]) };
}

/** What a registration has one of. */
const SINGLE = {
  account: 'the name of one account',
  region: 'one Region',
  monitorName: "one monitor's name",
  scopeId: "one scope's id",
  metricName: "one metric's name",
  destinationCategory: 'one destination category',
};

const INSTEAD_OF_SELECTOR = 'monitorName instead: a registration creates one query';

/** Reports the lists and the selector of a body whose other errors prevent {@link singleOut}. */
function refuseWritten(node: MapNode | undefined, reading: Reading): void {
  for (const [key, expected] of Object.entries(SINGLE)) {
    const value = node?.entries.get(key)?.value;
    if (value?.kind === 'list' && value.items.length > 1) {
      reading.reject(key, value, expected);
    }
  }
  const selector = node?.entries.get('monitorSelector')?.value;
  if (selector !== undefined) {
    reading.reject('monitorSelector', selector, INSTEAD_OF_SELECTOR);
  }
}

/** Returns an entry that creates one query of its own name. Reports keys that result in several queries. */
function singleOut(
  entry: QueryEntry,
  node: MapNode | undefined,
  accounts: OutsideEntries['accounts'],
  reading: Reading,
): QueryEntry {
  const written = (key: string): ConfigNode | undefined => node?.entries.get(key)?.value;
  const refuseSeveral = (key: keyof typeof SINGLE, values: readonly string[], expected: string = SINGLE[key]) => {
    if (values.length > 1) {
      const own = written(key);
      const got = own === undefined ? `${values.length} of them, by default` : showNode(own);
      reading.report(key, 1, got, expected);
    }
  };
  refuseSeveral('account', entry.accounts);
  const [account] = entry.accounts;
  const regions = entry.regions ?? accounts.find(({ name }) => name === account)?.regions ?? [];
  refuseSeveral('region', regions, `${SINGLE.region}: ${regions.map(reading.show).join(', ')}`);
  const single = { ...entry, accountsListed: false, regions, regionsListed: false };
  if (single.kind === 'watched') {
    return single;
  }
  refuseSelector(single, written('monitorSelector'), reading);
  refuseSeveral(subjectKeyOf(single.type), single.subjects.values);
  refuseSeveral('metricName', single.metricNames.values);
  refuseSeveral('destinationCategory', single.destinationCategories.values);
  const unlisted = <T>({ values }: OneOrList<T>) => ({ values, listed: false });
  return {
    ...single,
    subjects: unlisted(single.subjects),
    metricNames: unlisted(single.metricNames),
    destinationCategories: unlisted(single.destinationCategories),
  };
}

function refuseSelector({ type, selector }: ScheduledEntry, own: ConfigNode | undefined, reading: Reading): void {
  const key = subjectKeyOf(type);
  if (selector?.kind === 'monitors' && own !== undefined) {
    reading.reject('monitorSelector', own, INSTEAD_OF_SELECTOR);
  } else if (selector !== undefined) {
    reading.report(key, 1, 'nothing', `${SCHEDULED_ONLY[key].format.expected}, for type ${type}`);
  }
}

function withoutLine({ path, got, expected }: Problem): Problem {
  return createProblem(path === '' ? BODY : path, undefined, got, expected);
}
