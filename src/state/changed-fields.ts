import type { Emitter } from '../lib/emitter.ts';
import type { Registration } from '../model/query.ts';

/**
 * A changed property of a registered query: its registration, or a member of its `QueryState` or `RunState`. `lastFailure`
 * changes with its operation or error, but not with its time and message alone.
 */
export type ChangedField =
  | 'registered'
  | 'removed'
  | 'query'
  | 'status'
  | 'statusSince'
  | 'up'
  | 'lastFailure'
  | 'lastSuccess'
  | 'polls'
  | 'pollErrors'
  | 'staleAt'
  | 'givenUp'
  | 'runs'
  | 'lastOutcome'
  | 'recent'
  | 'lastQueryId'
  | 'lastDuration'
  | 'results'
  | 'total'
  | 'truncatedLabelValues';

/** Emitted after each change of a registered query. */
export type StateChanged = Emitter<[registration: Registration, fields: readonly ChangedField[]]>;
