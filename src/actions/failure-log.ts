import { CredentialFailureLog } from '../accounts/credential-failure-log.ts';
import type { ApiError } from '../aws/errors.ts';
import type { Clock } from '../lib/clock.ts';
import { REMINDER_MS } from '../lib/conditions.ts';
import { type LogFields, type Logger, wholeSeconds } from '../lib/log.ts';
import type { RegisteredQuery } from '../model/query.ts';

/** Up to so many queries of a group are logged by name; of more, the number is. */
const NAMED = 3;

/** Queries of one target that fail in the same way. */
interface Group {
  readonly key: string;
  /** What the members share. */
  readonly fields: LogFields;
  /** On the monotonic clock, as are all times here. */
  readonly since: number;
  /** Failing queries to when they began. */
  readonly members: Map<string, number>;
  /** Members that were logged by name. */
  readonly named: Set<string>;
  /** The number that was logged last; 0 while there are so few that all are named. */
  counted: number;
  /** The largest number that was ever logged; 0 when none was. */
  mostCounted: number;
  /** Some have left, but not because they work again. */
  leftFailing: boolean;
  loggedAt: number;
}

/**
 * Logs a failure when it begins and when it ends, and once an hour between. Queries of a target that fail in the same way
 * share their lines: as long as they are few they are named, then their number is told each time it has doubled.
 */
export class FailureLog {
  /** Of all calls that got no credentials, those for queries and others. */
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
      this.#leave(query.name, 'still fails');
      this.credentials.failed(query, failure.message, query.name);
      return;
    }
    this.credentials.recovered(query);
    const group = this.#group(query, failure);
    if (this.#groupOf.get(query.name) !== group) {
      this.#leave(query.name, 'still fails');
      this.#groupOf.set(query.name, group);
      group.members.set(query.name, this.#clock.monotonic());
    }
    this.#tell(group, query.name, failure);
  }

  /** The query was answered well. */
  recovered(query: RegisteredQuery): void {
    this.credentials.recovered(query);
    this.#leave(query.name, 'works again');
  }

  /** The query is not polled any more: whether it would still fail will not be known. */
  forget(query: RegisteredQuery): void {
    this.credentials.forget(query, query.name);
    this.#leave(query.name, 'still fails');
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
        leftFailing: false,
        loggedAt: now,
      };
      this.#groups.set(key, group);
    }
    return group;
  }

  /** Logs what is new about a group one of whose members has just failed. */
  #tell(group: Group, name: string, failure: ApiError): void {
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
      this.#log.warn('query fails', { ...withQuery(group.fields, name), ...details });
      return;
    }
    if (count > NAMED) {
      group.counted = count;
      group.mostCounted = Math.max(count, group.mostCounted);
    }
    const duration = wholeSeconds(now - group.since);
    const who = count === 1 ? withQuery(group.fields, name) : { ...group.fields, queries: count };
    this.#log.warn('queries fail', { ...who, ...details, duration });
  }

  #leave(name: string, because: 'works again' | 'still fails'): void {
    const group = this.#groupOf.get(name);
    if (group === undefined) {
      return;
    }
    const now = this.#clock.monotonic();
    const since = group.members.get(name) ?? now;
    this.#groupOf.delete(name);
    group.members.delete(name);
    group.leftFailing ||= because === 'still fails';
    if (group.named.delete(name) && because === 'works again') {
      this.#log.info('query works again', { ...withQuery(group.fields, name), duration: wholeSeconds(now - since) });
    }
    if (group.members.size <= NAMED) {
      group.counted = 0;
    }
    if (group.members.size > 0) {
      return;
    }
    this.#groups.delete(group.key);
    if (group.mostCounted > 0) {
      this.#log.info(group.leftFailing ? 'queries no longer fail in this way' : 'queries work again', {
        ...group.fields,
        queries: group.mostCounted,
        duration: wholeSeconds(now - group.since),
      });
    }
  }
}

/** The order of fields in a line: where, which query, then what. */
function withQuery({ account, aws_region, ...what }: LogFields, query: string): LogFields {
  return { account, aws_region, query, ...what };
}
