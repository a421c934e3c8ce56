import type { QueryType } from '../../model/vocabulary.ts';
import { keyPath } from '../reading/config-node.ts';
import type { Reading } from '../reading/reading.ts';
import type { SectionSchema } from '../schema.ts';
import type { EntryKeys } from './entry-keys.ts';
import type { CommonKeys } from './query-schema.ts';

export type SubjectKey = 'monitorName' | 'scopeId';

/** The key that says what queries of a type ask about. */
export function subjectKeyOf(type: QueryType): SubjectKey {
  return type === 'monitor-top-contributors' ? 'monitorName' : 'scopeId';
}

/** Requires that a watched entry says what its type asks about, and nothing that other types ask about. */
export function checkSubject<T extends CommonKeys & Record<SubjectKey, unknown>>(
  entry: EntryKeys<T>,
  schema: Pick<SectionSchema<T>, SubjectKey>,
  type: QueryType,
  reading: Reading,
): void {
  const key = subjectKeyOf(type);
  entry.require(key, `${schema[key].format.expected}, for type ${type}`);
  refuseOtherSubject(entry, type, reading);
}

/** Reports a key of an entry's own that only other types ask about. */
export function refuseOtherSubject(entry: EntryKeys<CommonKeys>, type: QueryType, reading: Reading): void {
  const key = subjectKeyOf(type);
  const other = key === 'monitorName' ? 'scopeId' : 'monitorName';
  const unwanted = entry.own.entries.get(other)?.value;
  if (unwanted !== undefined) {
    reading.reject(keyPath(entry.path, other), unwanted, `${key} instead, for type ${type}`);
  }
}
