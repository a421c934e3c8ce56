import { ConfigError } from '../config/problem.ts';
import type { Environment } from '../config/substitution.ts';
import { type LoadedConfig, loadConfigFile } from '../queries/load.ts';
import { QUERY_TYPES, type RegisteredQuery } from '../queries/query.ts';
import { formatRate, sumUpSeries, sumUpTargets, type TargetLoad } from '../queries/targets.ts';

export interface CheckConfigOptions {
  readonly file: string;
  /** Warnings are errors. */
  readonly strict: boolean;
  readonly env: Environment;
  /** The region of the environment or the AWS profile; undefined where there is none. */
  readonly fallbackRegion: () => Promise<string | undefined>;
  /** Receives the summary of a good file. */
  readonly stdout: TextSink;
  /** Receives a line for each error. */
  readonly stderr: TextSink;
}

/** As much of a stream as is written to. */
interface TextSink {
  write(text: string): void;
}

/**
 * The command `check-config`: without calling AWS, tells what a config file means or what is wrong with it.
 *
 * @returns the exit code: 0 for a good file, 1 for any other
 */
export async function checkConfig(options: CheckConfigOptions): Promise<number> {
  const { file, strict, env, fallbackRegion, stdout, stderr } = options;
  try {
    const loaded = await loadConfigFile({ file, env, fallbackRegion });
    if (strict && loaded.warnings.length > 0) {
      throw new ConfigError(loaded.warnings);
    }
    stdout.write(`${summarize(file, loaded).join('\n')}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      throw error;
    }
    stderr.write(`${error.message}\n`);
    return 1;
  }
}

function summarize(file: string, { config, queries, warnings }: LoadedConfig): string[] {
  const targets = sumUpTargets(config, queries);
  const series = sumUpSeries(config, queries);
  return [
    `${file}: good`,
    `queries: ${queries.length}`,
    ...QUERY_TYPES.map((type) => ({ type, some: queries.filter((query) => query.type === type) }))
      .filter(({ some }) => some.length > 0)
      .map(({ type, some }) => `  ${type}: ${countKinds(some)}`),
    ...summarizeFollowers(config),
    `targets: ${targets.length}`,
    ...targets.map(summarizeTarget),
    ...(series === 0 ? [] : [`contributor series: at most ${series} of ${config.contributors.maxSeries}`]),
    `warnings: ${warnings.length}`,
    ...warnings.map((warning) => `  ${warning.message}`),
  ];
}

/** Entries whose queries cannot be counted without asking AWS. */
function summarizeFollowers({ queries }: LoadedConfig['config']): string[] {
  const selecting = queries.filter((entry) => entry.kind === 'scheduled' && entry.selector !== undefined);
  return selecting.length === 0
    ? []
    : [`and those of ${selecting.map(({ path }) => path).join(', ')}, for each monitor or scope that is found`];
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
