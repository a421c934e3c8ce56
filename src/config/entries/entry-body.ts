import type { QueryEntry, ScheduledEntry } from '../config.ts';
import { type ConfigNode, type MapNode, nodeAt, quote, showNode } from '../reading/config-node.ts';
import { nodeOfJson } from '../reading/json-node.ts';
import { createProblem, type Problem } from '../reading/problem.ts';
import { Reading } from '../reading/reading.ts';
import { subjectKeyOf } from './entry-subject.ts';
import { type ConfigContext, type OutsideEntries, readOutsideEntries } from './outside-entries.ts';
import { SCHEDULED_ONLY } from './query-schema.ts';

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
    problems: reading.problems.map(withoutLine),
    warnings: reading.warnings.map(withoutLine),
    written: (path) => node && nodeAt(node, path),
    show: reading.show,
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
  refuseSeveral(subjectKey, single.subjects, subjectKey === 'monitorName' ? "one monitor's name" : "one scope's id");
  refuseSeveral('metricName', single.metricNames, "one metric's name");
  refuseSeveral('destinationCategory', single.destinationCategories, 'one destination category');
  return { ...single, subjectsListed: false, metricNamesListed: false, destinationCategoriesListed: false };
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
