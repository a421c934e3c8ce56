import { matcherOf } from './glob.ts';
import { nameUuid } from './names.ts';
import type { FixedQueries, Outcome, QueryLife, StartedQueries, StartedQueryMatch } from './query-life.ts';
import { createRandom } from './random.ts';
import type { DestinationCategory, MetricName, QueryType } from './vocabulary.ts';
import type { Worlds } from './worlds.ts';

/** Where a query lives: an id is known under its own parent only. */
export interface QueryParent {
  account: string;
  region: string;
  type: QueryType;
  /** The monitor's name or the scope's id. */
  parent: string;
}

/** What a query asks. Times in milliseconds since the Unix epoch. */
export interface QueryInput extends QueryParent {
  startTime: number;
  endTime: number;
  metricName: MetricName;
  destinationCategory: DestinationCategory;
  limit: number;
}

export type QueryStatus = 'QUEUED' | 'RUNNING' | Exclude<Outcome, 'none'>;

/** Its moments are milliseconds on the monotonic clock. */
export interface Query extends QueryInput {
  queryId: string;
  /** What of its life the scenario pins. */
  life: QueryLife;
  /** Whether it was there from the start, rather than started by a client. */
  fixed: boolean;
  startedAt: number;
  runsAt: number;
  endsAt: number;
  stoppedAt?: number;
}

/** A query under way that a client started. */
export interface RunningQuery extends QueryParent {
  queryId: string;
  status: 'QUEUED' | 'RUNNING';
}

/** All queries of the simulator; `now` is always milliseconds on the monotonic clock. */
export interface Queries {
  /** `undefined` when there is none, or its results are no longer kept. */
  find(where: QueryParent, queryId: string, now: number): Query | undefined;
  /**
   * The query that `input` names, since equal inputs have equal ids: the one under way if there is one, else a new run.
   * `undefined` when the account and region already have as many queries under way as its world allows.
   */
  start(input: QueryInput, now: number): Query | undefined;
  status(query: Query, now: number): QueryStatus;
  /** Cancels it, unless it has ended: then nothing changes. */
  stop(query: Query, now: number): void;
  /** Those under way, of all accounts and regions, that clients started. */
  running(now: number): RunningQuery[];
}

export interface QueriesOptions {
  seed: string;
  fixed: readonly FixedQueries[];
  started: readonly StartedQueries[];
  /** Whose queries are those fixed ones that name no account. */
  defaultAccount: string;
  /** Read at each use, since worlds may change. */
  worlds(): Worlds;
  /** The moment fixed queries started, on the monotonic clock and, in milliseconds, since the Unix epoch. */
  startedAt: { monotonic: number; wall: number };
}

const HOUR = 3_600_000;
const SWEEP_EVERY = 60_000;

