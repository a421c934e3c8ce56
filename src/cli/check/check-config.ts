import type { Config } from '../../config/config.ts';
import { ConfigError } from '../../config/reading/problem.ts';
import type { Environment } from '../../config/reading/reading.ts';
import { groupBy } from '../../lib/group-by.ts';
import { abbreviate, counted, NAMES_SHOWN } from '../../lib/text.ts';
import type { RegisteredQuery } from '../../model/query.ts';
import { type Shard, targetsOfShard } from '../../model/shard.ts';
import { QUERY_TYPES } from '../../model/vocabulary.ts';
import type { Follower } from '../../queries/following.ts';
import { formatRate, sumUpSeries, sumUpTargets, type TargetLoad } from '../../queries/targets.ts';
import { type LoadedWithFiles, loadWithFiles } from '../../registry/load-with-files.ts';
import { summarizeCloudwatch } from './cloudwatch-summary.ts';
import { describeSelector, nameSelector } from './selectors.ts';

export interface CheckConfigOptions {
  readonly file: string;
  /** The shard of the exporter. The summary and the checks contain only its targets. */
  readonly shard: Shard;
  /** Treat warnings as errors. */
  readonly strict: boolean;
  /** List each target, file, and selector. */
  readonly verbose?: boolean;
  /** Checks a valid file with calls to AWS, and returns true if all checks succeed. Undefined: AWS is not called. */
  readonly online: ((loaded: LoadedWithFiles) => Promise<boolean>) | undefined;
  readonly env: Environment;
  /** Returns the region of the environment or the AWS profile, or undefined. */
  readonly fallbackRegion: () => Promise<string | undefined>;
  /** Receives the summary of a valid file. */
  readonly stdout: TextSink;
  /** Receives a line for each error. */
  readonly stderr: TextSink;
}

/** A stream to write to. */
export interface TextSink {
  write(text: string): void;
}

/**
 * Runs the command `check-config`: prints a summary or the errors of a config file. Calls AWS only with `online`.
 *
 * @returns the exit code: 0 for a valid file if all checks succeed, otherwise 1
 */
export async function checkConfig(options: CheckConfigOptions): Promise<number> {
  const { file, shard, strict, online, env, fallbackRegion, stdout, stderr } = options;
  try {
    const loaded = await loadWithFiles({ file, env, fallbackRegion, isOwn: targetsOfShard(shard) });
    if (strict && loaded.warnings.length > 0) {
      throw new ConfigError(loaded.warnings);
    }
    stdout.write(`${summarize(options, loaded).join('\n')}\n`);
    return online === undefined || (await online(loaded)) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      throw error;
    }
    stderr.write(`${error.message}\n`);
    return 1;
  }
}

function summarize({ file, shard, verbose = false }: CheckConfigOptions, loaded: LoadedWithFiles): string[] {
  const { config, files, queries, followers, warnings } = loaded;
  const series = sumUpSeries(config, queries);
  const selectors = [...groupBy(followers, ({ entry }) => entry.path).values()];
  const shown = verbose ? Number.POSITIVE_INFINITY : NAMES_SHOWN;
  return [
    `${file}: valid`,
    ...summarizeShard(shard, loaded),
    ...(config.discovery.files.length === 0 ? [] : listed(`discovery files: ${files.length}`, files, shown)),
    ...summarizeQueries(queries, selectors, shown),
    ...summarizeTargets(loaded, shown),
    ...summarizeCloudwatch(loaded),
    ...(selectors.length === 0
      ? []
      : listed(
          `selectors: ${selectors.length}`,
          selectors.map((each) => summarizeSelector(each, config)),
          shown,
        )),
    ...(series === 0 ? [] : [`contributor series: at most ${series} of ${config.contributors.maxSeries}`]),
    `warnings: ${warnings.length}`,
    ...warnings.map((warning) => `  ${warning.message}`),
  ];
}

