import { createHash } from 'node:crypto';
import { describeUnusedAccounts } from '../config/accounts.ts';
import type { Config } from '../config/config.ts';
import { type ConfigContext, readEntriesFile, readEntryBody } from '../config/entries/outside.ts';
import { type ReadConfig, type ReadOptions, readConfig } from '../config/read.ts';
import { addProblem, ConfigError, type Problem, readFileText, sortByLine } from '../config/reading/problem.ts';
import type { Environment, Findings } from '../config/reading/reading.ts';
import type { RegisteredQuery } from '../model/query.ts';
import type { IsOwnTarget } from '../model/shard.ts';
import { cloudwatchTargets } from './cloudwatch-targets.ts';
import { followersOf } from './following.ts';
import { type Entries, planQueries } from './plan.ts';
import { describeClash, describeShortages, describeTwin } from './problems.ts';
import { ownOf, type SourceQueries } from './sources.ts';

/** How a config file is read, and which targets matter. */
export interface LoadOptions extends ReadOptions {
  /** Whether the shard of this exporter has a target. All by default. Warnings of limits count only the queries of own targets. */
  readonly isOwn?: IsOwnTarget;
}

export interface LoadedConfig extends SourceQueries {
  readonly config: Config;
  /** Valid but probably unintended parts, in the order of lines. */
  readonly warnings: readonly Problem[];
  readonly digest: string;
  /** Returns the {@link warnings} if there are also queries outside the config file. */
  warningsWith(all: SourceQueries): readonly Problem[];
  /** Context to load entries outside the config file. */
  readonly context: ConfigContext;
  /** Returns true if a text has the same result: the text, its variables, and the fallback region are unchanged. */
  isSame(text: string): Promise<boolean>;
}

/**
 * Reads and checks the text of a config file, and plans its queries.
 * @throws {ConfigError} with all problems of the file
 */
export async function loadConfig(text: string, options: LoadOptions): Promise<LoadedConfig> {
  const { isOwn = () => true } = options;
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
  const shortagesOf = (all: SourceQueries) => describeShortages(read, ownOf(all, isOwn));
  return {
    config: read.config,
    ...planned,
    warnings: sortByLine([...own, ...shortagesOf(planned), ...unused]),
    warningsWith: (all) => sortByLine([...own, ...shortagesOf(all), ...describeUnused(read, all)]),
    digest,
    context: read.context,
    isSame: async (other) =>
      digestOf(other) === digest &&
      valuesIn(other, options.env) === values &&
      (found === undefined || found.region === (await options.fallbackRegion())),
  };
}

/** Returns a digest of the environment variables that a text may use. */
function valuesIn(text: string, env: Environment): string {
  const names = new Set(Array.from(text.matchAll(/\$\{([A-Za-z_]\w*)/g), ([, name = '']) => name));
  return digestOf(JSON.stringify(Array.from(names, (name) => [name, env[name]])));
}

function describeUnused({ config, context, show }: ReadConfig, { queries, followers }: SourceQueries): Problem[] {
  const targets = [...queries, ...followers.map(({ target }) => target), ...cloudwatchTargets(config)];
  const used = new Set(targets.map(({ account }) => account));
  return describeUnusedAccounts(context.entry.accounts.byName.values(), used, show);
}

/**
 * {@link loadConfig} of the file `options.file`.
 * @throws {ConfigError} also if the file is unreadable or not valid UTF-8
 */
export async function loadConfigFile(options: LoadOptions): Promise<LoadedConfig> {
  return loadConfig(await readFileText(options.file), options);
}

/** Returns a digest that distinguishes the contents of files. */
export function digestOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

export interface LoadedEntries extends SourceQueries {
  /** Valid but probably unintended parts. */
  readonly warnings: readonly Problem[];
}

/**
 * Reads and checks the text of a file with a list of entries, and plans its queries.
 * @throws {ConfigError} with all problems of the file
 */
export async function loadEntriesFile(text: string, file: string, context: ConfigContext): Promise<LoadedEntries> {
  const read = await readEntriesFile(text, file, context);
  return plan(read, read);
}

/** @throws {ConfigError} with all problems of the entries, including duplicate names */
async function plan(read: Findings, entries: Entries): Promise<LoadedEntries> {
  const { queries, clashes, twins } = await planQueries(entries);
  const problems = [...read.problems];
  for (const clash of clashes) {
    addProblem(problems, describeClash(clash, read));
  }
  if (problems.length > 0) {
    throw new ConfigError(sortByLine(problems));
  }
  const warnings = [...read.warnings];
  for (const twin of twins) {
    addProblem(warnings, describeTwin(twin, read));
  }
  return { queries, followers: followersOf(entries), warnings: sortByLine(warnings) };
}

export interface LoadedEntry {
  readonly query: RegisteredQuery;
  readonly warnings: readonly Problem[];
}

/**
 * Reads and checks the body of a registration over HTTP, and plans its query.
 *
 * @param body parsed JSON
 * @param name of the query
 * @throws {ConfigError} with all problems of the body. They have paths of keys (for example, `labels.team`), and no lines.
 */
export async function loadEntryBody(body: unknown, name: string, context: ConfigContext): Promise<LoadedEntry> {
  const read = await readEntryBody(body, name, context);
  if (read.problems.length > 0) {
    throw new ConfigError(read.problems);
  }
  const { queries } = await planQueries(read);
  const [query] = queries;
  if (query === undefined || queries.length > 1) {
    throw new Error(`internal error: a valid body results in ${queries.length} queries`);
  }
  return { query, warnings: read.warnings };
}