export function createQueries(options: QueriesOptions): Queries {
  const { seed, worlds } = options;
  const byKey = new Map<string, Query>();
  const lives = options.started.map(({ match, ...life }) => ({
    life,
    fits: matcherOf<keyof StartedQueryMatch>(match),
  }));
  let sweptAt = options.startedAt.monotonic;

  const status = (query: Query, now: number): QueryStatus => {
    const { stoppedAt, life } = query;
    const canceledAt = stoppedAt === undefined ? Infinity : stoppedAt + worlds().stopDelay;
    if (now >= canceledAt && canceledAt < query.endsAt) {
      return 'CANCELED';
    }
    if (now >= query.endsAt) {
      return life.outcome === undefined || life.outcome === 'none' ? 'SUCCEEDED' : life.outcome;
    }
    return now < query.runsAt ? 'QUEUED' : 'RUNNING';
  };
  const underWay = (query: Query, now: number) => {
    const current = status(query, now);
    return current === 'QUEUED' || current === 'RUNNING' ? current : undefined;
  };

  const add = (input: QueryInput, queryId: string, life: QueryLife, fixed: boolean, now: number): Query => {
    const random = createRandom(`${seed}/life/${queryId}`);
    const total = random.integer(2000, 12_000);
    const queuedFor = life.queuedFor ?? Math.floor(total * 0.3 * random.next());
    const runningFor = life.runningFor ?? Math.max(0, total - queuedFor);
    const runsAt = now + queuedFor;
    const query: Query = {
      ...input,
      queryId,
      life,
      fixed,
      startedAt: now,
      runsAt,
      endsAt: life.outcome === 'none' ? Infinity : runsAt + runningFor,
    };
    byKey.set(keyOf(query, queryId), query);
    return query;
  };

  const full = ({ account, region }: QueryParent, now: number) => {
    const most = worlds().maxRunningQueries;
    if (most === undefined) {
      return false;
    }
    let count = 0;
    for (const query of byKey.values()) {
      if (query.account === account && query.region === region && underWay(query, now)) {
        count += 1;
      }
    }
    return count >= most;
  };

  const isForgotten = (query: Query, now: number) =>
    !query.fixed && Math.min(query.endsAt, query.stoppedAt ?? Infinity) + worlds().retention <= now;
  const sweep = (now: number) => {
    if (now - sweptAt >= SWEEP_EVERY) {
      sweptAt = now;
      for (const [key, query] of byKey) {
        if (isForgotten(query, now)) {
          byKey.delete(key);
        }
      }
    }
  };

  for (const { account = options.defaultAccount, queryId, count = 1, ...fixed } of options.fixed) {
    const endTime = Math.floor(options.startedAt.wall / HOUR) * HOUR;
    const { region, type, metricName, destinationCategory, limit, ...rest } = fixed;
    const parent = 'scopeId' in fixed ? fixed.scopeId : fixed.monitorName;
    const input = {
      account,
      region,
      type,
      parent,
      metricName,
      destinationCategory,
      limit,
      startTime: endTime - HOUR,
      endTime,
    };
    for (let n = 1; n <= count; n++) {
      add(input, queryId.replaceAll('{n}', String(n)), rest, true, options.startedAt.monotonic);
    }
  }

  return {
    status,
    find(where, queryId, now) {
      const query = byKey.get(keyOf(where, queryId));
      return query && !isForgotten(query, now) ? query : undefined;
    },
    start(input, now) {
      sweep(now);
      const queryId = nameUuid(
        [
          input.account,
          input.region,
          input.type,
          input.parent,
          input.metricName,
          input.destinationCategory,
          input.startTime,
          input.endTime,
          input.limit,
        ].join('\n'),
      );
      const existing = byKey.get(keyOf(input, queryId));
      if (existing && underWay(existing, now)) {
        return existing;
      }
      if (full(input, now)) {
        return undefined;
      }
      const facts = { ...input, monitorName: monitorOf(input), scopeId: scopeOf(input) };
      const life = lives.find(({ fits }) => fits(facts))?.life ?? {};
      return add(input, queryId, life, false, now);
    },
    stop(query, now) {
      if (underWay(query, now)) {
        query.stoppedAt ??= now;
      }
    },
    running(now) {
      return [...byKey.values()].flatMap((query) => {
        const { account, region, type, parent, queryId } = query;
        const current = query.fixed ? undefined : underWay(query, now);
        return current ? [{ account, region, type, parent, queryId, status: current }] : [];
      });
    },
  };
}

function monitorOf({ type, parent }: QueryParent): string | undefined {
  return type === 'monitor-top-contributors' ? parent : undefined;
}

function scopeOf({ type, parent }: QueryParent): string | undefined {
  return type === 'monitor-top-contributors' ? undefined : parent;
}

/** No two places share a key: the parent, which may be any text, goes with its length. */
function keyOf({ account, region, type, parent }: QueryParent, queryId: string): string {
  return `${account}/${region}/${type}/${parent.length}/${parent}/${queryId}`;
}
