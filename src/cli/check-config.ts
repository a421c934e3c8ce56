import { ConfigError } from '../config/problem.ts';
import type { Environment } from '../config/substitution.ts';
import { type LoadedConfig, loadConfigFile } from '../queries/load.ts';
import { QUERY_TYPES } from '../queries/query.ts';
import { formatRate, sumUpTargets } from '../queries/targets.ts';

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
  return [
    `${file}: good`,
    `queries: ${queries.length}`,
    ...QUERY_TYPES.map((type) => ({ type, count: queries.filter((query) => query.type === type).length }))
      .filter(({ count }) => count > 0)
      .map(({ type, count }) => `  ${type}: ${count} watched`),
    `targets: ${targets.length}`,
    ...targets.map(({ account, region, queries: count, planned, limit }) => {
      const word = count === 1 ? 'query' : 'queries';
      return `  ${account} ${region}: ${count} ${word}, ${formatRate(planned)} of ${limit} requests a second`;
    }),
    `warnings: ${warnings.length}`,
    ...warnings.map((warning) => `  ${warning.message}`),
  ];
}
