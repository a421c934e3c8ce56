import type { QuerySource, RowLabel } from '../../model/vocabulary.ts';
import type { AccountDefinition } from '../accounts.ts';
import type { QueryDefaults } from './query-defaults.ts';

/** What entries of queries need to know of the config file. */
export interface EntryContext {
  readonly source: QuerySource;
  readonly defaults: QueryDefaults;
  /** Accounts that entries may name. */
  readonly accounts: ReadonlyMap<string, AccountDefinition>;
  /** The names that `"*"` stands for. */
  readonly allAccounts: readonly string[];
  /** `polling.interval`, in milliseconds. */
  readonly interval: number;
  /** `polling.staleAfter`, in milliseconds. */
  readonly staleAfter: number | undefined;
  /** Whether monitors and scopes are listed, so that queries can follow them. */
  readonly listed: boolean;
  /** `contributors.labels`. */
  readonly contributorLabels: readonly RowLabel[];
}
