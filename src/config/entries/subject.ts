import type { QueryType } from '../../model/vocabulary.ts';
import type { ScheduledEntry, SubjectSelector } from '../config.ts';
import { keyPath } from '../reading/nodes.ts';
import { type CommonKeys, SCHEDULED, type ScheduledKeys } from '../schema.ts';
import type { EntryKeys } from './common.ts';
import { readMonitorSelector } from './mappings.ts';

/** Returns the key of the monitor or scope of queries of a type. */
export function subjectKeyOf(type: QueryType): 'monitorName' | 'scopeId' {
  return type === 'monitor-top-contributors' ? 'monitorName' : 'scopeId';
}

export function refuseOtherSubject({ own, path, reading, values: { type } }: EntryKeys<CommonKeys>): void {
  const key = subjectKeyOf(type);
  const other = key === 'monitorName' ? 'scopeId' : 'monitorName';
  const unwanted = own(other)?.value;
  if (unwanted !== undefined) {
    reading.reject(keyPath(path, other), unwanted, `${key} instead, for type ${type}`);
  }
}

/**
 * Reads the monitors or scopes of a scheduled entry: named ones, those that `monitorSelector` selects, or all scopes if an
 * entry of a scope type names none. Returns undefined if they are missing or invalid.
 */
export function readSubjects(
  entry: EntryKeys<ScheduledKeys>,
): Pick<ScheduledEntry, 'subjects' | 'selector'> | undefined {
  refuseOtherSubject(entry);
  const key = subjectKeyOf(entry.values.type);
  const selector = key === 'monitorName' ? selectMonitors(entry) : selectScopes(entry);
  if (selector !== undefined) {
    return { subjects: { values: [], listed: true }, selector };
  }
  const subjects = entry.values[key];
  return subjects && { subjects, selector: undefined };
}

const UNLISTED = 'no monitorSelector while discovery.monitorsEvery is 0s';

/** Returns undefined if the entry names its monitors, or must name them. */
function selectMonitors(entry: EntryKeys<ScheduledKeys>): SubjectSelector | undefined {
  const { context, reading } = entry;
  const { listed } = context;
  const path = keyPath(entry.path, 'monitorSelector');
  const own = entry.own('monitorSelector');
  if (own !== undefined) {
    const selector = readMonitorSelector(own.value, path, reading);
    if (entry.own('monitorName') !== undefined) {
      reading.report(path, own.keyLine, 'both monitorSelector and monitorName', 'only one of them');
    }
    if (!listed) {
      reading.reject(path, own.value, UNLISTED);
    }
    return selector;
  }
  const { monitorSelector } = context.defaults;
  if (monitorSelector === undefined || entry.own('monitorName') !== undefined) {
    const expected = `${SCHEDULED.monitorName.format.expected}, or monitorSelector instead, for type ${entry.values.type}`;
    entry.require('monitorName', expected);
    return undefined;
  }
  if (entry.written('monitorName') !== undefined) {
    reading.report(path, entry.line, 'both monitorSelector and monitorName from queryDefaults', 'only one of them');
  }
  if (!listed) {
    reading.report(path, entry.line, 'monitorSelector, from queryDefaults', UNLISTED);
  }
  return monitorSelector;
}

/** Returns undefined if the entry names its scopes, even with an invalid value. */
function selectScopes(entry: EntryKeys<ScheduledKeys>): SubjectSelector | undefined {
  const { type } = entry.values;
  const unwanted = entry.own('monitorSelector')?.value;
  if (unwanted !== undefined) {
    entry.reading.reject(keyPath(entry.path, 'monitorSelector'), unwanted, `scopeId instead, for type ${type}`);
  }
  if (entry.written('scopeId') !== undefined || entry.faulty('scopeId')) {
    return undefined;
  }
  if (!entry.context.listed) {
    const expected = `${SCHEDULED.scopeId.format.expected}, for type ${type}, while discovery.monitorsEvery is 0s`;
    entry.require('scopeId', expected);
  }
  return { kind: 'scopes' };
}
