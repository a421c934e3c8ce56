import { dirname } from 'node:path';
import type { ReadOptions } from '../config/read.ts';
import { quote } from '../config/reading/nodes.ts';
import { ConfigError, createProblem, type Problem, problemsOf } from '../config/reading/problem.ts';
import { type LoadedConfig, type LoadedEntries, loadConfigFile } from '../queries/load.ts';
import { followersOfSources, mergeQueries, namedCandidates, type SourceQueries } from '../queries/sources.ts';
import { readDiscoveryFile } from './discovery-file.ts';

/** A valid configuration file and its discovery files. */
export interface LoadedWithFiles extends Pick<LoadedConfig, 'config' | 'warnings'>, SourceQueries {
  /** The discovery files, in the order of their paths. */
  readonly files: readonly string[];
}

/**
 * Loads a configuration file and its discovery files.
 *
 * @throws {ConfigError} with all errors of the configuration file; if there are none, of the discovery files
 */
export async function loadWithFiles(options: ReadOptions): Promise<LoadedWithFiles> {
  const loaded = await loadConfigFile(options);
  const { config } = loaded;
  const files = await loadFiles(loaded, dirname(options.file));
  const sources = { config: loaded, files, http: new Map() };
  const { winners, losers } = mergeQueries(namedCandidates(sources), [], () => false);
  const all = {
    queries: Array.from(winners.values(), ({ query }) => query),
    followers: followersOfSources(sources),
  };
  const excluded = losers.map(({ loser, winner }) => {
    const got = `a query ${quote(loser.query.name)}`;
    return createProblem(loser.from, undefined, got, `a name that is not in ${winner.from}: the query is excluded`);
  });
  const warnings = [...loaded.warningsWith(all), ...[...files.values()].flatMap((file) => file.warnings), ...excluded];
  return { config, files: [...files.keys()], ...all, warnings };
}

/** Loads the matching files, by path. */
async function loadFiles(
  { config, context }: LoadedConfig,
  directory: string,
): Promise<ReadonlyMap<string, LoadedEntries>> {
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
