import { inSlices } from '../../lib/concurrency.ts';
import type { QuerySource } from '../../model/vocabulary.ts';
import { warnOfSilentDefault } from '../account-warnings.ts';
import type { AccountDefinition } from '../accounts.ts';
import { type FallbackRegion, findRegion, reportNoRegion } from '../common-region.ts';
import type { Account, QueryEntry } from '../config.ts';
import { partitionOfArn, partitionOfRegion } from '../partition.ts';
import { type ConfigNode, keyPath, type MapNode, quote, showNode } from '../reading/config-node.ts';
import { formatDuration } from '../reading/duration.ts';
import { freezeDeeply } from '../reading/freeze.ts';
import type { Problem } from '../reading/problem.ts';
import type { ListedMap, Reading } from '../reading/reading.ts';
import type { Environment } from '../reading/substitution.ts';
import { readEntry } from './entries.ts';
import type { EntryContext } from './entry-context.ts';

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
export interface OutsideEntries {
  /** Good to use only where there are no problems. */
  readonly queries: readonly QueryEntry[];
  /** The accounts of the config, with the regions that these entries need. */
  readonly accounts: readonly Account[];
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  /** What stands at an entry's path, or at one that begins with it; undefined where nothing does. */
  written(path: string): ConfigNode | undefined;
  /** As {@link ConfigContext.show}, for values of these entries, too. */
  show(value: string): string;
}

/**
 * Reads entries as those of the config file are read. What the config file would say of its accounts or of `staleAfter`
 * because of an entry of its own is said of the entry here, as the file is good without it.
 */
export async function readOutsideEntries(
  elements: readonly ListedMap[],
  source: QuerySource,
  context: ConfigContext,
  reading: Reading,
): Promise<Pick<OutsideEntries, 'queries' | 'accounts'>> {
  const own = { ...context.entry, source };
  const read: { readonly entry: QueryEntry; readonly node: MapNode }[] = [];
  await inSlices(elements, (element) => {
    const entry = readEntry(element, own, reading);
    if (entry !== undefined) {
      read.push({ entry: freezeDeeply(entry), node: element.node });
    }
  });
  const queries = read.map(({ entry }) => entry);
  warnOfSilentDefault(queries, elements, context.entry, reading);
  const accounts = await completeAccounts(queries, context, reading);
  const completed = { ...context, accounts };
  await inSlices(read, ({ entry, node }) => {
    checkStaleAfter(entry, node, context.entry, reading);
    checkPartitions(entry, node, completed, reading);
  });
  return { queries: freezeDeeply(queries), accounts };
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
    const written = node.entries.get('interval')?.value;
    reading.report(
      keyPath(entry.path, 'interval'),
      written?.line ?? entry.line,
      written === undefined ? 'a default' : showNode(written),
      `at most ${formatDuration(Math.floor(staleAfter / 3))}, a third of polling.staleAfter`,
    );
  }
}

/** Reports the first region that no credentials of an account's role are good for. */
function checkPartitions(entry: QueryEntry, node: MapNode, context: ConfigContext, reading: Reading): void {
  for (const account of context.accounts.filter(({ name }) => entry.accounts.includes(name))) {
    const { role, regions } = account;
    const own = role && partitionOfArn(role.arn);
    const foreign = (entry.regions ?? regions).find((region) => partitionOfRegion(region) !== own);
    if (own !== undefined && foreign !== undefined && !hasRegions(context.entry.accounts.get(account.name))) {
      const written = node.entries.get('region')?.value;
      reading.report(
        keyPath(entry.path, 'region'),
        written?.line ?? entry.line,
        written === undefined ? 'a default' : showNode(written),
        `a region of partition ${own}, which the role of account ${quote(reading.show(account.name))} is of`,
      );
    }
  }
}

/** Whether an account has regions of its own: these were held against its role already. */
function hasRegions(account: AccountDefinition | undefined): boolean {
  return account?.regions !== undefined;
}
