import { movedAccounts } from '../accounts/accounts.ts';
import type { TargetChanges, TargetsInUse, Use } from '../accounts/targets-in-use.ts';
import { UseCounts } from '../accounts/use-counts.ts';
import type { Logger } from '../lib/log.ts';
import type { Candidate, RegisteredQuery } from '../model/query.ts';
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
import { LeftOutLog } from './left-out-log.ts';
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
  readonly #indexes = new SourceIndexes();
  #files: ReadonlyMap<string, SourceQueries> = new Map();
  readonly #http = new Map<string, RegisteredQuery>();
  /** What has each name, as its source gave it last. */
  readonly #candidates = new Map<string, Candidate>();
  readonly #uses = new UseCounts();
  /** What of {@link #uses} is for followers. */
  #followerUses: readonly Use[] = [];
  /** What followers found when it was applied last. */
  #found: ReadonlyMap<Target, readonly Candidate[]> = new Map();
  #begun = false;

  /** Registers the queries of the configuration. Nothing is asked for them before {@link begin}. */
  constructor(options: QuerySourcesOptions) {
    this.#options = options;
    this.#leftOut = new LeftOutLog(options.log);
    options.discovery.listed.on((target) => this.#listed(target));
    this.#apply(undefined);
  }

  /** Polls and runs what is registered, and from now on whatever comes. */
  begin(): void {
    this.#begun = true;
    const { registry } = this.#options;
    registry.begin(registry.all());
  }

  /**
   * Does, without holding up the event loop, what takes long when {@link setConfig} or {@link setFiles} is called with the
   * same next. Nothing takes effect yet.
   */
  async prepare(config: SourceQueries, files: ReadonlyMap<string, SourceQueries>): Promise<void> {
    await this.#indexes.prepare(this.#options.inForce.loaded, config);
    for (const [path, made] of files) {
      await this.#indexes.prepare(this.#files.get(path), made);
    }
  }

  /** Puts another configuration in force; `files` are all discovery files as they are read with it. */
  setConfig(loaded: LoadedConfig, files: ReadonlyMap<string, SourceQueries>): QueryChanges {
    const { inForce } = this.#options;
    const isSame = loaded === inForce.loaded && files.size === this.#files.size;
    if (isSame && [...files].every(([path, made]) => this.#files.get(path) === made)) {
      return NO_CHANGES;
    }
    const names = this.#changedNames(loaded, files);
    const moved = movedAccounts(inForce.loaded.config, loaded.config);
    inForce.loaded = loaded;
    this.#files = files;
    return this.#apply(moved.size === 0 ? names : undefined, moved);
  }

  /** Discovery files have these queries now, by path. */
  setFiles(files: ReadonlyMap<string, SourceQueries>): QueryChanges {
    const names = this.#changedNames(this.#options.inForce.loaded, files);
    this.#files = files;
    return this.#apply(names);
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
    return this.#applyNames(new Set(changes.keys()));
  }

  /** Which source has a name now; undefined where it is free. */
  holderOf(name: string): QuerySource | undefined {
    return this.#options.registry.get(name)?.query.source;
  }

  /** What followers find in a target may have changed. */
  #listed(target: Target): void {
    const { discovery, log, shutdown } = this.#options;
    if (shutdown.aborted) {
      return;
    }
    const found = new Map(this.#found).set(target, discovery.candidatesIn(target));
    const { added, removed } = this.#applyNames(this.#setFound(found, [target]));
    if (added.length + removed.length > 0) {
      const { account, region } = target;
      log.info('queries updated from discovery', {
        account,
        aws_region: region,
        added: added.length,
        removed: removed.length,
      });
    }
  }

  /** The names that the config file and discovery files have other queries for than now. */
  #changedNames(config: SourceQueries, files: ReadonlyMap<string, SourceQueries>): ReadonlySet<string> {
    const paths = new Set([...this.#files.keys(), ...files.keys()]);
    const ofFiles = [...paths].flatMap((path) => [
      ...this.#indexes.changedNames(this.#files.get(path), files.get(path)),
    ]);
    return new Set([...this.#indexes.changedNames(this.#options.inForce.loaded, config), ...ofFiles]);
  }

  /**
   * Makes the registered queries, and the targets in use, those that the sources have now.
   *
   * @param changed names that the config file and discovery files have other queries for than before; undefined: any
   */
  #apply(changed: ReadonlySet<string> | undefined, moved: ReadonlySet<string> = new Set()): QueryChanges {
    const { discovery, shutdown } = this.#options;
    if (shutdown.aborted) {
      return NO_CHANGES;
    }
    const accounts = this.#accountNames();
    const followers = followersOfSources(this.#sources()).filter(({ place }) => accounts.has(place.account));
    discovery.follow(followers);
    const found = discovery.candidates((account) => moved.has(account));
    const changedFound = this.#setFound(found, new Set([...this.#found.keys(), ...found.keys()]));
    const uses = followers.map(({ entry, place }) => ({ ...place, kind: entry.kind, type: entry.type }));
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

  /** Returns the names of the queries found in `targets` that differ from those found before. */
  #setFound(found: ReadonlyMap<Target, readonly Candidate[]>, targets: Iterable<Target>): ReadonlySet<string> {
    const names = Array.from(targets, (target) =>
      changedCandidates(this.#found.get(target) ?? [], found.get(target) ?? []),
    );
    this.#found = found;
    return new Set(names.flatMap((each) => [...each]));
  }

  /**
   * Makes what is registered under some names what the sources have now. It takes a time that hardly depends on the number
   * of other queries.
   *
   * @param names undefined: all
   * @param moved the accounts that have moved, if the configuration may be another than before
   */
  #applyNames(names: ReadonlySet<string> | undefined, moved?: ReadonlySet<string>): QueryChanges {
    const { inForce, targetsInUse, shutdown } = this.#options;
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
      (candidate) => this.#isRegistered(candidate),
    );
    const wanted = new Map(Array.from(merged.winners, ([name, { query }]) => [name, query]));
    const given = this.#given(names);
    const isMovedAccount = (account: string) => moved?.has(account) ?? false;
    const diff = diffQueries(given, wanted, isMovedAccount);
    const areUsesChanged = this.#count(given, wanted);
    const changes = this.#enact(diff, merged.winners, () =>
      areUsesChanged || moved !== undefined ? targetsInUse.update(config, this.#uses.all(), isMovedAccount) : undefined,
    );
    this.#leftOut.tell(names, merged.losers);
    return changes;
  }

  /** Counts what is used instead of what was. Returns whether other targets are in use than before. */
  #count(before: ReadonlyMap<string, RegisteredQuery>, after: ReadonlyMap<string, RegisteredQuery>): boolean {
    let areChanged = false;
    for (const [name, query] of after) {
      areChanged = this.#uses.replace(before.get(name), query) || areChanged;
    }
    for (const [name, query] of before) {
      areChanged = (!after.has(name) && this.#uses.replace(query, undefined)) || areChanged;
    }
    return areChanged;
  }

  #sources(): Sources {
    return { config: this.#options.inForce.loaded, files: this.#files, http: this.#http };
  }

  #accountNames(): ReadonlySet<string> {
    return new Set(this.#options.inForce.loaded.config.accounts.map(({ name }) => name));
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

  /** The registered queries as their sources gave them: those of some names, or all. */
  #given(names: ReadonlySet<string> | undefined): ReadonlyMap<string, RegisteredQuery> {
    const given = new Map<string, RegisteredQuery>();
    for (const name of names ?? this.#candidates.keys()) {
      const candidate = this.#candidates.get(name);
      if (candidate !== undefined) {
        given.set(name, candidate.query);
      }
    }
    return given;
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
      this.#options.registry.remove(name);
      this.#candidates.delete(name);
    }
  }

  #change(queries: readonly RegisteredQuery[]): void {
    for (const query of queries) {
      this.#options.registry.change(query);
    }
  }

  #add(queries: readonly RegisteredQuery[]): void {
    const { registry } = this.#options;
    const registrations = registry.add(queries);
    if (this.#begun) {
      registry.begin(registrations);
    }
  }
}
