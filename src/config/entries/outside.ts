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

/** What entries that stand elsewhere need of a good config file. */
export interface ConfigContext {
  readonly entry: EntryContext;
  /** Those of the config. */
  readonly accounts: readonly Account[];
  /** Where `${NAME}` is looked up. */
  readonly env: Environment;
  readonly fallbackRegion: FallbackRegion;
  /** A name, region or id of the config for a message: as the file has it where variables may hide a secret. */
  readonly show: (value: string) => string;
}

/** Entries that stand elsewhere than in the config file, with all that is wrong with them. */
export interface OutsideEntries extends Findings {
  /** Good to use only where there are no problems. */
  readonly queries: readonly QueryEntry[];
  /** The accounts of the config, with the regions that these entries need. */
  readonly accounts: readonly Account[];
}

/**
 * Reads entries as those of the config file are read. What the config file would say of its accounts or of `staleAfter`
 * because of an entry of its own is said of the entry here, as the file is good without it.
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

/** Gives accounts without a region the common one where an entry needs it; reports entries for which there is none. */
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
 * Reports the first region that no credentials of an account's role are good for. Regions of the account's own were held
 * against its role already.
 */
function checkPartitions(entry: QueryEntry, node: MapNode, context: ConfigContext, reading: Reading): void {
  for (const { name, role, regions } of context.accounts.filter(({ name }) => entry.accounts.includes(name))) {
    const own = role && partitionOfArn(role.arn);
    const foreign = (entry.regions ?? regions).find((region) => partitionOfRegion(region) !== own);
    const hasRegions = context.entry.accounts.get(name)?.regions !== undefined;
    if (own !== undefined && foreign !== undefined && !hasRegions) {
      const expected = `a region of partition ${own}, which the role of account ${quote(reading.show(name))} is of`;
      reading.rejectOrDefault(keyPath(entry.path, 'region'), node.entries.get('region')?.value, entry.line, expected);
    }
  }
}

/**
 * Reads the text of a file that holds a list of entries, as `queries` of the config file does; a blank file holds none.
 * Paths begin with the file's name: `queries.d/a.yml[0].name`. Never throws for what the file says.
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
    ...reading.findings((path) => nodeInEntry(elements, path)),
  };
}

/** A file's name may hold what separates the steps of a path. */
function nodeInEntry(elements: readonly ListedMap[], path: string): ConfigNode | undefined {
  const element = elements.find((each) => path === each.path || path.startsWith(`${each.path}.`));
  return element && nodeAt(element.node, path.slice(element.path.length));
}

/** Stands in messages for what has no path of its own. */
const BODY = 'body';

/**
 * Reads a parsed JSON value as the one entry that makes the one query `name`: no selector, of what is a list or `"*"` one
 * element only, which adds nothing to the name. `${NAME}` stands for itself. Paths are those of the keys, `labels.team`;
 * problems have no lines. Never throws for what the value is.
 */
export async function readEntryBody(body: unknown, name: string, context: ConfigContext): Promise<OutsideEntries> {
  const reading = new Reading(context.env, context.show);
  const node = readName(readBody(body, reading), name, reading);
  // Selectors are refused below, whether or not anything is listed.
  const own = { ...context, entry: { ...context.entry, listed: true } };
  const elements = node === undefined ? [] : [{ path: '', node }];
  const { queries, accounts } = await readOutsideEntries(elements, 'http', own, reading);
  return {
    queries: queries.map((entry) => singleOut(entry, node, accounts, reading)),
    accounts,
    ...reading.findings((path) => node && nodeAt(node, path)),
    problems: reading.problems.map(withoutLine),
    warnings: reading.warnings.map(withoutLine),
  };
}

function readBody(body: unknown, reading: Reading): MapNode | undefined {
  const node = nodeOfJson(body);
  if (node?.kind === 'map') {
    return node;
  }
  const expected = 'a JSON object with the keys of one query';
  if (node === undefined) {
    reading.report(BODY, 1, 'lists or objects nested too deep', expected);
  } else {
    reading.reject(BODY, node, expected);
  }
  return undefined;
}

/** The body with the name that its query has; it may say it, too. */
function readName(node: MapNode | undefined, name: string, reading: Reading): MapNode | undefined {
  if (node === undefined) {
    return undefined;
  }
  const value = nodeOfJson(name);
  const given = node.entries.get('name')?.value;
  if (given !== undefined && !(given.kind === 'scalar' && given.value === name)) {
    reading.reject('name', given, `${quote(name)}, the name that the query is registered under, or no name`);
  }
  return value && { ...node, entries: new Map([...node.entries, ['name', { keyLine: node.line, value }]]) };
}

/** Reports what makes other than one query of an entry, and makes its name that of the query. */
function singleOut(
  entry: QueryEntry,
  node: MapNode | undefined,
  accounts: OutsideEntries['accounts'],
  reading: Reading,
): QueryEntry {
  const written = (key: string): ConfigNode | undefined => node?.entries.get(key)?.value;
  const refuseSeveral = (key: string, values: readonly string[], expected: string) => {
    if (values.length > 1) {
      const own = written(key);
      const got = own === undefined ? `${values.length} of them, by default` : showNode(own);
      reading.report(key, 1, got, expected);
    }
  };
  refuseSeveral('account', entry.accounts, 'the name of one account');
  const [account] = entry.accounts;
  const regions = entry.regions ?? accounts.find(({ name }) => name === account)?.regions ?? [];
  refuseSeveral('region', regions, `one region: ${regions.map(reading.show).join(', ')}`);
  const single = { ...entry, accountsListed: false, regions, regionsListed: false };
  if (single.kind === 'watched') {
    return single;
  }
  refuseSelector(single, written('monitorSelector'), reading);
  const subjectKey = subjectKeyOf(single.type);
  refuseSeveral(
    subjectKey,
    single.subjects.values,
    subjectKey === 'monitorName' ? "one monitor's name" : "one scope's id",
  );
  refuseSeveral('metricName', single.metricNames.values, "one metric's name");
  refuseSeveral('destinationCategory', single.destinationCategories.values, 'one destination category');
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
    reading.reject('monitorSelector', own, 'no selector, but monitorName: one query is registered');
  } else if (selector !== undefined) {
    reading.report(key, 1, 'nothing', `${SCHEDULED_ONLY[key].format.expected}, for type ${type}`);
  }
}

function withoutLine({ path, got, expected }: Problem): Problem {
  return createProblem(path === '' ? BODY : path, undefined, got, expected);
}
