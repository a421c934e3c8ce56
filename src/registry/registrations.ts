import type { ConfigContext } from '../config/entries/outside.ts';
import { background } from '../lib/background.ts';
import { inSlices, TurnsByKey } from '../lib/concurrency.ts';
import type { Logger } from '../lib/log.ts';
import type { RegisteredQuery } from '../model/query.ts';
import type { Shard } from '../model/shard.ts';
import { NO_CHANGES, type QueryChanges } from './query-changes.ts';
import type { QuerySources } from './query-sources.ts';
import type { QueryView } from './query-view.ts';
import {
  newDefinition,
  type ReadDefinition,
  readDefinition,
  type StoredDefinition,
  withoutName,
} from './read-definition.ts';
import {
  areMet,
  type Definition,
  definitionTag,
  NotStoredError,
  type Preconditions,
  type Refusal,
  type Registered,
  type RegistrationStore,
  type Removed,
} from './registration.ts';

/** The registered queries, as far as HTTP changes them. */
export type HttpQueries = Pick<QuerySources, 'holderOf' | 'setHttp'>;

export interface HttpRegistrationsOptions {
  readonly queries: HttpQueries;
  /** Returns the context to read definitions with: another object after the configuration has changed. */
  readonly context: () => ConfigContext;
  readonly view: (name: string) => QueryView | undefined;
  readonly store: RegistrationStore;
  /** The targets of other shards are refused. */
  readonly shard: Shard;
  readonly log: Logger;
}

/** Another replica has changed the registration. */
type Changed = { readonly outcome: 'changed' };

/** Changes by other replicas in a row after which a change is not stored. */
const MOST_CHANGES = 5;

/** The part of {@link HttpRegistrations} that HTTP endpoints use. */
export type Registrations = Pick<HttpRegistrations, 'etag' | 'put' | 'remove'>;

/**
 * The registrations over HTTP. Writes of one name are sequential, in the order of their calls; a successful write is stored. A
 * definition that a configuration change makes invalid (for example, by removing its account) stays stored, and its query is
 * registered again when it becomes valid.
 */
export class HttpRegistrations {
  readonly #options: HttpRegistrationsOptions;
  readonly #turns = new TurnsByKey();
  /** All stored definitions, by name. */
  readonly #stored = new Map<string, StoredDefinition>();
  /** The context that all of them were last read with. */
  #readWith: ConfigContext | undefined;

  constructor(options: HttpRegistrationsOptions) {
    this.#options = options;
  }

  /** Registers the stored queries, which other replicas may have changed since an earlier call. @throws the store's error */
  async load(): Promise<void> {
    const stored = await this.#options.store.load((late) => this.#loadLate(late));
    const removed = [...this.#stored.keys()].filter((name) => !stored.has(name));
    for (const [name, { etag }] of this.#stored) {
      const definition = stored.get(name);
      if (definition === undefined || definitionTag(definition) !== etag) {
        this.#stored.delete(name);
      }
    }
    this.#setQueries(removed.map((name) => [name, undefined]));
    await this.#add(stored);
  }

  #loadLate(definitions: ReadonlyMap<string, Definition>): void {
    const { log } = this.#options;
    log.info('stored queries registered after startup', { queries: definitions.size });
    background(log, 'late registration of queries', this.#add(definitions));
  }

  /** Keeps existing definitions: they are newer. */
  async #add(stored: ReadonlyMap<string, Definition>): Promise<void> {
    for (const [name, definition] of stored) {
      if (!this.#stored.has(name)) {
        this.#stored.set(name, newDefinition(definition));
      }
    }
    this.#readWith = undefined;
    await this.reload();
  }

  /** Reads all definitions with the configuration in effect. Resolves to the changes. */
  async reload(): Promise<QueryChanges> {
    const context = this.#options.context();
    if (context === this.#readWith) {
      return NO_CHANGES;
    }
    const read = new Map<StoredDefinition, readonly [name: string, ReadDefinition]>();
    await inSlices(this.#stored, async ([name, registration]) => {
      read.set(registration, [name, await this.#read(name, registration.definition, context)]);
    });
    if (context !== this.#options.context()) {
      return this.reload();
    }
    this.#readWith = context;
    // Definitions that were put in the meantime have been read by `put`.
    const current = [...read].filter(([registration, [name]]) => this.#stored.get(name) === registration);
    return this.#setQueries(current.map(([, result]) => result));
  }

  /** Returns the tag of the definition with a name, without quotes: equal for equal definitions. Undefined if HTTP cannot change the query. */
  etag(name: string): string | undefined {
    return this.#options.queries.holderOf(name) === 'http' ? this.#stored.get(name)?.etag : undefined;
  }

  /**
   * Registers a query, or replaces the registered one. An equal definition changes nothing. Never rejects because of the
   * definition.
   *
   * @param body parsed JSON
   */
  put(name: string, body: unknown, preconditions: Preconditions): Promise<Registered | Refusal> {
    return this.#inTurn(name, async () => {
      const before = this.#stored.get(name);
      const refusal = refusalOf(preconditions, before);
      if (refusal !== undefined) {
        return refusal;
      }
      const read = await this.#read(name, body, this.#options.context());
      if (read.query === undefined) {
        return { outcome: 'invalid', problems: read.problems };
      }
      const registration = newDefinition(withoutName(body));
      const isSame = registration.etag === before?.etag && before.isValid === true;
      const failure = isSame ? undefined : await this.#register(name, registration);
      if (failure !== undefined) {
        return failure;
      }
      const { queries, view } = this.#options;
      // While it was being stored, a reload may have assigned the name to another query.
      const query = queries.holderOf(name) === 'http' ? view(name) : undefined;
      if (query === undefined) {
        return { outcome: 'interrupted' };
      }
      const outcome = isSame ? 'unchanged' : before === undefined ? 'created' : 'replaced';
      return { outcome, etag: registration.etag, query };
    });
  }

