import { createHash } from 'node:crypto';
import type { Problem } from '../config/reading/problem.ts';
import type { QueryView } from './query-view.ts';

/** A query registered over HTTP as its request's body defines it, without the name. Can be stored as JSON. */
export type Definition = Readonly<Record<string, unknown>>;

/** A result of {@link HttpRegistrations.put}. */
export interface Registered {
  readonly outcome: 'created' | 'replaced' | 'unchanged';
  readonly etag: string;
  readonly query: QueryView;
}

export interface Removed {
  readonly outcome: 'removed';
}

export type Refusal =
  /** Paths are in the definition: `labels.team`, `schedule.every`; empty for the definition as a whole. */
  | { readonly outcome: 'invalid'; readonly problems: readonly Pick<Problem, 'path' | 'got' | 'expected'>[] }
  /** A query of the configuration file or of a discovery file has the name. */
  | { readonly outcome: 'taken'; readonly source: string }
  | { readonly outcome: 'precondition failed' }
  /** Nothing is registered under the name. */
  | { readonly outcome: 'unknown' }
  | { readonly outcome: 'not stored'; readonly reason: string }
  /** In the meantime, the exporter has started to shut down, its configuration has changed, or another replica leads. */
  | { readonly outcome: 'interrupted' };

/** Stores queries that are registered over HTTP, by name. */
export interface RegistrationStore {
  /** Reads all definitions. `late` receives those that cannot be read yet. */
  load(late: (definitions: ReadonlyMap<string, Definition>) => void): Promise<ReadonlyMap<string, Definition>>;
  /**
   * Returns the definition of a name, or undefined if there is none, if another process may have changed it. Undefined if this
   * process knows it.
   *
   * @throws NotStoredError if it cannot be read
   */
  changed(name: string): Promise<{ readonly definition: Definition | undefined } | undefined>;
  /**
   * Resolves when the definition is stored as durably as the store allows; undefined: when it is removed.
   *
   * @throws NotStoredError if that failed
   */
  put(name: string, definition: Definition | undefined): Promise<void>;
}

/** A failure to store a definition. The message is the reason. */
export class NotStoredError extends Error {
  override readonly name = 'NotStoredError';
  /** `changed`: another process has changed the definition. `interrupted`: another process has the registrations now. */
  readonly outcome: 'not stored' | 'changed' | 'interrupted';

  constructor(message: string, outcome: NotStoredError['outcome'] = 'not stored', options?: ErrorOptions) {
    super(message, options);
    this.outcome = outcome;
  }
}

/** Without a storage, registrations are lost when the process exits. */
export const NO_STORE: RegistrationStore = {
  load: async () => new Map(),
  changed: async () => undefined,
  put: async () => undefined,
};

/** Returns a short text that is equal for equal definitions, in any order of keys, and different for others. */
export function definitionTag(definition: unknown): string {
  return createHash('sha256').update(canonical(definition)).digest('base64url').slice(0, 22);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/** Tags of a condition, without quotes; `*` means any. */
export type TagCondition = '*' | ReadonlySet<string>;

/** Preconditions of a request (RFC 9110, section 13.1). */
export interface Preconditions {
  /** Strong tags only: weak tags never match. */
  readonly ifMatch?: TagCondition;
  /** Weak tags match like strong ones. */
  readonly ifNoneMatch?: TagCondition;
}

/** Returns whether the preconditions hold; `etag` without quotes, undefined if the resource does not exist. */
export function areMet({ ifMatch, ifNoneMatch }: Preconditions, etag: string | undefined): boolean {
  const matches = (condition: TagCondition) => etag !== undefined && (condition === '*' || condition.has(etag));
  return (ifMatch === undefined || matches(ifMatch)) && (ifNoneMatch === undefined || !matches(ifNoneMatch));
}
