import { createHash } from 'node:crypto';
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
interface DefinitionProblem {
  /** Where in the definition: `labels.team`, `schedule.every`; empty where it is about the whole. */
  readonly path: string;
  /** What is there, as a text for people. */
  readonly got: string;
  readonly expected: string;
}

/** Where what is registered over HTTP is kept, by the query's name. */
export interface RegistrationStore {
  /** What cannot be read now, `late` receives once it can. */
  load(late: (definitions: ReadonlyMap<string, Definition>) => void): Promise<ReadonlyMap<string, Definition>>;
  /**
   * Resolves once the definition outlives this process, as far as this store's do.
   *
   * @throws NotStoredError when it does not; nothing has changed then
   */
  put(name: string, definition: Definition): Promise<void>;
  /** @throws NotStoredError as `put` */
  delete(name: string): Promise<void>;
}

/** Something could not be stored; the message says why. */
export class NotStoredError extends Error {
  override readonly name = 'NotStoredError';
}

/** Without a storage registrations end with the process. */
export const NO_STORE: RegistrationStore = {
  load: async () => new Map(),
  put: async () => undefined,
  delete: async () => undefined,
};

/** A short text that is equal for equal definitions, whatever the order of their keys, and else differs. */
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

/** The tags that a condition names, without quotes; `*` stands for any. */
export type TagCondition = '*' | ReadonlySet<string>;

/** What must be true of a resource for a request to be carried out (RFC 9110, section 13.1). */
export interface Preconditions {
  /** Strong tags only: weak ones match nothing here. */
  readonly ifMatch?: TagCondition;
  /** Weak tags count as strong ones. */
  readonly ifNoneMatch?: TagCondition;
}

/** Whether a request with these conditions may go on; `etag` without quotes, `undefined` where there is no resource. */
export function areMet({ ifMatch, ifNoneMatch }: Preconditions, etag: string | undefined): boolean {
  const matches = (condition: TagCondition) => etag !== undefined && (condition === '*' || condition.has(etag));
  return (ifMatch === undefined || matches(ifMatch)) && (ifNoneMatch === undefined || !matches(ifNoneMatch));
}
