import { isDeepStrictEqual } from 'node:util';
import { isMoved } from '../accounts/accounts.ts';
import type { TargetChanges, TargetsInUse } from '../accounts/targets-in-use.ts';
import { UseCounts } from '../accounts/use-counts.ts';
import type { Logger } from '../lib/log.ts';
import type { Candidate, RegisteredQuery } from '../model/query.ts';
import type { QuerySource } from '../model/vocabulary.ts';
import type { LoadedConfig } from '../queries/load.ts';
import {
  diffQueries,
  followersOfSources,
  HTTP_SOURCE,
  mergeQueries,
  namedCandidates,
  type QueryDiff,
  type SourceQueries,
  type Sources,
} from '../queries/sources.ts';
import type { Target } from '../scheduler/target.ts';
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
  readonly onTargets: (targets: TargetChanges) => void;
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
  readonly #http = new Map<string, RegisteredQuery>();
  /** What has each name: as its source gave it last, and the object that was registered. */
  readonly #candidates = new Map<string, Candidate>();
  readonly #registered = new Map<string, RegisteredQuery>();
  /** Names that more than one source gives a query. */
  #contested: ReadonlySet<string> = new Set();
  #uses = new UseCounts([]);
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
    const isSame = loaded === inForce.loaded && files.size === this.#files.size;
    if (isSame && [...files].every(([path, made]) => this.#files.get(path) === made)) {
      return NO_CHANGES;
    }
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

  /** These are the queries that are registered over HTTP under some names now; undefined: none is. */
  setHttp(changes: ReadonlyMap<string, RegisteredQuery | undefined>): QueryChanges {
    for (const [name, query] of changes) {
      if (query === undefined) {
        this.#http.delete(name);
      } else {
        this.#http.set(name, query);
      }
    }
    const [name] = changes.keys();
    if (name === undefined) {
      return NO_CHANGES;
    }
    return changes.size === 1 && this.#isOfHttpAlone(name) ? this.#applyOne(name) : this.#apply();
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
    const { inForce, targetsInUse, discovery, shutdown } = this.#options;
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
    const places = followers.map(({ entry, place }) => ({ ...place, kind: entry.kind, type: entry.type }));
    this.#uses = new UseCounts([...wanted.values(), ...places]);
    this.#contested = new Set(merged.losers.map(({ loser }) => loser.query.name));
    const changes = this.#enact(diff, merged.winners, () =>
      targetsInUse.update(config, this.#uses.all(), isMovedAccount),
    );
    this.#leftOut.tell(merged.losers);
    return changes;
  }

  /** Whether no source but HTTP has, or would have, a query of this name. */
  #isOfHttpAlone(name: string): boolean {
    const holder = this.holderOf(name);
    return (holder === undefined || holder === 'http') && !this.#contested.has(name);
  }

  /** Applies a change of what HTTP alone has under a name, in a time that does not depend on the number of queries. */
  #applyOne(name: string): QueryChanges {
    const { inForce, targetsInUse, shutdown } = this.#options;
    if (shutdown.aborted) {
      return NO_CHANGES;
    }
    const { config } = inForce;
    const before = this.#candidates.get(name)?.query;
    const given = this.#http.get(name);
    const after = config.accounts.some((account) => account.name === given?.account) ? given : undefined;
    const byName = (query: RegisteredQuery | undefined) => new Map(query === undefined ? [] : [[name, query]]);
    const diff = diffQueries(byName(before), byName(after), () => false);
    const areUsesChanged = this.#uses.replace(before, after);
    const candidates = after === undefined ? [] : [[name, { query: after, from: HTTP_SOURCE }] as const];
    return this.#enact(diff, new Map(candidates), () =>
      areUsesChanged ? targetsInUse.update(config, this.#uses.all(), () => false) : undefined,
    );
  }

  /**
   * Touches the queries that have changed.
   *
   * @param candidates what has the names of those that are registered then
   * @param updateTargets called once nothing uses targets that are gone, and before anything uses those that have come;
   *   undefined if these are the same as before
   */
  #enact(
    diff: QueryDiff,
    candidates: ReadonlyMap<string, Candidate>,
    updateTargets: () => TargetChanges | undefined,
  ): QueryChanges {
    this.#remove([...diff.removed, ...diff.replaced.map(({ before }) => before)]);
    const targets = updateTargets();
    this.#change(diff.changed.map(({ after }) => after));
    this.#add([...diff.replaced.map(({ after }) => after), ...diff.added]);
    for (const [name, candidate] of candidates) {
      this.#candidates.set(name, candidate);
    }
    if (targets !== undefined) {
      this.#options.onTargets(targets);
    }
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
