import type { Emitter } from '../lib/emitter.ts';
import type { Registration } from '../model/query.ts';

/**
 * What has changed of a registered query: its registration, or members of its `QueryState` and `RunState`. Of
 * `lastFailure` another operation or error is a change, its time and message alone are none.
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

/** Each change of what is known of a registered query, after it was made. */
export type StateChanged = Emitter<[registration: Registration, fields: readonly ChangedField[]]>;
