import { isDeepStrictEqual } from 'node:util';
import type { LoadedConfig } from '../../queries/load.ts';
import type { Candidate, QuerySource, RegisteredQuery } from '../../queries/query.ts';
import {
  diffQueries,
  followersOfSources,
  mergeQueries,
  namedCandidates,
  type SourceQueries,
  type Sources,
} from '../../queries/sources.ts';
import type { Logger } from '../../runtime/log.ts';
import type { Target } from '../../scheduler/target.ts';
import { isMoved } from '../targets/accounts.ts';
import type { TargetsInUse } from '../targets/targets-in-use.ts';
import type { ConfigInForce } from './config-in-force.ts';
import type { Discovery } from './discovery.ts';
import { LeftOutLog } from './left-out-log.ts';
import { NO_CHANGES, type QueryChanges } from './query-changes.ts';
import type { QueryRegistry } from './query-registry.ts';

export interface QuerySourcesOptions {
  readonly inForce: ConfigInForce;
  readonly registry: QueryRegistry;
  readonly targetsInUse: TargetsInUse;
  readonly discovery: Discovery;
  readonly log: Logger;
  /** Told which targets have come and gone; others, and accounts, may have other settings. */
  readonly onTargets: (targets: { readonly come: readonly Target[]; readonly gone: readonly Target[] }) => void;
  /** From its abort on no query comes or leaves any more. */
  readonly shutdown: AbortSignal;
}

/**
 * Where queries come from: the config file, discovery files, HTTP, and what followers find. Each change of a source is
 * applied at once: of all that is registered, only what has changed is touched.
 */
export class QuerySources {
  readonly #options: QuerySourcesOptions;
  readonly #leftOut: LeftOutLog;
  #files: ReadonlyMap<string, SourceQueries> = new Map();
  #http: ReadonlyMap<string, RegisteredQuery> = new Map();
  /** What has each name: as its source gave it last, and the object that was registered. */
  readonly #candidates = new Map<string, Candidate>();
  readonly #registered = new Map<string, RegisteredQuery>();
  /** What followers found in each target when it was applied last. */
  #found: ReadonlyMap<Target, readonly Candidate[]> = new Map();
  readonly #used = new WeakSet<RegisteredQuery>();
  #begun = false;

  /** Registers the queries of the configuration. Nothing is asked for them before {@link begin}. */
  constructor(options: QuerySourcesOptions) {
    this.#options = options;
    this.#leftOut = new LeftOutLog(options.log);
    options.discovery.onListed((target) => this.#listed(target));
    this.#apply();
  }

  /** Polls and runs what is registered, and from now on whatever comes. */
  begin(): void {
    this.#begun = true;
    this.#options.registry.begin([...this.#registered.values()]);
  }

  /** Puts another configuration in force; `files` are all discovery files as they are read with it. */
  setConfig(loaded: LoadedConfig, files: ReadonlyMap<string, SourceQueries>): QueryChanges {
    const { inForce } = this.#options;
    const before = inForce.config;
    inForce.loaded = loaded;
    this.#files = files;
    return this.#apply((account) => isMoved(account, before, loaded.config));
  }

  /** Discovery files have these queries now, by path. */
  setFiles(files: ReadonlyMap<string, SourceQueries>): QueryChanges {
    this.#files = files;
    return this.#apply();
  }

  /** These are registered over HTTP now, by name. */
  setHttp(queries: ReadonlyMap<string, RegisteredQuery>): QueryChanges {
    this.#http = queries;
    return this.#apply();
  }

  /** Which source has a name now; undefined where it is free. */
  holderOf(name: string): QuerySource | undefined {
    return this.#registered.get(name)?.source;
  }

  /** What followers find in a target may have changed. */
  #listed(target: Target): void {
    const { discovery, log } = this.#options;
    if (isDeepStrictEqual(discovery.candidatesIn(target), this.#found.get(target) ?? [])) {
      return;
    }
    const { added, removed } = this.#apply();
    if (added.length + removed.length > 0) {
      const { account, region } = target;
      log.info('queries follow what was found', {
        account,
        aws_region: region,
        come: added.length,
        gone: removed.length,
      });
    }
  }

  /** Makes the registered queries, and the targets in use, those that the sources have now. */
  #apply(isMovedAccount: (account: string) => boolean = () => false): QueryChanges {
    const { inForce, targetsInUse, discovery, onTargets, shutdown } = this.#options;
    if (shutdown.aborted) {
      return NO_CHANGES;
    }
    const { config } = inForce;
    const accounts = new Set(config.accounts.map(({ name }) => name));
    const sources: Sources = { config: inForce.loaded, files: this.#files, http: this.#http };
    const followers = followersOfSources(sources).filter(({ place }) => accounts.has(place.account));
    discovery.follow(followers);
    this.#found = discovery.candidates(isMovedAccount);
    const named = [...namedCandidates(sources)].filter(({ query }) => accounts.has(query.account));
    const merged = mergeQueries(named, [...this.#found.values()].flat(), (candidate) => this.#isRegistered(candidate));

    const wanted = new Map(Array.from(merged.winners, ([name, { query }]) => [name, query]));
    const diff = diffQueries(this.#given(), wanted, isMovedAccount);
    this.#remove([...diff.removed, ...diff.replaced.map(({ before }) => before)]);
    const places = followers.map(({ entry, place }) => ({ ...place, kind: entry.kind, type: entry.type }));
    const targets = targetsInUse.update(config, [...wanted.values(), ...places], isMovedAccount);
    this.#change(diff.changed.map(({ after }) => after));
    this.#add([...diff.replaced.map(({ after }) => after), ...diff.added]);
    for (const [name, candidate] of merged.winners) {
      this.#candidates.set(name, candidate);
    }
    onTargets(targets);
    this.#leftOut.tell(merged.losers);
    return {
      added: diff.added.map(({ name }) => name),
      changed: [...diff.changed, ...diff.replaced].map(({ after }) => after.name),
      removed: diff.removed.map(({ name }) => name),
    };
  }

  /** The registered queries as their sources gave them. */
  #given(): ReadonlyMap<string, RegisteredQuery> {
    return new Map(Array.from(this.#candidates, ([name, { query }]) => [name, query]));
  }

  /** Whether it is this candidate that has its name. */
  #isRegistered({ query, from }: Candidate): boolean {
    const candidate = this.#candidates.get(query.name);
    return (
      candidate?.from === from && candidate.query.account === query.account && candidate.query.region === query.region
    );
  }

  #remove(queries: readonly RegisteredQuery[]): void {
    for (const { name } of queries) {
      const registered = this.#registered.get(name);
      if (registered !== undefined) {
        this.#options.registry.remove(registered);
      }
      this.#registered.delete(name);
      this.#candidates.delete(name);
    }
  }

  #change(queries: readonly RegisteredQuery[]): void {
    for (const query of queries.map((each) => this.#neverUsed(each))) {
      this.#options.registry.change(query);
      this.#registered.set(query.name, query);
    }
  }

  #add(given: readonly RegisteredQuery[]): void {
    const { registry } = this.#options;
    const queries = given.map((each) => this.#neverUsed(each));
    registry.add(queries);
    for (const query of queries) {
      this.#registered.set(query.name, query);
    }
    if (this.#begun) {
      registry.begin(queries);
    }
  }

  /** A query as an object that was never registered, so that what is late for one that has left is not taken for its own. */
  #neverUsed(query: RegisteredQuery): RegisteredQuery {
    const unused = this.#used.has(query) ? Object.freeze({ ...query }) : query;
    this.#used.add(unused);
    return unused;
  }
}