  /** Removes an ended query, unless it has been replaced in the meantime. Resolves to whether it was removed. */
  async expire(name: string): Promise<boolean> {
    const ifMatch = new Set([this.#stored.get(name)?.etag ?? '']);
    return (await this.remove(name, { ifMatch }, 'retention expired')).outcome === 'removed';
  }

  /** Stores a valid definition, and registers its query. Resolves to undefined on success. */
  async #register(name: string, registration: StoredDefinition): Promise<Refusal | Changed | undefined> {
    const { store, log } = this.#options;
    const failure = await this.#store(store.put(name, registration.definition));
    if (failure === undefined) {
      log.info('query registered over HTTP', { query: name, replaced: this.#stored.has(name) });
      await this.#apply(name, registration);
    }
    return failure;
  }

  /** Registers a definition that is stored. */
  async #apply(name: string, registration: StoredDefinition): Promise<void> {
    const { context } = this.#options;
    let used: ConfigContext;
    let read: ReadDefinition;
    do {
      used = context();
      read = await this.#read(name, registration.definition, used);
    } while (used !== context());
    this.#stored.set(name, registration);
    this.#setQueries([[name, read]]);
  }

  remove(name: string, preconditions: Preconditions, reason = 'requested'): Promise<Removed | Refusal> {
    return this.#inTurn(name, async () => {
      const { store, log } = this.#options;
      const registration = this.#stored.get(name);
      if (registration === undefined) {
        return { outcome: 'unknown' };
      }
      const refusal = refusalOf(preconditions, registration) ?? (await this.#store(store.put(name, undefined)));
      if (refusal !== undefined) {
        return refusal;
      }
      log.info('query registered over HTTP removed', { query: name, reason });
      this.#forget(name);
      return { outcome: 'removed' };
    });
  }

  /** Does `work` after earlier work with the name, with the definition as it is stored now. Repeats it if that changes. */
  #inTurn<T extends Registered | Removed>(
    name: string,
    work: () => Promise<T | Refusal | Changed>,
  ): Promise<T | Refusal> {
    return this.#turns.run(name, async () => {
      for (let changes = 0; changes < MOST_CHANGES; changes += 1) {
        const refusal = this.#refusalOfHolder(name) ?? (await this.#store(this.#update(name)));
        const result = refusal ?? (await work());
        if (result.outcome !== 'changed') {
          return result;
        }
      }
      return { outcome: 'not stored', reason: 'other replicas change the registration at the same time' };
    });
  }

  /** Follows a change by another process. @throws NotStoredError */
  async #update(name: string): Promise<void> {
    const { store, log } = this.#options;
    const changed = await store.changed(name);
    const registration = changed?.definition && newDefinition(changed.definition);
    if (changed === undefined || registration?.etag === this.#stored.get(name)?.etag) {
      return;
    }
    log.info('registration changed by another replica', { query: name, removed: registration === undefined });
    if (registration === undefined) {
      this.#forget(name);
    } else {
      await this.#apply(name, registration);
    }
  }

  #forget(name: string): void {
    this.#stored.delete(name);
    this.#setQueries([[name, undefined]]);
  }

  #read(name: string, body: unknown, context: ConfigContext): Promise<ReadDefinition> {
    return readDefinition(name, body, context, this.#options.shard);
  }

  #refusalOfHolder(name: string): Refusal | undefined {
    const source = this.#options.queries.holderOf(name);
    return source === undefined || source === 'http' ? undefined : { outcome: 'taken', source };
  }

  /** Resolves to an outcome if a call of the store fails. */
  #store(stored: Promise<void>): Promise<Refusal | Changed | undefined> {
    return stored.then(() => undefined, failureOf);
  }

  /** Updates the registered queries from definitions; undefined: removed. */
  #setQueries(results: Iterable<readonly [name: string, ReadDefinition | undefined]>): QueryChanges {
    const changes = new Map<string, RegisteredQuery | undefined>();
    for (const [name, result] of results) {
      const query = result?.query;
      changes.set(name, query);
      const stored = this.#stored.get(name);
      if (result !== undefined && stored !== undefined) {
        if (query === undefined && stored.isValid !== false) {
          const reason = result.problems.map(({ message }) => message).join('; ');
          this.#options.log.warn('query registered over HTTP excluded', { query: name, reason });
        }
        stored.isValid = query !== undefined;
      }
    }
    return this.#options.queries.setHttp(changes);
  }
}

function refusalOf(preconditions: Preconditions, registration: StoredDefinition | undefined): Refusal | undefined {
  return areMet(preconditions, registration?.etag) ? undefined : { outcome: 'precondition failed' };
}

function failureOf(error: unknown): Refusal | Changed {
  if (!(error instanceof NotStoredError)) {
    throw error;
  }
  return { outcome: error.outcome, reason: error.message };
}
