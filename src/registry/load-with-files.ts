import { dirname } from 'node:path';
import type { ReadOptions } from '../config/read.ts';
import { quote } from '../config/reading/nodes.ts';
import { ConfigError, createProblem, type Problem, problemsOf } from '../config/reading/problem.ts';
import { type LoadedConfig, type LoadedEntries, loadConfigFile } from '../queries/load.ts';
import { followersOfSources, mergeQueries, namedCandidates, type SourceQueries } from '../queries/sources.ts';
import { readDiscoveryFile } from './discovery-file.ts';

/** A config file and its discovery files, as they are now, all good. */
export interface LoadedWithFiles extends Pick<LoadedConfig, 'config' | 'warnings'>, SourceQueries {
  /** The discovery files, in the order of their paths. */
  readonly files: readonly string[];
}

/**
 * Loads a config file, and the discovery files that it names.
 *
 * @throws {ConfigError} with all that is wrong with the config file, or else with the others
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
  const leftOut = losers.map(({ loser, winner }) => {
    const got = `a query ${quote(loser.query.name)}`;
    return createProblem(loser.from, undefined, got, `a name that ${winner.from} does not have: it is left out`);
  });
  const warnings = [...loaded.warningsWith(all), ...[...files.values()].flatMap((file) => file.warnings), ...leftOut];
  return { config, files: [...files.keys()], ...all, warnings };
}

/** The files that match, by path. */
async function loadFiles(
  { config, context }: LoadedConfig,
  folder: string,
): Promise<ReadonlyMap<string, LoadedEntries>> {
  const patterns = config.discovery.files;
  const loaded = new Map<string, LoadedEntries>();
  const problems: Problem[] = [];
  if (patterns.length > 0) {
    const { findFiles } = await import('./matching-files.ts');
    for (const path of await findFiles(patterns, folder)) {
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
