import { movedAccounts } from '../accounts/accounts.ts';
import { type TargetChanges, type TargetsInUse, type Use, UseCounts } from '../accounts/targets-in-use.ts';
import type { Logger } from '../lib/log.ts';
import type { Candidate, RegisteredQuery } from '../model/query.ts';
import type { IsOwnTarget } from '../model/shard.ts';
import type { QuerySource } from '../model/vocabulary.ts';
import type { LoadedConfig } from '../queries/load.ts';
import { SourceIndexes } from '../queries/source-indexes.ts';
import {
  changedCandidates,
  diffQueries,
  followersOfSources,
  mergeQueries,
  namedCandidates,
  type QueryDiff,
  type SourceQueries,
  type Sources,
} from '../queries/sources.ts';
import type { Target } from '../scheduler/target.ts';
import type { Discovery } from './discovery.ts';
import { ExcludedLog } from './excluded-log.ts';
import { NO_CHANGES, type QueryChanges } from './query-changes.ts';
import type { QueryRegistry } from './query-registry.ts';

/** The configuration in effect: a reload replaces it. */
export interface ConfigInForce {
  loaded: LoadedConfig;
}

export interface QuerySourcesOptions {
  readonly inForce: ConfigInForce;
  readonly registry: QueryRegistry;
  readonly targetsInUse: TargetsInUse;
  readonly discovery: Discovery;
  readonly log: Logger;
  readonly isOwn: IsOwnTarget;
  /** Called after targets were added or removed, or settings of targets or accounts may have changed. */
  readonly onTargetsChanged: (targets: TargetChanges) => void;
  /** After its abort, no query is added or removed. */
  readonly shutdown: AbortSignal;
}

/**
 * The sources of queries: the configuration file, discovery files, HTTP, and followers. A change of a source is applied at
 * once, and affects only the queries that have changed.
 */
export class QuerySources {
  readonly #options: QuerySourcesOptions;
  readonly #excluded: ExcludedLog;
  readonly #indexes = new SourceIndexes();
  #files: ReadonlyMap<string, SourceQueries> = new Map();
  readonly #http = new Map<string, RegisteredQuery>();
  /** The registered query of each name, as defined by its source. */
  readonly #registered = new Map<string, Candidate>();
  readonly #uses = new UseCounts();
  /** The part of {@link #uses} for followers. */
  #followerUses: readonly Use[] = [];
  /** The last applied queries of followers. */
  #found: ReadonlyMap<Target, readonly Candidate[]> = new Map();
  #started = false;

