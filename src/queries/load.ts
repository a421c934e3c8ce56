import { createHash } from 'node:crypto';
import { describeUnusedAccounts } from '../config/accounts.ts';
import type { Config } from '../config/config.ts';
import { type ConfigContext, readEntriesFile, readEntryBody } from '../config/entries/outside.ts';
import { type ReadConfig, type ReadOptions, readConfig } from '../config/read.ts';
import { ConfigError, type Problem, readFileText, sortByLine } from '../config/reading/problem.ts';
import type { Environment, Findings } from '../config/reading/reading.ts';
import type { RegisteredQuery } from '../model/query.ts';
import { followersOf } from './following.ts';
import { type Entries, planQueries } from './plan.ts';
import { describeClash, describeShortages, describeTwin } from './problems.ts';
import type { SourceQueries } from './sources.ts';

export interface LoadedConfig extends SourceQueries {
  readonly config: Config;
  /** What is allowed but probably not meant, in the order of the file's lines. */
  readonly warnings: readonly Problem[];
  /** {@link digestOf} the text. */
  readonly digest: string;
  /** {@link warnings}, were there more queries, which stand elsewhere. */
  warningsWith(all: SourceQueries): readonly Problem[];
  /** What it takes to load entries that stand elsewhere. */
  readonly context: ConfigContext;
  /** Whether a text would be loaded as this: the text, the variables in it, and the region found elsewhere are the same. */
  isSame(text: string): Promise<boolean>;
}

/**
 * Reads, checks and plans the text of a config file.
 *
 * @throws {ConfigError} with all that is wrong with it
 */
export async function loadConfig(text: string, options: ReadOptions): Promise<LoadedConfig> {
  let found: { readonly region: string | undefined } | undefined;
  const fallbackRegion = async () => {
    found = { region: await options.fallbackRegion() };
    return found.region;
  };
  const read = await readConfig(text, { ...options, fallbackRegion });
  const { warnings: own, ...planned } = await plan(read, read.config);
  const digest = digestOf(text);
  const values = valuesIn(text, options.env);
  // Entries of discovery files may use accounts that no entry of this file uses.
  const unused = read.config.discovery.files.length > 0 ? [] : describeUnused(read, planned);
  return {
    config: read.config,
    ...planned,
    warnings: sortByLine([...own, ...describeShortages(read, planned), ...unused]),
    warningsWith: (all) => sortByLine([...own, ...describeShortages(read, all), ...describeUnused(read, all)]),
    digest,
    context: read.context,
    isSame: async (other) =>
      digestOf(other) === digest &&
      valuesIn(other, options.env) === values &&
      (found === undefined || found.region === (await options.fallbackRegion())),
  };
}

/** The values of the environment variables that a text may name; equal only for equal ones. */
function valuesIn(text: string, env: Environment): string {
  const names = new Set(Array.from(text.matchAll(/\$\{([A-Za-z_]\w*)/g), ([, name = '']) => name));
  return digestOf(JSON.stringify(Array.from(names, (name) => [name, env[name]])));
}

function describeUnused({ context, show }: ReadConfig, { queries, followers }: SourceQueries): Problem[] {
  const used = new Set([...queries, ...followers.map(({ place }) => place)].map(({ account }) => account));
  return describeUnusedAccounts(context.entry.accounts.values(), used, show);
}

/**
 * {@link loadConfig} of the file `options.file`.
 *
 * @throws {ConfigError} also when the file cannot be read or is no UTF-8
 */
export async function loadConfigFile(options: ReadOptions): Promise<LoadedConfig> {
  return loadConfig(await readFileText(options.file), options);
}

/** Tells contents of a file apart. */
export function digestOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

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
  return plan(read, read);
}

/** @throws {ConfigError} with all that is wrong with the entries, and with their names */
async function plan(read: Findings, entries: Entries): Promise<LoadedEntries> {
  const { queries, clashes, twins } = await planQueries(entries);
  const problems = [...read.problems, ...clashes.map((clash) => describeClash(clash, read))];
  if (problems.length > 0) {
    throw new ConfigError(sortByLine(problems));
  }
  const warnings = sortByLine([...read.warnings, ...twins.map((twin) => describeTwin(twin, read))]);
  return { queries, followers: followersOf(entries), warnings };
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
