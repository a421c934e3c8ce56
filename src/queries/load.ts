import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Config } from '../config/config.ts';
import { quote } from '../config/config-node.ts';
import { ConfigError, createProblem, type Problem, sortByLine } from '../config/problem.ts';
import { type ReadConfig, type ReadOptions, readConfig } from '../config/read.ts';
import { type Clash, planQueries } from './plan.ts';
import { createAt } from './problem-at.ts';
import type { RegisteredQuery } from './query.ts';
import { describeShortages } from './shortages.ts';

export interface LoadedConfig {
  readonly config: Config;
  /** What the entries of `queries` fan out to, names unique, in the order of the file. */
  readonly queries: readonly RegisteredQuery[];
  /** What is allowed but probably not meant, in the order of the file's lines. */
  readonly warnings: readonly Problem[];
  /** {@link digestOf} the text. */
  readonly digest: string;
}

/**
 * Reads, checks and plans the text of a config file.
 *
 * @throws {ConfigError} with all that is wrong with it
 */
export async function loadConfig(text: string, options: ReadOptions): Promise<LoadedConfig> {
  const read = await readConfig(text, options);
  const { queries, clashes, twins } = planQueries(read.config);
  const problems = [...read.problems, ...clashes.map((clash) => describeClash(clash, read))];
  if (problems.length > 0) {
    throw new ConfigError(sortByLine(problems));
  }
  const warnings = [
    ...read.warnings,
    ...twins.map((twin) => describeTwin(twin, read)),
    ...describeShortages(read, queries),
  ];
  return { config: read.config, queries, warnings: sortByLine(warnings), digest: digestOf(text) };
}

/**
 * {@link loadConfig} of the file `options.file`.
 *
 * @throws {ConfigError} also when the file cannot be read or is no UTF-8
 */
export async function loadConfigFile(options: ReadOptions): Promise<LoadedConfig> {
  return loadConfig(await readConfigText(options.file), options);
}

/** Tells contents of a file apart. */
export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** @throws {ConfigError} when the file cannot be read or is no UTF-8 */
export async function readConfigText(file: string): Promise<string> {
  const bytes = await readFile(file).catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'an error';
    throw new ConfigError([createProblem(file, undefined, code, 'a file that can be read')]);
  });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new ConfigError([createProblem(file, undefined, 'bytes that are no UTF-8', 'YAML in UTF-8')]);
  }
}

function describeClash({ earlier, later, nameParts }: Clash, read: ReadConfig): Problem {
  const name = nameParts.map(read.show).join(':');
  const maker = `${earlier.path} (line ${earlier.line})`;
  return createAt(
    `${later.path}.name`,
    later.line,
    `a name of its own: ${maker} makes a query ${quote(name)}, too`,
    read,
  );
}

function describeTwin({ earlier, later }: Clash, read: ReadConfig): Problem {
  const twin = `${earlier.path} (line ${earlier.line})`;
  return later.kind === 'watched'
    ? createAt(`${later.path}.queryId`, later.line, `a query other than that of ${twin}, which polls the same`, read)
    : createAt(`${later.path}.name`, later.line, `a query other than that of ${twin}, which starts the same`, read);
}
