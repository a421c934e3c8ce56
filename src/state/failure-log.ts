import type { ApiError } from '../api/errors.ts';
import type { WatchedQuery } from '../queries/query.ts';
import type { Clock } from '../runtime/clock.ts';
import type { LogFields, Logger } from '../runtime/log.ts';

/** So many queries of a group are logged by name; what is more is counted. */
const NAMED = 3;
const REMINDER_MS = 3_600_000;

/** Queries of one target that fail in the same way. */
interface Group {
  readonly fields: LogFields;
  readonly since: number;
  /** Failing queries to when they began, on the monotonic clock. */
  readonly members: Map<string, number>;
  readonly named: Set<string>;
  /** Members when their number was logged last. */
  announced: number;
  loggedAt: number;
}

/**
 * Logs a failure when it begins and when it ends, and once an hour between. Queries of a target that fail in the same way
 * share their lines: the first few are named, then their number is told each time it has doubled.
 */
export class FailureLog {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #groups = new Map<string, Group>();
  readonly #groupOf = new Map<string, Group>();

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
  }

  failed(query: WatchedQuery, failure: ApiError): void {
    const { account, region, name } = query;
    const { operation, error } = failure;
    const key = [account, region, operation, error].join(' ');
    const now = this.#clock.monotonic();
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = {
        fields: { account, aws_region: region, operation, error },
        since: now,
        members: new Map(),
        named: new Set(),
        announced: 0,
        loggedAt: now,
      };
      this.#groups.set(key, group);
    }
    if (!group.members.has(name)) {
      this.recovered(query, failure);
      group.members.set(name, now);
      this.#groupOf.set(name, group);
    }
    this.#tellBeginning(group, name, failure, now);
  }

  /** The query does not fail any more, or, with `instead`, fails in another way. */
  recovered(query: WatchedQuery, instead?: ApiError): void {
    const group = this.#groupOf.get(query.name);
    if (group === undefined) {
      return;
    }
    const now = this.#clock.monotonic();
    const began = group.members.get(query.name) ?? now;
    this.#groupOf.delete(query.name);
    group.members.delete(query.name);
    const { account, aws_region, operation, error } = group.fields;
    if (group.named.delete(query.name) && instead === undefined) {
      this.#log.info('query works again', {
        account,
        aws_region,
        query: query.name,
        operation,
        error,
        duration: duration(now - began),
      });
    }
    if (group.members.size === 0) {
      this.#groups.delete([account, aws_region, operation, error].join(' '));
      if (group.announced > NAMED) {
        this.#log.info('queries work again', {
          ...group.fields,
          queries: group.announced,
          duration: duration(now - group.since),
        });
      }
    }
  }

  #tellBeginning(group: Group, name: string, failure: ApiError, now: number): void {
    const { attempts, requestId, message } = failure;
    const details: LogFields = { attempts, request_id: requestId, reason: message };
    const { account, aws_region, ...what } = group.fields;
    const count = group.members.size;
    if (count <= NAMED && !group.named.has(name) && group.announced < NAMED) {
      group.named.add(name);
      group.announced = count;
      group.loggedAt = now;
      this.#log.warn('query fails', { account, aws_region, query: name, ...what, ...details });
    } else if (count >= 2 * group.announced || now - group.loggedAt >= REMINDER_MS) {
      group.announced = count;
      group.loggedAt = now;
      this.#log.warn('queries fail', {
        ...group.fields,
        queries: count,
        ...details,
        duration: duration(now - group.since),
      });
    }
  }
}

function duration(ms: number): string {
  return `${Math.round(ms / 1_000)}s`;
}
