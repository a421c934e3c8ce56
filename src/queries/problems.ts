import type { ReadConfig } from '../config/read.ts';
import { quote } from '../config/reading/nodes.ts';
import { createProblem, type Problem } from '../config/reading/problem.ts';
import { type Findings, problemAt } from '../config/reading/reading.ts';
import type { RegisteredQuery } from '../model/query.ts';
import type { Clash } from './plan.ts';
import type { SourceQueries } from './sources.ts';
import { formatRate, sumUpSeries, sumUpTargets, type TargetLoad } from './targets.ts';

export function describeClash({ earlier, later, nameParts }: Clash, read: Findings): Problem {
  const name = nameParts.map(read.show).join(':');
  const expected = `a unique name: ${earlier.path} (line ${earlier.line}) also creates a query ${quote(name)}`;
  return createAt(`${later.path}.name`, later.line, expected, read);
}

export function describeTwin({ earlier, later }: Clash, read: Findings): Problem {
  const [key, verb] = later.kind === 'watched' ? ['queryId', 'polls'] : ['name', 'starts'];
  const expected = `a different query: ${earlier.path} (line ${earlier.line}) ${verb} the same one`;
  return createAt(`${later.path}.${key}`, later.line, expected, read);
}

function createAt(path: string, line: number, expected: string, read: Findings): Problem {
  return problemAt(path, read.written(path), line, expected);
}

/** Describes limits that are too low for the queries: calls are late, windows skipped, or series not exported. */
export function describeShortages(read: ReadConfig, { queries, followers }: SourceQueries): Problem[] {
  // Sums of fractions have rounding errors.
  const exceeds = (sum: number, limit: number) => sum > limit * (1 + Number.EPSILON * queries.length);
  const targets = sumUpTargets(read.config, { queries, followers });
  const late = targets.filter(({ planned, limit }) => exceeds(planned, limit));
  const crowded = targets.filter(({ runs, maxConcurrentRuns }) => exceeds(runs, maxConcurrentRuns));
  return [
    ...late.map((target) => describeLate(target, read)),
    ...crowded.map((target) => describeCrowded(target, read)),
    ...describeCappedSeries(read, queries),
  ];
}

/** Describes a request budget that is too low for the queries of the target. */
function describeLate(load: TargetLoad, read: ReadConfig): Problem {
  const planned = formatRate(load.planned);
  return describeTarget(load, 'requestsPerSecond', read, {
    enough: `at least ${planned}, what the queries of ${nameTarget(load, read)} need`,
    got: `queries that need ${planned} requests per second of ${nameTarget(load, read)}`,
    limit: load.limit,
  });
}

/** Describes a concurrent-run limit that is too low for the schedules of the target. */
function describeCrowded(load: TargetLoad, read: ReadConfig): Problem {
  const runs = Math.ceil(load.runs);
  return describeTarget(load, 'maxConcurrentRuns', read, {
    enough: `at least ${runs}, what the schedules of ${nameTarget(load, read)} need if a run takes 10s`,
    got: `schedules that need ${runs} concurrent runs of ${nameTarget(load, read)} if a run takes 10s`,
    limit: load.maxConcurrentRuns,
  });
}

function nameTarget({ account, region }: TargetLoad, read: ReadConfig): string {
  return `account ${quote(read.show(account))} in ${read.show(region)}`;
}

/** Returns a problem with the limit of a target if the file has it, otherwise with the queries. */
function describeTarget(
  { account }: TargetLoad,
  key: 'requestsPerSecond' | 'maxConcurrentRuns',
  read: ReadConfig,
  { enough, got, limit }: { readonly enough: string; readonly got: string; readonly limit: number },
): Problem {
  const index = read.config.accounts.findIndex(({ name }) => name === account);
  const path = [`accounts[${index}].${key}`, `aws.${key}`].find((each) => read.written(each));
  return path === undefined
    ? createProblem('queries', read.written('queries')?.line, got, `at most ${limit}, its ${key}`)
    : createAt(path, 1, enough, read);
}

function describeCappedSeries(read: ReadConfig, queries: readonly RegisteredQuery[]): Problem[] {
  const { maxSeries } = read.config.contributors;
  const series = sumUpSeries(read.config, queries);
  if (series <= maxSeries) {
    return [];
  }
  const path = 'contributors.maxSeries';
  if (read.written(path) !== undefined) {
    return [createAt(path, 1, `at least ${series}, the most series that the queries can have`, read)];
  }
  const got = `queries that can have ${series} contributor series`;
  return [createProblem('queries', read.written('queries')?.line, got, `at most ${maxSeries}, ${path}`)];
}
