import { CredentialFailureLog } from '../accounts/credential-failure-log.ts';
import type { ApiError } from '../aws/errors.ts';
import type { Clock } from '../lib/clock.ts';
import { REMINDER_MS } from '../lib/conditions.ts';
import { type LogFields, type Logger, wholeSeconds } from '../lib/log.ts';
import type { RegisteredQuery } from '../model/query.ts';

/** Maximum number of failing queries of a group that are logged by name. Of larger groups, the number is logged. */
const NAMED = 3;

interface Group {
  readonly key: string;
  readonly fields: LogFields;
  /** Like all times here, on the monotonic clock. */
  readonly since: number;
  /** Failing queries, with the time since which they fail. */
  readonly members: Map<string, number>;
  /** Members that were logged by name. */
  readonly named: Set<string>;
  /** The last logged number of members. 0 while all members are logged by name. */
  counted: number;
  /** The largest logged number of members. 0 if none was logged. */
  mostCounted: number;
  /** Whether members were removed that had not recovered. */
  removedFailing: boolean;
  loggedAt: number;
}

/**
 * Logs a failure when it begins, hourly while it lasts, and when it ends. Queries of a target with the same failure are
 * grouped: a few are logged by name, then their number each time it has doubled. `Conditions` has one line per object, and
 * {@link CredentialFailureLog} groups targets of all accounts by cause.
 */
export class FailureLog {
  /** Failures of calls without credentials, for queries and other calls. */
  readonly credentials: CredentialFailureLog;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #groups = new Map<string, Group>();
  readonly #groupOf = new Map<string, Group>();

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
    this.credentials = new CredentialFailureLog(clock, log);
  }

  failed(query: RegisteredQuery, failure: ApiError): void {
    if (failure.error === 'CredentialsError') {
      this.#removeFromGroup(query.name, 'removed');
      this.credentials.failed(query, failure.message, query.name);
      return;
    }
    this.credentials.recovered(query);
    const group = this.#group(query, failure);
    if (this.#groupOf.get(query.name) !== group) {
      this.#removeFromGroup(query.name, 'removed');
      this.#groupOf.set(query.name, group);
      group.members.set(query.name, this.#clock.monotonic());
    }
    this.#report(group, query.name, failure);
  }

  /** Logs that a query has recovered, if it failed before. */
  recovered(query: RegisteredQuery): void {
    this.credentials.recovered(query);
    this.#removeFromGroup(query.name, 'recovered');
  }

  forget(query: RegisteredQuery): void {
    this.credentials.forget(query, query.name);
    this.#removeFromGroup(query.name, 'removed');
  }

  #group({ account, region }: RegisteredQuery, { operation, error }: ApiError): Group {
    const key = [account, region, operation, error].join(' ');
    let group = this.#groups.get(key);
    if (group === undefined) {
      const now = this.#clock.monotonic();
      group = {
        key,
        fields: { account, aws_region: region, operation, error },
        since: now,
        members: new Map(),
        named: new Set(),
        counted: 0,
        mostCounted: 0,
        removedFailing: false,
        loggedAt: now,
      };
      this.#groups.set(key, group);
    }
    return group;
  }

  #report(group: Group, name: string, failure: ApiError): void {
    const now = this.#clock.monotonic();
    const count = group.members.size;
    const isNew = count <= NAMED ? !group.named.has(name) : count >= 2 * group.counted;
    if (!isNew && now - group.loggedAt < REMINDER_MS) {
      return;
    }
    const { attempts, requestId, message } = failure;
    const details: LogFields = { attempts, request_id: requestId, reason: message };
    group.loggedAt = now;
    if (count <= NAMED && isNew) {
      group.named.add(name);
      this.#log.warn('query failed', { ...withQuery(group.fields, name), ...details });
      return;
    }
    if (count > NAMED) {
      group.counted = count;
      group.mostCounted = Math.max(count, group.mostCounted);
    }
    const duration = wholeSeconds(now - group.since);
    const subject = count === 1 ? withQuery(group.fields, name) : { ...group.fields, queries: count };
    this.#log.warn('queries failed', { ...subject, ...details, duration });
  }

  #removeFromGroup(name: string, because: 'recovered' | 'removed'): void {
    const group = this.#groupOf.get(name);
    if (group === undefined) {
      return;
    }
    const now = this.#clock.monotonic();
    const since = group.members.get(name) ?? now;
    this.#groupOf.delete(name);
    group.members.delete(name);
    group.removedFailing ||= because === 'removed';
    if (group.named.delete(name) && because === 'recovered') {
      this.#log.info('query recovered', { ...withQuery(group.fields, name), duration: wholeSeconds(now - since) });
    }
    if (group.members.size <= NAMED) {
      group.counted = 0;
    }
    if (group.members.size > 0) {
      return;
    }
    this.#groups.delete(group.key);
    if (group.mostCounted > 0) {
      this.#log.info(group.removedFailing ? 'query failures ended' : 'queries recovered', {
        ...group.fields,
        queries: group.mostCounted,
        duration: wholeSeconds(now - group.since),
      });
    }
  }
}

/** Returns fields in log order: account and region, query, then the others. */
function withQuery({ account, aws_region, ...what }: LogFields, query: string): LogFields {
  return { account, aws_region, query, ...what };
}
