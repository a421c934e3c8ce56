import type { EntryBase } from '../config.ts';
import { warnOfUnknownRegions } from '../known-regions.ts';
import { keyPath } from '../reading/config-node.ts';
import type { Reading } from '../reading/reading.ts';
import { checkRegions, readAccountNames } from './entry-accounts.ts';
import type { EntryContext } from './entry-context.ts';
import type { EntryKeys } from './entry-keys.ts';
import { readLabels } from './labels.ts';
import { COMMON, type CommonKeys } from './query-schema.ts';

/** Reads what all entries have. Undefined where the names of its queries cannot be told. */
export function readBase(
  entry: EntryKeys<CommonKeys>,
  context: EntryContext,
  reading: Reading,
): Omit<EntryBase, 'staleAfter'> | undefined {
  entry.require('name', COMMON.name.format.expected);
  const name = entry.value('name');
  const { accounts, accountsListed } = readAccountNames(entry, context, reading);
  checkRegions(entry, accounts, context, reading);
  const ownRegions = entry.own.entries.get('region')?.value;
  warnOfUnknownRegions(entry.value('region')?.values ?? [], keyPath(entry.path, 'region'), ownRegions, reading);
  const labels = entry.own.entries.get('labels')?.value;
  const ownLabels = labels && readLabels(labels, keyPath(entry.path, 'labels'), reading);
  if (name === undefined || entry.faulty('region')) {
    return undefined;
  }
  const regions = entry.value('region');
  return {
    source: context.source,
    path: entry.path,
    line: entry.line,
    name,
    type: entry.value('type'),
    accounts,
    accountsListed,
    regions: regions?.values,
    regionsListed: regions?.listed ?? false,
    labels: ownLabels ?? context.defaults.labels,
  };
}
