import type { Schedule } from '../../model/query.ts';
import { type AccountDefinition, checkAccounts } from '../accounts.ts';
import type { MonitorSelector } from '../config.ts';
import { warnOfUnknownRegions } from '../known-regions.ts';
import { keyPath, type MapEntry, type MapNode } from '../reading/config-node.ts';
import type { Reading } from '../reading/reading.ts';
import { checkKeys, readSection } from '../reading/section.ts';
import { warnOfUnknownCategories } from './category-warnings.ts';
import { readLabels } from './labels.ts';
import { readMonitorSelector } from './monitor-selector.ts';
import { QUERY_DEFAULT_KEYS, QUERY_DEFAULTS } from './query-schema.ts';
import { readSchedule } from './schedule.ts';

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
    section.value('destinationCategory'),
    keyPath(path, 'destinationCategory'),
    section.written('destinationCategory'),
    reading,
  );
  const regions = section.value('region')?.values ?? [];
  warnOfUnknownRegions(regions, keyPath(path, 'region'), section.written('region'), reading);
  const labels = node.entries.get('labels')?.value;
  const schedule = node.entries.get('schedule')?.value;
  const selector = node.entries.get('monitorSelector')?.value;
  const isGood = (key: string) => !section.faulty(key) && (key !== 'account' || accountsExist);
  return {
    entries: new Map(known.filter(([key]) => isGood(key))),
    labels: labels === undefined ? {} : readLabels(labels, keyPath(path, 'labels'), reading),
    monitorSelector: selector && readMonitorSelector(selector, keyPath(path, 'monitorSelector'), reading),
    schedule: schedule && readSchedule(schedule, keyPath(path, 'schedule'), section.value('type'), reading),
    dropped: new Set(known.map(([key]) => key).filter((key) => !isGood(key))),
  };
}
