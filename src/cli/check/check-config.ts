import type { Config } from '../../config/config.ts';
import type { ReadOptions } from '../../config/read.ts';
import { ConfigError } from '../../config/reading/problem.ts';
import { groupBy } from '../../lib/group-by.ts';
import { abbreviate, counted, NAMES_SHOWN } from '../../lib/text.ts';
import type { RegisteredQuery } from '../../model/query.ts';
import { type Shard, targetsOfShard } from '../../model/shard.ts';
import { QUERY_TYPES } from '../../model/vocabulary.ts';
import type { Follower } from '../../queries/following.ts';
import { planScheduledQueries } from '../../queries/plan.ts';
import { formatRate, requestRate, sumUpSeries, sumUpTargets, type TargetLoad } from '../../queries/targets.ts';
import { type LoadedWithFiles, loadWithFiles } from '../../registry/load-with-files.ts';
import { summarizeCloudwatch } from './cloudwatch-summary.ts';

export interface TextSink {
  write(text: string): void;
}

/** Options of the commands that read a configuration file. */
export interface ConfigCommandOptions extends ReadOptions {
  /** Receives the output for a valid file. */
  readonly stdout: TextSink;
  /** Receives a line for each error. */
  readonly stderr: TextSink;
}

export interface CheckConfigOptions extends ConfigCommandOptions {
  /** The shard of the exporter. The summary and the checks contain only its targets. */
  readonly shard: Shard;
  readonly strict: boolean;
  readonly verbose?: boolean;
  /** Checks a valid file with calls to AWS, and returns true if all checks succeed. Undefined: AWS is not called. */
  readonly online: ((loaded: LoadedWithFiles) => Promise<boolean>) | undefined;
}

/** Prints a summary or the errors of a config file. Returns the exit code: 0 if it is valid and all checks succeed. */
export function checkConfig(options: CheckConfigOptions): Promise<number> {
  const { shard, strict, online, stdout, stderr } = options;
  return reportingErrors(stderr, async () => {
    const loaded = await loadWithFiles({ ...options, isOwn: targetsOfShard(shard) });
    if (strict && loaded.warnings.length > 0) {
      throw new ConfigError(loaded.warnings);
    }
    stdout.write(`${summarize(options, loaded).join('\n')}\n`);
    return online === undefined || (await online(loaded));
  });
}

/** Returns the exit code of a command: 1 if it returns false, or after a ConfigError, which is printed. */
export async function reportingErrors(stderr: TextSink, command: () => Promise<boolean>): Promise<number> {
  try {
    return (await command()) ? 0 : 1;
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
  const { own, all } = loaded.targetCounts;
  const series = sumUpSeries(config, queries);
  const selectors = [...groupBy(followers, ({ entry }) => entry.path).values()];
  const shown = verbose ? Number.POSITIVE_INFINITY : NAMES_SHOWN;
  return [
    `${file}: valid`,
    ...(shard.total === 1 ? [] : [`shard ${shard.ordinal} of ${shard.total}: ${own} of ${counted(all, 'target')}`]),
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

/** Returns the named queries by type, and the entries with selectors, whose queries are unknown without calling AWS. */
function summarizeQueries(queries: readonly RegisteredQuery[], selectors: readonly OfEntry[], shown: number): string[] {
  const paths = selectors.map(([{ entry }]) => entry.path);
  const following = `those of ${abbreviate(paths, shown)}, for each discovered monitor or scope`;
  return [
    queries.length === 0 && paths.length > 0 ? `queries: ${following}` : `queries: ${queries.length}`,
    ...QUERY_TYPES.flatMap((type) => {
      const kinds = countKinds(queries.filter((query) => query.type === type));
      return kinds === '' ? [] : `  ${type}: ${kinds}`;
    }),
    ...(queries.length === 0 || paths.length === 0 ? [] : [`and ${following}`]),
  ];
}

/** Returns `2 watched, 1 scheduled`, without kinds that have no queries. */
function countKinds(queries: readonly RegisteredQuery[]): string {
  const counts = ['watched', 'scheduled'].flatMap((kind) => {
    const count = queries.filter((query) => query.kind === kind).length;
    return count === 0 ? [] : `${count} ${kind}`;
  });
  return counts.join(', ');
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

/** Returns the name of a selector: `queries[0] (flows)`. */
export function nameSelector({ entry }: Follower): string {
  return `${entry.path} (${entry.name})`;
}

/** Returns `2 queries per matching monitor, up to 200 series each, 0.0178 requests per second for each monitor`. */
function describeSelector(follower: Follower, config: Config): string {
  const { entry, target, selector } = follower;
  const subject = selector.kind === 'monitors' ? 'monitor' : 'scope';
  const queries = Array.from(planScheduledQueries(entry, target, ['any']), ({ query }) => query);
  const series = sumUpSeries(config, queries.slice(0, 1));
  const requests = formatRate(queries.reduce((sum, query) => sum + requestRate(query), 0));
  return [
    `${counted(queries.length, 'query', 'queries')} per ${subject === 'monitor' ? 'matching monitor' : 'scope'}`,
    `up to ${series} series each`,
    `${requests} requests per second for each ${subject}`,
  ].join(', ');
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
