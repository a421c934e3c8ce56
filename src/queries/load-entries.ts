import { readEntriesFile } from '../config/entries/entries-file.ts';
import { readEntryBody } from '../config/entries/entry-body.ts';
import type { ConfigContext } from '../config/entries/outside-entries.ts';
import { ConfigError, type Problem, sortByLine } from '../config/reading/problem.ts';
import type { RegisteredQuery } from '../model/query.ts';
import { describeClash, describeTwin } from './clashes.ts';
import { followersOf } from './following.ts';
import { planQueries } from './plan.ts';
import type { SourceQueries } from './sources.ts';

/** What entries that stand elsewhere than in the config file make. */
export interface LoadedEntries extends SourceQueries {
  /** What is allowed but probably not meant. */
  readonly warnings: readonly Problem[];
}

/**
 * Reads, checks and plans the text of a file that holds a list of queries' entries.
 *
 * @throws {ConfigError} with all that is wrong with it
 */
export async function loadEntriesFile(text: string, file: string, context: ConfigContext): Promise<LoadedEntries> {
  const read = await readEntriesFile(text, file, context);
  const { queries, clashes, twins } = await planQueries(read);
  const problems = [...read.problems, ...clashes.map((clash) => describeClash(clash, read))];
  if (problems.length > 0) {
    throw new ConfigError(sortByLine(problems));
  }
  const warnings = [...read.warnings, ...twins.map((twin) => describeTwin(twin, read))];
  return { queries, followers: followersOf(read), warnings: sortByLine(warnings) };
}

/** The one query that a registration over HTTP makes. */
export interface LoadedEntry {
  readonly query: RegisteredQuery;
  readonly warnings: readonly Problem[];
}

/**
 * Reads, checks and plans the body of a registration over HTTP.
 *
 * @param body parsed JSON
 * @param name of the query
 * @throws {ConfigError} with all that is wrong with the body; its problems have paths such as `labels.team`, and no lines
 */
export async function loadEntryBody(body: unknown, name: string, context: ConfigContext): Promise<LoadedEntry> {
  const read = await readEntryBody(body, name, context);
  if (read.problems.length > 0) {
    throw new ConfigError(read.problems);
  }
  const { queries } = await planQueries(read);
  const [query] = queries;
  if (query === undefined || queries.length > 1) {
    throw new Error(`a good body makes ${queries.length} queries, not one: a mistake of ours`);
  }
  return { query, warnings: read.warnings };
}
