import { type AccountDefinition, DEFAULT_ACCOUNT } from './accounts.ts';
import type { QueryEntry } from './config.ts';
import type { EntryContext } from './entries/entry-context.ts';
import { keyPath, quote } from './reading/config-node.ts';
import { createProblem, type Problem } from './reading/problem.ts';
import type { ListedMap, Reading } from './reading/reading.ts';

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

function describeMany(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

const NAMES_SHOWN = 10;

/** A warning of the accounts that the file lists and no query is in. None where there are no queries at all. */
export function describeUnusedAccounts(
  definitions: Iterable<AccountDefinition>,
  used: ReadonlySet<string>,
  show: (value: string) => string,
): Problem[] {
  const unused = [...definitions].flatMap(({ name, path, line }) =>
    name === undefined || path === undefined || used.has(name) ? [] : [{ name: quote(show(name)), path, line }],
  );
  const [first, ...others] = unused;
  if (first === undefined || used.size === 0) {
    return [];
  }
  const shown = others.slice(0, NAMES_SHOWN).map(({ name }) => name);
  const rest = others.length - shown.length;
  const also = `; ${describeMany(others.length, 'other is', 'others are')} not used either: ${shown.join(', ')}`;
  const more = rest === 0 ? '' : ` and ${rest} more`;
  const expected = `an account that a query uses${others.length === 0 ? '' : `${also}${more}`}`;
  return [createProblem(keyPath(first.path, 'name'), first.line, first.name, expected)];
}
