import { dirname } from 'node:path';
import { quote } from '../config/reading/nodes.ts';
import { ConfigError, createProblem, type Problem, problemsOf } from '../config/reading/problem.ts';
import { type CloudwatchTarget, cloudwatchTargets } from '../queries/cloudwatch-targets.ts';
import { type LoadedConfig, type LoadedEntries, type LoadOptions, loadConfigFile } from '../queries/load.ts';
import { followersOfSources, mergeQueries, namedCandidates, ownOf, type SourceQueries } from '../queries/sources.ts';
import { readDiscoveryFile } from './discovery-file.ts';

/** A valid configuration file and its discovery files, with the queries and targets of one shard. */
export interface LoadedWithFiles extends Pick<LoadedConfig, 'config' | 'warnings'>, SourceQueries {
  readonly metricTargets: readonly CloudwatchTarget[];
  /** Number of targets of the shard, and of all shards. */
  readonly targetCounts: { readonly own: number; readonly all: number };
  /** The discovery files, in the order of their paths. */
  readonly files: readonly string[];
}

/**
 * Loads a configuration file and its discovery files.
 *
 * @throws {ConfigError} with all errors of the configuration file; if there are none, of the discovery files
 */
export async function loadWithFiles(options: LoadOptions): Promise<LoadedWithFiles> {
  const loaded = await loadConfigFile(options);
  const { config } = loaded;
  const { isOwn = () => true } = options;
  const files = await loadFiles(loaded, dirname(options.file));
  const sources = { config: loaded, files, http: new Map() };
  const { winners, losers } = mergeQueries(namedCandidates(sources), [], () => false);
  const all = { queries: Array.from(winners.values(), ({ query }) => query), followers: followersOfSources(sources) };
  const metricTargets = cloudwatchTargets(config);
  // Names are unique over all shards, so queries of other shards compete for them, too.
  const ownLosers = losers.filter(({ loser }) => isOwn(loser.query));
  const excluded = ownLosers.map(({ loser, winner }) => {
    const got = `a query ${quote(loser.query.name)}`;
    return createProblem(loser.from, undefined, got, `a name that is not in ${winner.from}: the query is excluded`);
  });
  const warnings = [...loaded.warningsWith(all), ...[...files.values()].flatMap((file) => file.warnings), ...excluded];
  const own = { ...ownOf(all, isOwn), metricTargets: metricTargets.filter(isOwn) };
  const targetCounts = { own: countTargets(own), all: countTargets({ ...all, metricTargets }) };
  return { config, files: [...files.keys()], ...own, targetCounts, warnings };
}

function countTargets(of: Pick<LoadedWithFiles, 'queries' | 'followers' | 'metricTargets'>): number {
  const targets = [...of.queries, ...of.followers.map(({ target }) => target), ...of.metricTargets];
  return new Set(targets.map(({ account, region }) => `${account} ${region}`)).size;
}

async function loadFiles({ config, context }: LoadedConfig, directory: string): Promise<Map<string, LoadedEntries>> {
  const patterns = config.discovery.files;
  const loaded = new Map<string, LoadedEntries>();
  const problems: Problem[] = [];
  if (patterns.length > 0) {
    const { findFiles } = await import('./matching-files.ts');
    for (const path of await findFiles(patterns, directory)) {
      try {
        const entries = await (await readDiscoveryFile(path))?.load(context);
        if (entries !== undefined) {
          loaded.set(path, entries);
        }
      } catch (error) {
        for (const problem of problemsOf(error)) {
          problems.push(problem);
        }
      }
    }
  }
  if (problems.length > 0) {
    throw new ConfigError(problems);
  }
  return loaded;
}
