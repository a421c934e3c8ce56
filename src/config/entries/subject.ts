import type { QueryType } from '../../model/vocabulary.ts';
import type { ScheduledEntry, SubjectSelector } from '../config.ts';
import { keyPath } from '../reading/nodes.ts';
import type { Reading } from '../reading/reading.ts';
import { type CommonKeys, SCHEDULED, type ScheduledKeys } from '../schema.ts';
import type { EntryContext, EntryKeys } from './common.ts';
import { readMonitorSelector } from './mappings.ts';

export type SubjectKey = 'monitorName' | 'scopeId';

/** Returns the key of the monitor or scope of queries of a type. */
export function subjectKeyOf(type: QueryType): SubjectKey {
  return type === 'monitor-top-contributors' ? 'monitorName' : 'scopeId';
}

/** Reports the key of a monitor or scope that only other types have. */
export function refuseOtherSubject(entry: EntryKeys<CommonKeys>, type: QueryType, reading: Reading): void {
  const key = subjectKeyOf(type);
  const other = key === 'monitorName' ? 'scopeId' : 'monitorName';
  const unwanted = entry.own(other)?.value;
  if (unwanted !== undefined) {
    reading.reject(keyPath(entry.path, other), unwanted, `${key} instead, for type ${type}`);
  }
}

/** The monitors or scopes of a scheduled entry. */
export type Subjects = Pick<ScheduledEntry, 'subjects' | 'selector'>;

/**
 * Reads the monitors or scopes of a scheduled entry: named ones, those that `monitorSelector` selects, or all scopes if an
 * entry of a scope type names none. Returns undefined if they are missing or invalid.
 */
export function readSubjects(
  entry: EntryKeys<ScheduledKeys>,
  type: QueryType,
  context: EntryContext,
  reading: Reading,
): Subjects | undefined {
  refuseOtherSubject(entry, type, reading);
  const selector =
    type === 'monitor-top-contributors'
      ? selectMonitors(entry, type, context, reading)
      : selectScopes(entry, type, context, reading);
  if (selector !== undefined) {
    return { subjects: { values: [], listed: true }, selector };
  }
  const subjects = entry.values[subjectKeyOf(type)];
  return subjects && { subjects, selector: undefined };
}

/** Returns undefined if the entry names its monitors, or must name them. */
function selectMonitors(
  entry: EntryKeys<ScheduledKeys>,
  type: QueryType,
  { defaults, listed }: EntryContext,
  reading: Reading,
): SubjectSelector | undefined {
  const path = keyPath(entry.path, 'monitorSelector');
  const own = entry.own('monitorSelector');
  if (own !== undefined) {
    const selector = readMonitorSelector(own.value, path, reading);
    if (entry.own('monitorName') !== undefined) {
      reading.report(path, own.keyLine, 'both monitorSelector and monitorName', 'only one of them');
    }
    if (!listed) {
      reading.reject(path, own.value, 'no monitorSelector while discovery.monitorsEvery is 0s');
    }
    return selector;
  }
  const { monitorSelector } = defaults;
  if (monitorSelector === undefined || entry.own('monitorName') !== undefined) {
    const expected = `${SCHEDULED.monitorName.format.expected}, or monitorSelector instead, for type ${type}`;
    entry.require('monitorName', expected);
    return undefined;
  }
  if (entry.written('monitorName') !== undefined) {
    reading.report(path, entry.line, 'both monitorSelector and monitorName from queryDefaults', 'only one of them');
  }
  if (!listed) {
    const expected = 'no monitorSelector while discovery.monitorsEvery is 0s';
    reading.report(path, entry.line, 'monitorSelector, from queryDefaults', expected);
  }
  return monitorSelector;
}

/** Returns undefined if the entry names its scopes, even with an invalid value. */
function selectScopes(
  entry: EntryKeys<ScheduledKeys>,
  type: QueryType,
  { listed }: EntryContext,
  reading: Reading,
): SubjectSelector | undefined {
  const unwanted = entry.own('monitorSelector')?.value;
  if (unwanted !== undefined) {
    reading.reject(keyPath(entry.path, 'monitorSelector'), unwanted, `scopeId instead, for type ${type}`);
  }
  if (entry.written('scopeId') !== undefined || entry.faulty('scopeId')) {
    return undefined;
  }
  if (!listed) {
    const expected = `${SCHEDULED.scopeId.format.expected}, for type ${type}, while discovery.monitorsEvery is 0s`;
    entry.require('scopeId', expected);
  }
  return { kind: 'scopes' };
}
