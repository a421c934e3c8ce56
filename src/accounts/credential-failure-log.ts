import type { Clock } from '../lib/clock.ts';
import { REMINDER_MS } from '../lib/conditions.ts';
import { type Logger, wholeSeconds } from '../lib/log.ts';

/** Failures are collected for so long before the first line, so that it has their number. */
const COLLECTED_MS = 5_000;
/** Until the next line, if the number has doubled. */
const PAUSE_MS = 60_000;

/** Where credentials are missing: an account, and a region or, if it is not known, undefined. */
export interface CredentialPlace {
  readonly account: string;
  readonly region: string | undefined;
}

/** All places with one root cause. Times are on the monotonic clock. */
interface Group {
  readonly cause: string;
  readonly since: number;
  /** Queries that failed, by place. */
  readonly places: Map<string, { readonly account: string; readonly queries: Set<string> }>;
  /** Undefined before the first line. */
  loggedAt: number | undefined;
  /** Queries and places of the last line. */
  logged: number;
  /** Queries of the last line. */
  queries: number;
  cancel: () => void;
}

/**
 * Logs why there are no credentials: one root cause is logged once with the number of accounts and queries, however many
 * there are, then again if that number doubles, hourly, and when it ends.
 */
export class CredentialFailureLog {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #groups = new Map<string, Group>();
  readonly #groupOf = new Map<string, Group>();

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
  }

  failed(place: CredentialPlace, message: string, query?: string): void {
    // The role differs by account, the cause need not.
    const cause = message.replace(/^role \S+: /, '');
    const key = keyOf(place);
    if (this.#groupOf.get(key)?.cause !== cause) {
      this.#leave(key);
    }
    const group = this.#groups.get(cause) ?? this.#begin(cause);
    this.#groupOf.set(key, group);
    const { queries } = group.places.get(key) ?? { queries: new Set<string>() };
    group.places.set(key, { account: place.account, queries });
    if (query !== undefined) {
      queries.add(query);
    }
    const age = this.#clock.monotonic() - (group.loggedAt ?? Number.POSITIVE_INFINITY);
    if (age >= REMINDER_MS || (age >= PAUSE_MS && sizeOf(group) >= 2 * group.logged)) {
      this.#tell(group);
    }
  }

  /** There are credentials at the place. */
  recovered({ account, region }: CredentialPlace): void {
    for (const key of [keyOf({ account, region }), keyOf({ account, region: undefined })]) {
      const group = this.#groupOf.get(key);
      if (group?.places.size === 1) {
        if (group.loggedAt === undefined) {
          this.#tell(group);
        }
        const texts = ['credentials recovered', 'query recovered', 'queries recovered'] as const;
        this.#log.info(message(group.queries, texts), {
          error: 'CredentialsError',
          duration: wholeSeconds(this.#clock.monotonic() - group.since),
        });
      }
      this.#leave(key);
    }
  }

  /** The query is no longer called. */
  forget(place: CredentialPlace, query: string): void {
    const key = keyOf(place);
    const queries = this.#groupOf.get(key)?.places.get(key)?.queries;
    if (queries?.delete(query) && queries.size === 0) {
      this.#leave(key);
    }
  }

  #begin(cause: string): Group {
    const group: Group = {
      cause,
      since: this.#clock.monotonic(),
      places: new Map(),
      loggedAt: undefined,
      logged: 0,
      queries: 0,
      cancel: this.#clock.setTimer(COLLECTED_MS, () => this.#tell(group)),
    };
    this.#groups.set(cause, group);
    return group;
  }

  #tell(group: Group): void {
    group.cancel();
    group.loggedAt = this.#clock.monotonic();
    group.logged = sizeOf(group);
    const places = [...group.places.values()];
    const accounts = new Set(places.map(({ account }) => account));
    const queries = places.flatMap((place) => [...place.queries]);
    group.queries = queries.length;
    const [account] = accounts;
    const [query] = queries;
    this.#log.warn(message(queries.length, ['credentials unavailable', 'query failed', 'queries failed']), {
      ...(accounts.size === 1 ? { account } : { accounts: accounts.size }),
      ...(queries.length === 1 ? { query } : { queries: queries.length }),
      error: 'CredentialsError',
      reason: group.cause,
    });
  }

  #leave(key: string): void {
    const group = this.#groupOf.get(key);
    this.#groupOf.delete(key);
    group?.places.delete(key);
    if (group?.places.size === 0) {
      group.cancel();
      this.#groups.delete(group.cause);
    }
  }
}

/** The text for no query, for one, or for several. */
function message(queries: number, [none, one, several]: readonly [string, string, string]): string {
  return queries === 0 ? none : queries === 1 ? one : several;
}

function keyOf({ account, region }: CredentialPlace): string {
  return JSON.stringify([account, region]);
}

function sizeOf({ places }: Group): number {
  return [...places.values()].reduce((sum, { queries }) => sum + queries.size, places.size);
}
