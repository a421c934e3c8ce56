import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import type { RegisteredQuery } from '../model/query.ts';
import type { Question } from '../model/question.ts';
import type { QueryStates } from '../state/query-state.ts';
import type { RecordFolder, RecordKind } from './storage/record-folder.ts';

/** How long a run waits for a disk that does not answer, before it goes on without. */
export const DISK_PATIENCE_MS = 10_000;

/** What is needed to keep something of queries in records. */
export interface RecordMemoryOptions<Value> {
  readonly records: (kind: RecordKind<Value>) => RecordFolder<Value>;
  readonly clock: Clock;
  readonly log: Logger;
  /** What a query asks, and where. */
  readonly questionOf: (query: RegisteredQuery) => Question;
  readonly states: QueryStates;
  readonly isRegistered: (name: string) => boolean;
}
