import { checkAccounts, DEFAULT_ACCOUNT } from '../accounts.ts';
import { elementsOf, keyPath, quote } from '../reading/config-node.ts';
import type { Selection } from '../reading/formats.ts';
import type { Reading } from '../reading/reading.ts';
import type { EntryContext } from './entry-context.ts';
import type { EntryKeys } from './entry-keys.ts';
import type { CommonKeys } from './query-schema.ts';

/** The accounts of an entry; none where they cannot be told. Reports those that do not exist. */
export function readAccountNames(
  entry: EntryKeys<CommonKeys>,
  context: EntryContext,
  reading: Reading,
): { readonly accounts: readonly string[]; readonly accountsListed: boolean } {
  const selection = entry.value('account');
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
export function checkRegions(
  entry: EntryKeys<CommonKeys>,
  accounts: readonly string[],
  context: EntryContext,
  reading: Reading,
): void {
  const regions = entry.faulty('region') ? [] : (entry.value('region')?.values ?? []);
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
