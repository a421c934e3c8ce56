import type { QueryType } from '../../model/vocabulary.ts';
import type { ScheduledEntry, SubjectSelector } from '../config.ts';
import { keyPath } from '../reading/nodes.ts';
import type { Reading } from '../reading/reading.ts';
import { type CommonKeys, SCHEDULED, type ScheduledKeys } from '../schema.ts';
import type { EntryContext, EntryKeys } from './common.ts';
import { readMonitorSelector } from './mappings.ts';

export type SubjectKey = 'monitorName' | 'scopeId';

/** The key that says what queries of a type ask about. */
export function subjectKeyOf(type: QueryType): SubjectKey {
  return type === 'monitor-top-contributors' ? 'monitorName' : 'scopeId';
}

/** Reports a key of an entry's own that only other types ask about. */
export function refuseOtherSubject(entry: EntryKeys<CommonKeys>, type: QueryType, reading: Reading): void {
  const key = subjectKeyOf(type);
  const other = key === 'monitorName' ? 'scopeId' : 'monitorName';
  const unwanted = entry.own(other)?.value;
  if (unwanted !== undefined) {
    reading.reject(keyPath(entry.path, other), unwanted, `${key} instead, for type ${type}`);
  }
}

/** What a scheduled entry asks about. */
export type Subjects = Pick<ScheduledEntry, 'subjects' | 'selector'>;

/**
 * Reads which monitors or scopes a scheduled entry asks about: those it names, those that `monitorSelector` selects, or,
 * where a type that asks about scopes names none, all scopes. Undefined where that is missing or was reported.
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

/** Undefined where the entry names its monitors, or should. */
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
      reading.report(path, own.keyLine, 'monitorSelector as well as monitorName', 'one of the two');
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
    reading.report(path, entry.line, 'monitorSelector as well as monitorName, from queryDefaults', 'one of the two');
  }
  if (!listed) {
    const expected = 'no monitorSelector while discovery.monitorsEvery is 0s';
    reading.report(path, entry.line, 'monitorSelector, from queryDefaults', expected);
  }
  return monitorSelector;
}

/** Undefined where the entry names its scopes, even wrongly. */
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