/** Returns the share of the targets that a shard has, and nothing without shards. */
function summarizeShard({ ordinal, total }: Shard, { targetCounts: { own, all } }: LoadedWithFiles): string[] {
  return total === 1 ? [] : [`shard ${ordinal} of ${total}: ${own} of ${counted(all, 'target')}`];
}

/** Returns the named queries by type, and the entries with selectors, whose queries are unknown without calling AWS. */
function summarizeQueries(queries: readonly RegisteredQuery[], selectors: readonly OfEntry[], shown: number): string[] {
  const paths = selectors.map(([{ entry }]) => entry.path);
  const following = `those of ${abbreviate(paths, shown)}, for each discovered monitor or scope`;
  return [
    queries.length === 0 && paths.length > 0 ? `queries: ${following}` : `queries: ${queries.length}`,
    ...QUERY_TYPES.map((type) => ({ type, some: queries.filter((query) => query.type === type) }))
      .filter(({ some }) => some.length > 0)
      .map(({ type, some }) => `  ${type}: ${countKinds(some)}`),
    ...(queries.length === 0 || paths.length === 0 ? [] : [`and ${following}`]),
  ];
}

/** Returns `2 watched, 1 scheduled`, without kinds that have no queries. */
function countKinds(queries: readonly RegisteredQuery[]): string {
  return (['watched', 'scheduled'] as const)
    .map((kind) => ({ kind, count: queries.filter((query) => query.kind === kind).length }))
    .filter(({ count }) => count > 0)
    .map(({ kind, count }) => `${count} ${kind}`)
    .join(', ');
}

/** Returns a line for each target or, unless all lines are shown, for each group of equal targets. */
function summarizeTargets(loaded: LoadedWithFiles, shown: number): string[] {
  const targets = sumUpTargets(loaded.config, loaded);
  const groups = groupBy(targets, (target) => (shown === Number.POSITIVE_INFINITY ? target : summarizeLoad(target)));
  const lines = Array.from(groups.values(), (alike) => {
    const [first] = alike;
    const load = summarizeLoad(first);
    return alike.length === 1
      ? `${first.account} ${first.region}: ${load}`
      : `${alike.length} targets, each ${load}: ${abbreviateTargets(alike)}`;
  });
  return listed(`targets: ${targets.length}`, lines, shown);
}

const TARGETS_SHOWN = 3;

/** Returns `a, b, c and 117 more in eu-west-1`, or each account with its region if there are several regions. */
function abbreviateTargets(targets: readonly TargetLoad[]): string {
  const regions = new Set(targets.map(({ region }) => region));
  const isOne = regions.size === 1;
  const names = targets.map(({ account, region }) => (isOne ? account : `${account} ${region}`));
  return `${abbreviate(names, TARGETS_SHOWN)}${isOne ? ` in ${[...regions].join()}` : ''}`;
}

function summarizeLoad({ queries, planned, limit, runs, maxConcurrentRuns }: TargetLoad): string {
  if (queries === 0) {
    return `only queries of selectors, at most ${limit} requests per second, ${maxConcurrentRuns} concurrent runs`;
  }
  const requests = `${formatRate(planned)} of ${limit} requests per second`;
  const atOnce = runs === 0 ? '' : `, ${formatRate(runs)} of ${maxConcurrentRuns} concurrent runs`;
  return `${counted(queries, 'query', 'queries')}, ${requests}${atOnce}`;
}

/** The followers of one entry, in all its targets. */
type OfEntry = readonly [Follower, ...Follower[]];

function summarizeSelector(followers: OfEntry, config: Config): string {
  const [first] = followers;
  const targets = followers.length === 1 ? '1 target' : `each of ${followers.length} targets`;
  return `${nameSelector(first)}: ${describeSelector(first, config)}, in ${targets}`;
}

/** Returns a heading, the first lines, and the number of omitted lines. */
function listed(heading: string, lines: readonly string[], most: number): string[] {
  const rest = lines.length - most;
  return [
    heading,
    ...lines.slice(0, most).map((line) => `  ${line}`),
    ...(rest > 0 ? [`  … and ${rest} more (--verbose shows all)`] : []),
  ];
}
