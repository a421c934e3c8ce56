import type { Preconditions } from './preconditions.ts';
import type { QueryView } from './query-view.ts';

/**
 * Queries that are registered over HTTP. Writers come one after another, in the order in which they came; what is
 * answered as done is stored. Neither promise is rejected for what a client sends.
 */
export interface Registrations {
  /** The tag of what is registered under a name over HTTP, without quotes: equal for equal definitions. */
  etag(name: string): string | undefined;
  /**
   * Registers a query under a name, or replaces the one there. An equal definition changes nothing.
   *
   * @param definition parsed JSON
   */
  put(name: string, definition: unknown, preconditions: Preconditions): Promise<Registered | Refusal>;
  remove(name: string, preconditions: Preconditions): Promise<Removed | Refusal>;
}

export interface Registered {
  readonly outcome: 'created' | 'replaced' | 'unchanged';
  readonly etag: string;
  readonly query: QueryView;
}

export interface Removed {
  readonly outcome: 'removed';
}

export type Refusal =
  | { readonly outcome: 'invalid'; readonly problems: readonly DefinitionProblem[] }
  /** The name is that of a query of the config, or of a file. */
  | { readonly outcome: 'taken'; readonly source: string }
  | { readonly outcome: 'precondition failed' }
  /** Nothing is registered under the name. */
  | { readonly outcome: 'unknown' }
  | { readonly outcome: 'not stored'; readonly reason: string }
  /** Something else was faster: the end of the exporter, or another configuration. */
  | { readonly outcome: 'interrupted' };

/** Something in a definition that is wrong. */
export interface DefinitionProblem {
  /** Where in the definition: `labels.team`, `schedule.every`; empty where it is about the whole. */
  readonly path: string;
  /** What is there, as a text for people. */
  readonly got: string;
  readonly expected: string;
}
