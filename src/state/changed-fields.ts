import type { Emitter } from '../lib/emitter.ts';
import type { Registration } from '../model/query.ts';

/** A changed member of a query's states. `lastFailure` changes with its operation or error, not its time or message. */
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