  /** Registers the queries of the configuration. No calls are made for them before {@link begin}. */
  constructor(options: QuerySourcesOptions) {
    this.#options = options;
    this.#excluded = new ExcludedLog(options.log);
    options.discovery.listed.on((target) => this.#listed(target));
    this.#apply(undefined);
  }

  /** Starts polls and runs of the registered queries, and of all that are registered later. */
  begin(): void {
    this.#started = true;
    const { registry } = this.#options;
    registry.begin(registry.all());
  }

  /**
   * Performs the slow part of a following {@link setConfig} or {@link setFiles} with the same arguments, without blocking the
   * event loop. Nothing takes effect yet.
   */
  async prepare(config: SourceQueries, files: ReadonlyMap<string, SourceQueries>): Promise<void> {
    await this.#indexes.prepare(this.#options.inForce.loaded, config);
    for (const [path, source] of files) {
      await this.#indexes.prepare(this.#files.get(path), source);
    }
  }

  /** Puts a configuration in effect; `files` are all discovery files as read with it. */
  setConfig(loaded: LoadedConfig, files: ReadonlyMap<string, SourceQueries>): QueryChanges {
    const { inForce } = this.#options;
    const isSame = loaded === inForce.loaded && files.size === this.#files.size;
    if (isSame && [...files].every(([path, source]) => this.#files.get(path) === source)) {
      return NO_CHANGES;
    }
    const names = this.#changedNames(loaded, files);
    const moved = movedAccounts(inForce.loaded.config, loaded.config);
    inForce.loaded = loaded;
    this.#files = files;
    return this.#apply(moved.size === 0 ? names : undefined, moved);
  }

  setFiles(files: ReadonlyMap<string, SourceQueries>): QueryChanges {
    const names = this.#changedNames(this.#options.inForce.loaded, files);
    this.#files = files;
    return this.#apply(names);
  }

  /** Sets the queries that are registered over HTTP under some names; undefined: none. */
  setHttp(changes: ReadonlyMap<string, RegisteredQuery | undefined>): QueryChanges {
    for (const [name, query] of changes) {
      if (query === undefined) {
        this.#http.delete(name);
      } else {
        this.#http.set(name, query);
      }
    }
    return this.#applyNames(new Set(changes.keys()));
  }

  /** Returns the source of the query with a name; undefined if the name is free. */
  holderOf(name: string): QuerySource | undefined {
    return this.#options.registry.get(name)?.query.source;
  }

  /** Applies the queries of followers in a target after a listing. */
  #listed(target: Target): void {
    const { discovery, log, shutdown } = this.#options;
    if (shutdown.aborted) {
      return;
    }
    const found = new Map(this.#found).set(target, discovery.candidatesIn(target));
    const { added, removed } = this.#applyNames(this.#setFound(found, [target]));
    if (added.length + removed.length > 0) {
      const { account, region: aws_region } = target;
      const counts = { added: added.length, removed: removed.length };
      log.info('queries updated from discovery', { account, aws_region, ...counts });
    }
  }

  /** Returns the names whose queries in the configuration file and discovery files have changed. */
  #changedNames(config: SourceQueries, files: ReadonlyMap<string, SourceQueries>): ReadonlySet<string> {
    const paths = new Set([...this.#files.keys(), ...files.keys()]);
    const ofFiles = [...paths].flatMap((path) => [
      ...this.#indexes.changedNames(this.#files.get(path), files.get(path)),
    ]);
    return new Set([...this.#indexes.changedNames(this.#options.inForce.loaded, config), ...ofFiles]);
  }

  /**
   * Updates the registered queries and the targets in use from the sources.
   *
   * @param changed names whose queries in the configuration file and discovery files have changed; undefined: any
   */
  #apply(changed: ReadonlySet<string> | undefined, moved: ReadonlySet<string> = new Set()): QueryChanges {
    const { discovery, isOwn, shutdown } = this.#options;
    if (shutdown.aborted) {
      return NO_CHANGES;
    }
    const accounts = this.#accountNames();
    const followers = followersOfSources(this.#sources()).filter(
      ({ target }) => accounts.has(target.account) && isOwn(target),
    );
    discovery.follow(followers);
    const found = discovery.candidates((account) => moved.has(account));
    const changedFound = this.#setFound(found, new Set([...this.#found.keys(), ...found.keys()]));
    const uses = followers.map(({ entry, target }) => ({ ...target, kind: entry.kind, type: entry.type }));
    for (const use of uses) {
      this.#uses.replace(undefined, use);
    }
    for (const use of this.#followerUses) {
      this.#uses.replace(use, undefined);
    }
    this.#followerUses = uses;
    const names = changed && new Set([...changed, ...changedFound]);
    return this.#applyNames(names, moved);
  }

  /** Returns the names of the queries in `targets` that have changed. */
  #setFound(found: ReadonlyMap<Target, readonly Candidate[]>, targets: Iterable<Target>): ReadonlySet<string> {
    const names = Array.from(targets, (target) =>
      changedCandidates(this.#found.get(target) ?? [], found.get(target) ?? []),
    );
    this.#found = found;
    return new Set(names.flatMap((each) => [...each]));
  }

  /**
   * Updates the registered queries of some names from the sources. Its duration hardly depends on the number of other
   * queries.
   *
   * @param names undefined: all
   * @param moved the accounts that have moved; undefined if the configuration has not changed
   */
  #applyNames(names: ReadonlySet<string> | undefined, moved?: ReadonlySet<string>): QueryChanges {
    const { inForce, targetsInUse, isOwn, shutdown } = this.#options;
    if (shutdown.aborted) {
      return NO_CHANGES;
    }
    const { config } = inForce.loaded;
    const accounts = this.#accountNames();
    const sources = this.#sources();
    const named = names === undefined ? namedCandidates(sources) : this.#indexes.candidates(sources, names);
    const found = [...this.#found.values()].flat();
    const merged = mergeQueries(
      [...named].filter(({ query }) => accounts.has(query.account)),
      names === undefined ? found : found.filter(({ query }) => names.has(query.name)),
      (candidate) => isSamePlace(candidate, this.#registered.get(candidate.query.name)),
    );
    // Names are unique over all shards, so queries of other shards compete for them, too.
    const winners = new Map([...merged.winners].filter(([, { query }]) => isOwn(query)));
    const wanted = new Map(Array.from(winners, ([name, { query }]) => [name, query]));
    const registered = Array.from(names ?? this.#registered.keys(), (name) => this.#registered.get(name)?.query);
    const given = new Map(registered.flatMap((query) => (query === undefined ? [] : [[query.name, query] as const])));
    const isMovedAccount = (account: string) => moved?.has(account) ?? false;
    const diff = diffQueries(given, wanted, isMovedAccount);
    const areUsesChanged = this.#count(given, wanted);
    const changes = this.#applyDiff(diff, winners, () =>
      areUsesChanged || moved !== undefined ? targetsInUse.update(config, this.#uses.all(), isMovedAccount) : undefined,
    );
    this.#excluded.update(
      names,
      merged.losers.filter(({ loser }) => isOwn(loser.query)),
    );
    return changes;
  }

  /** Updates the counts of uses. Returns whether the set of uses has changed. */
  #count(before: ReadonlyMap<string, RegisteredQuery>, after: ReadonlyMap<string, RegisteredQuery>): boolean {
    const names = new Set([...after.keys(), ...before.keys()]);
    return Array.from(names, (name) => this.#uses.replace(before.get(name), after.get(name))).includes(true);
  }

  #sources(): Sources {
    return { config: this.#options.inForce.loaded, files: this.#files, http: this.#http };
  }

  #accountNames(): ReadonlySet<string> {
    return new Set(this.#options.inForce.loaded.config.accounts.map(({ name }) => name));
  }

  /**
   * Changes the registered queries.
   *
   * @param candidates the queries that are registered then, by name
   * @param updateTargets called after the last use of removed targets, and before the first use of added ones; returns
   *   undefined if the targets have not changed
   */
  #applyDiff(
    diff: QueryDiff,
    candidates: ReadonlyMap<string, Candidate>,
    updateTargets: () => TargetChanges | undefined,
  ): QueryChanges {
    const { registry } = this.#options;
    for (const { name } of [...diff.removed, ...diff.replaced.map(({ before }) => before)]) {
      registry.remove(name);
      this.#registered.delete(name);
    }
    const targets = updateTargets();
    for (const { after } of diff.changed) {
      registry.change(after);
    }
    const added = registry.add([...diff.replaced.map(({ after }) => after), ...diff.added]);
    if (this.#started) {
      registry.begin(added);
    }
    for (const [name, candidate] of candidates) {
      this.#registered.set(name, candidate);
    }
    if (targets !== undefined) {
      this.#options.onTargetsChanged(targets);
    }
    return {
      added: diff.added.map(({ name }) => name),
      changed: [...diff.changed, ...diff.replaced].map(({ after }) => after.name),
      removed: diff.removed.map(({ name }) => name),
    };
  }
}

/** Returns whether two candidates have the same source and target. */
function isSamePlace(a: Candidate, b: Candidate | undefined): boolean {
  return (
    b !== undefined && a.from === b.from && a.query.account === b.query.account && a.query.region === b.query.region
  );
}
