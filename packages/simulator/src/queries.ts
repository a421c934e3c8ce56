import { matcherOf } from './glob.ts';
import { nameUuid, Random } from './random.ts';
import { parentOf, type QueryLife, type Scenario, type StartedQueryMatch } from './schema.ts';
import type { DestinationCategory, MetricName, QueryType } from './vocabulary.ts';
import type { Worlds } from './worlds.ts';

/** The parent of a query. An ID is valid under its own parent only. */
export interface QueryParent {
  account: string;
  region: string;
  type: QueryType;
  /** The monitor's name or the scope's id. */
  parent: string;
}

/** The arguments of a query. Times are in milliseconds since the Unix epoch. */
export interface QueryInput extends QueryParent {
  startTime: number;
  endTime: number;
  metricName: MetricName;
  destinationCategory: DestinationCategory;
  limit: number;
}

export type QueryStatus = 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELED';

/** A query. Its times are milliseconds on the monotonic clock. */
export interface Query extends QueryInput {
  queryId: string;
  /** The part of its life that the scenario sets. */
  life: QueryLife;
  /** Whether it is from the scenario, and was not started by a client. */
  fixed: boolean;
  startedAt: number;
  runsAt: number;
  endsAt: number;
  stoppedAt?: number;
}

/** A query in progress that a client started. */
export interface RunningQuery extends QueryParent {
  queryId: string;
  status: 'QUEUED' | 'RUNNING';
}

const HOUR = 3_600_000;
const SWEEP_EVERY = 60_000;

/** All queries of the simulator; `now` is always milliseconds on the monotonic clock. */
export class Queries {
  readonly #seed: string;
  /** Read at each use, because worlds may change. */
  readonly #worlds: () => Worlds;
  readonly #byKey = new Map<string, Query>();
  readonly #lives: readonly { life: QueryLife; fits: ReturnType<typeof matcherOf<keyof StartedQueryMatch>> }[];
  #sweptAt: number;

  /** The queries of the scenario start at `now`, which is `wall` milliseconds since the Unix epoch. */
  constructor({ seed, accounts, queries, startedQueries }: Scenario, worlds: () => Worlds, now: number, wall: number) {
    this.#seed = seed;
    this.#worlds = worlds;
    this.#lives = startedQueries.map(({ match, ...life }) => ({ life, fits: matcherOf(match) }));
    this.#sweptAt = now;
    const endTime = Math.floor(wall / HOUR) * HOUR;
    for (const { account = accounts[0]?.id ?? '', queryId, count = 1, ...fixed } of queries) {
      const { region, type, metricName, destinationCategory, limit, ...life } = fixed;
      const where = { account, region, type, parent: parentOf(fixed) };
      const input = { ...where, metricName, destinationCategory, limit, startTime: endTime - HOUR, endTime };
      for (let n = 1; n <= count; n++) {
        this.#add(input, queryId.replaceAll('{n}', String(n)), life, true, now);
      }
    }
  }

  /** Returns `undefined` if there is no such query, or if its retention has ended. */
  find(where: QueryParent, queryId: string, now: number): Query | undefined {
    const query = this.#byKey.get(keyOf(where, queryId));
    return query && !this.#isForgotten(query, now) ? query : undefined;
  }

  /**
   * Starts a query. Equal inputs have equal IDs: a query in progress is returned instead of a new one. Returns `undefined` if
   * the account and region have reached their limit of queries in progress.
   */
  start(input: QueryInput, now: number): Query | undefined {
    this.#sweep(now);
    const { account, region, type, parent, metricName, destinationCategory, startTime, endTime, limit } = input;
    const named = [account, region, type, parent, metricName, destinationCategory, startTime, endTime, limit];
    const queryId = nameUuid(named.join('\n'));
    const existing = this.#byKey.get(keyOf(input, queryId));
    if (existing && this.#underWay(existing, now)) {
      return existing;
    }
    if (this.#isFull(input, now)) {
      return undefined;
    }
    const facts = { ...input, [type === 'monitor-top-contributors' ? 'monitorName' : 'scopeId']: parent };
    const life = this.#lives.find(({ fits }) => fits(facts))?.life ?? {};
    return this.#add(input, queryId, life, false, now);
  }

  status({ stoppedAt = Infinity, life, runsAt, endsAt }: Query, now: number): QueryStatus {
    const canceledAt = stoppedAt + this.#worlds().stopDelay;
    if (now >= canceledAt && canceledAt < endsAt) {
      return 'CANCELED';
    }
    if (now >= endsAt) {
      return life.outcome === undefined || life.outcome === 'none' ? 'SUCCEEDED' : life.outcome;
    }
    return now < runsAt ? 'QUEUED' : 'RUNNING';
  }

  /** Cancels a query, unless it has ended. */
  stop(query: Query, now: number): void {
    if (this.#underWay(query, now)) {
      query.stoppedAt ??= now;
    }
  }

  /** Queries in progress that clients started, of all accounts and regions. */
  running(now: number): RunningQuery[] {
    return [...this.#byKey.values()].flatMap((query) => {
      const { account, region, type, parent, queryId } = query;
      const status = query.fixed ? undefined : this.#underWay(query, now);
      return status ? [{ account, region, type, parent, queryId, status }] : [];
    });
  }

  #add(input: QueryInput, queryId: string, life: QueryLife, fixed: boolean, now: number): Query {
    const random = new Random(`${this.#seed}/life/${queryId}`);
    const total = random.integer(2000, 12_000);
    const queuedFor = life.queuedFor ?? Math.floor(total * 0.3 * random.next());
    const runningFor = life.runningFor ?? Math.max(0, total - queuedFor);
    const runsAt = now + queuedFor;
    const endsAt = life.outcome === 'none' ? Infinity : runsAt + runningFor;
    const query: Query = { ...input, queryId, life, fixed, startedAt: now, runsAt, endsAt };
    this.#byKey.set(keyOf(query, queryId), query);
    return query;
  }

  #underWay(query: Query, now: number): 'QUEUED' | 'RUNNING' | undefined {
    const status = this.status(query, now);
    return status === 'QUEUED' || status === 'RUNNING' ? status : undefined;
  }

  #isFull({ account, region }: QueryParent, now: number): boolean {
    const most = this.#worlds().maxRunningQueries;
    const isCounted = (query: Query) =>
      query.account === account && query.region === region && this.#underWay(query, now) !== undefined;
    return most !== undefined && [...this.#byKey.values()].filter(isCounted).length >= most;
  }

  #isForgotten({ fixed, endsAt, stoppedAt = Infinity }: Query, now: number): boolean {
    return !fixed && Math.min(endsAt, stoppedAt) + this.#worlds().retention <= now;
  }

  #sweep(now: number): void {
    if (now - this.#sweptAt >= SWEEP_EVERY) {
      this.#sweptAt = now;
      for (const [key, query] of this.#byKey) {
        if (this.#isForgotten(query, now)) {
          this.#byKey.delete(key);
        }
      }
    }
  }
}

/** A unique key: the parent, which may be any text, is preceded by its length. */
function keyOf({ account, region, type, parent }: QueryParent, queryId: string): string {
  return `${account}/${region}/${type}/${parent.length}/${parent}/${queryId}`;
}
