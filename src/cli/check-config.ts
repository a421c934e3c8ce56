import { ConfigError } from '../config/problem.ts';
import type { Environment } from '../config/substitution.ts';
import type { Follower } from '../queries/following.ts';
import { QUERY_TYPES, type RegisteredQuery } from '../queries/query.ts';
import { formatRate, sumUpSeries, sumUpTargets, type TargetLoad } from '../queries/targets.ts';
import { type LoadedWithFiles, loadWithFiles } from './sources/load-with-files.ts';

export interface CheckConfigOptions {
  readonly file: string;
  /** Warnings are errors. */
  readonly strict: boolean;
  /** Asks AWS about a good file, and tells whether all is well; undefined: AWS is not called. */
  readonly online: ((loaded: LoadedWithFiles) => Promise<boolean>) | undefined;
  readonly env: Environment;
  /** The region of the environment or the AWS profile; undefined where there is none. */
  readonly fallbackRegion: () => Promise<string | undefined>;
  /** Receives the summary of a good file. */
  readonly stdout: TextSink;
  /** Receives a line for each error. */
  readonly stderr: TextSink;
}

/** As much of a stream as is written to. */
export interface TextSink {
  write(text: string): void;
}

/**
 * The command `check-config`: tells what a config file means or what is wrong with it; calls AWS only where `online` does.
 *
 * @returns the exit code: 0 for a good file with which all is well, 1 for any other
 */
export async function checkConfig(options: CheckConfigOptions): Promise<number> {
  const { file, strict, online, env, fallbackRegion, stdout, stderr } = options;
  try {
    const loaded = await loadWithFiles({ file, env, fallbackRegion });
    if (strict && loaded.warnings.length > 0) {
      throw new ConfigError(loaded.warnings);
    }
    stdout.write(`${summarize(file, loaded).join('\n')}\n`);
    return online === undefined || (await online(loaded)) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      throw error;
    }
    stderr.write(`${error.message}\n`);
    return 1;
  }
}

function summarize(file: string, loaded: LoadedWithFiles): string[] {
  const { config, files, queries, followers, warnings } = loaded;
  const targets = sumUpTargets(config, loaded);
  const series = sumUpSeries(config, queries);
  return [
    `${file}: good`,
    ...(config.discovery.files.length === 0
      ? []
      : [`discovery files: ${files.length}`, ...files.map((each) => `  ${each}`)]),
    `queries: ${queries.length}`,
    ...QUERY_TYPES.map((type) => ({ type, some: queries.filter((query) => query.type === type) }))
      .filter(({ some }) => some.length > 0)
      .map(({ type, some }) => `  ${type}: ${countKinds(some)}`),
    ...summarizeFollowers(followers),
    `targets: ${targets.length}`,
    ...targets.map(summarizeTarget),
    ...(series === 0 ? [] : [`contributor series: at most ${series} of ${config.contributors.maxSeries}`]),
    `warnings: ${warnings.length}`,
    ...warnings.map((warning) => `  ${warning.message}`),
  ];
}

/** Entries whose queries cannot be counted without asking AWS. */
function summarizeFollowers(followers: readonly Follower[]): string[] {
  const paths = new Set(followers.map(({ entry }) => entry.path));
  return paths.size === 0 ? [] : [`and those of ${[...paths].join(', ')}, for each monitor or scope that is found`];
}

/** `2 watched, 1 scheduled`, less what there is none of. */
function countKinds(queries: readonly RegisteredQuery[]): string {
  return (['watched', 'scheduled'] as const)
    .map((kind) => ({ kind, count: queries.filter((query) => query.kind === kind).length }))
    .filter(({ count }) => count > 0)
    .map(({ kind, count }) => `${count} ${kind}`)
    .join(', ');
}

function summarizeTarget({ account, region, queries, planned, limit, runs, maxConcurrentRuns }: TargetLoad): string {
  const word = queries === 1 ? 'query' : 'queries';
  const requests = `${formatRate(planned)} of ${limit} requests a second`;
  const atOnce = runs === 0 ? '' : `, ${formatRate(runs)} of ${maxConcurrentRuns} runs at once`;
  return `  ${account} ${region}: ${queries} ${word}, ${requests}${atOnce}`;
}
