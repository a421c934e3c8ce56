import type { Clock } from '../lib/clock.ts';
import { REMINDER_MS } from '../lib/conditions.ts';
import { type Logger, wholeSeconds } from '../lib/log.ts';

/** Time to collect failures before the first line, so that it has their number. In milliseconds. */
const COLLECTED_MS = 5_000;
/** Shortest time until the next line, if the number has doubled. In milliseconds. */
const PAUSE_MS = 60_000;

/** A target whose credentials are missing. The region is undefined if it is unknown. */
export interface CredentialTarget {
  readonly account: string;
  readonly region: string | undefined;
}

/** All targets with one root cause. Times are on the monotonic clock. */
interface Group {
  readonly cause: string;
  readonly since: number;
  readonly targets: Map<string, { readonly account: string; readonly queries: Set<string> }>;
  loggedAt: number | undefined;
  /** Number of queries and targets in the last line. */
  logged: number;
  /** Number of queries in the last line. */
  queries: number;
  cancel: () => void;
}

/**
 * Logs why credentials are unavailable: each root cause once, with the numbers of accounts and queries, then again if the
 * number doubles, hourly, and when it ends. A target can fail without any query (for example, when it is listed), and the
 * first line waits for the others with the same cause.
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

  failed(target: CredentialTarget, message: string, query?: string): void {
    // The role differs by account; the cause may be the same.
    const cause = message.replace(/^role \S+: /, '');
    const key = keyOf(target);
    if (this.#groupOf.get(key)?.cause !== cause) {
      this.#remove(key);
    }
    const group = this.#groups.get(cause) ?? this.#createGroup(cause);
    this.#groupOf.set(key, group);
    const { queries } = group.targets.get(key) ?? { queries: new Set<string>() };
    group.targets.set(key, { account: target.account, queries });
    if (query !== undefined) {
      queries.add(query);
    }
    const age = this.#clock.monotonic() - (group.loggedAt ?? Number.POSITIVE_INFINITY);
    if (age >= REMINDER_MS || (age >= PAUSE_MS && sizeOf(group) >= 2 * group.logged)) {
      this.#logGroup(group);
    }
  }

  /** Returns why the credentials of a target are missing; undefined if they are not. */
  causeOf({ account, region }: CredentialTarget): string | undefined {
    const [own, ofAccount] = [region, undefined].map((each) => this.#groupOf.get(keyOf({ account, region: each })));
    return (own ?? ofAccount)?.cause;
  }

  /** The target has credentials. */
  recovered({ account, region }: CredentialTarget): void {
    for (const key of [region, undefined].map((each) => keyOf({ account, region: each }))) {
      const group = this.#groupOf.get(key);
      if (group?.targets.size === 1) {
        if (group.loggedAt === undefined) {
          this.#logGroup(group);
        }
        const texts = ['credentials recovered', 'query recovered', 'queries recovered'] as const;
        this.#log.info(message(group.queries, texts), {
          error: 'CredentialsError',
          duration: wholeSeconds(this.#clock.monotonic() - group.since),
        });
      }
      this.#remove(key);
    }
  }

  /** The query is no longer called. */
  forget(target: CredentialTarget, query: string): void {
    const key = keyOf(target);
    const queries = this.#groupOf.get(key)?.targets.get(key)?.queries;
    if (queries?.delete(query) && queries.size === 0) {
      this.#remove(key);
    }
  }

  #createGroup(cause: string): Group {
    const group: Group = {
      cause,
      since: this.#clock.monotonic(),
      targets: new Map(),
      loggedAt: undefined,
      logged: 0,
      queries: 0,
      cancel: this.#clock.setTimer(COLLECTED_MS, () => this.#logGroup(group)),
    };
    this.#groups.set(cause, group);
    return group;
  }

  #logGroup(group: Group): void {
    group.cancel();
    group.loggedAt = this.#clock.monotonic();
    group.logged = sizeOf(group);
    const targets = [...group.targets.values()];
    const accounts = new Set(targets.map(({ account }) => account));
    const queries = targets.flatMap((target) => [...target.queries]);
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

  #remove(key: string): void {
    const group = this.#groupOf.get(key);
    this.#groupOf.delete(key);
    group?.targets.delete(key);
    if (group?.targets.size === 0) {
      group.cancel();
      this.#groups.delete(group.cause);
    }
  }
}

/** Returns the text for no query, for one, or for several. */
function message(queries: number, [none, one, several]: readonly [string, string, string]): string {
  return queries === 0 ? none : queries === 1 ? one : several;
}

function keyOf({ account, region }: CredentialTarget): string {
  return JSON.stringify([account, region]);
}

function sizeOf({ targets }: Group): number {
  return [...targets.values()].reduce((sum, { queries }) => sum + queries.size, targets.size);
}
