import {
  category,
  id,
  limit,
  lookback,
  monitorName,
  profile,
  queryType,
  region,
  regionalHttpUrl,
  timerDuration,
} from '../../config/formats.ts';
import { type Format, oneOf, wordOf } from '../../config/reading/formats.ts';
import { didYouMean } from '../../config/reading/nearest.ts';
import { LONGEST_LOOKBACK_MS } from '../../model/query.ts';
import {
  DATA_TYPE,
  KNOWN_CATEGORIES,
  METRIC_NAMES,
  type MetricName,
  metricNamesOf,
  QUERY_TYPES,
  type QueryType,
} from '../../model/vocabulary.ts';
import { type Flag, type FlagValues, flag, type Given, readGiven, UsageError, wrongValue } from '../flags.ts';

const OUTPUTS = ['table', 'csv', 'tsv', 'json'] as const;

const choices = (words: readonly string[]) =>
  `${words.slice(0, -1).join(', ')}, or ${words.at(-1)} (default ${words[0]}).`;

export const QUERY_FLAGS: readonly Flag[] = [
  flag('region=REGION', 'AWS Region (default: from the environment or the profile).'),
  flag('type=TYPE', `Query type: ${choices(QUERY_TYPES)}`),
  flag('monitor-name=NAME', `Monitor (required for type ${QUERY_TYPES[0]}).`),
  flag('scope-id=ID', 'Scope (required for the workload-insights types).'),
  flag(
    'metric-name=METRIC',
    `Metric: ${METRIC_NAMES.join(', ')}. Required for run. For watch, determines the unit if the response has none.`,
  ),
  flag(
    'destination-category=CATEGORY',
    `Destination category (for example, ${KNOWN_CATEGORIES[1]}). Only for run, required.`,
  ),
  flag('limit=N', 'Maximum number of contributors, 1 to 500 (default 100). Only for run.'),
  flag('start=TIME', 'Start of the window, in RFC 3339 format. Only for run.'),
  flag(
    'end=TIME',
    'End of the window, in RFC 3339 format (default: two minutes ago, because data is delayed). Only for run.',
  ),
  flag('lookback=DURATION', 'Length of the window without --start, at most 1h (default 15m). Only for run.'),
  flag(
    'watch',
    'Repeat the query for each following window of the length --lookback (at least 1m), until Ctrl-C. Only for run.',
  ),
  flag('query-id=ID', 'Query to follow. Only for watch, required.'),
  flag('profile=NAME', 'Profile of the shared AWS config files for credentials.'),
  flag('endpoint=URL', 'Network Flow Monitor endpoint. May contain {region}.'),
  flag('output=FORMAT', `Output format: ${choices(OUTPUTS)} csv and tsv have plain numbers in base units.`),
  flag('no-mirror', 'Omit mirror rows, which are the view of a connection from its remote end.'),
  flag('timeout=DURATION', 'Maximum duration (default 10m). After it, run stops the query at the service.'),
];

export type RunRequest = ReturnType<typeof readRun>;

/** A query to follow, started by another client. */
type WatchRequest = ReturnType<typeof readFollowed>;

type Subject = Readonly<Record<'monitorName' | 'scopeId', string | undefined>>;

export type QueryRequest = RunRequest | WatchRequest;

const DEFAULT_LIMIT = 100;
const DEFAULT_LOOKBACK_MS = 900_000;
const DEFAULT_TIMEOUT_MS = 600_000;
/** Delay of data at the service: a window that ends now would miss its last flows. */
export const DELAY_MS = 120_000;
/** Shortest window of --watch: each one costs a run and calls. */
const SHORTEST_WATCH_MS = 60_000;

const RUN_ONLY = ['destination-category', 'limit', 'start', 'end', 'lookback', 'watch'];
const WATCH_ONLY = ['query-id'];

/**
 * Reads the flags of `query run` or `query watch`. The default window ends at `now` (epoch milliseconds), less its delay.
 *
 * @throws {UsageError} with the flag, its value, and the expected values
 */
export function readQueryFlags(values: FlagValues, now: number): QueryRequest {
  const command = readCommand(values.operands);
  const foreign = (command === 'run' ? WATCH_ONLY : RUN_ONLY).find(values.on);
  if (foreign !== undefined) {
    throw new UsageError(`--${foreign} is not a flag of query ${command}`);
  }
  const type = readGiven(values.text('type'), queryType) ?? 'monitor-top-contributors';
  return command === 'run' ? readRun(values, type, now) : readFollowed(values, type);
}

function readRun(values: FlagValues, type: QueryType, now: number) {
  return {
    command: 'run' as const,
    ...readCommon(values, type),
    metricName: required('metric-name', readMetricName(values, type)),
    destinationCategory: required(
      'destination-category',
      readGiven(values.text('destination-category'), { ...category, words: [] }),
    ),
    /** Undefined for the `-data` type. */
    limit: ofRows('limit', values, type) ? (readGiven(values.text('limit'), limit) ?? DEFAULT_LIMIT) : undefined,
    window: readWindow(values, now),
    /** Repeat the query for each following window of the same length. */
    watch: readWatch(values),
  };
}

function readFollowed(values: FlagValues, type: QueryType) {
  return {
    command: 'watch' as const,
    ...readCommon(values, type),
    /** Undefined if not given: the service does not return it. */
    metricName: readMetricName(values, type),
    queryId: required('query-id', readGiven(values.text('query-id'), id("a query's id"))),
  };
}

function readCommon(values: FlagValues, type: QueryType) {
  const given = <T>(name: string, format: Format<T>) => readGiven(values.text(name), format);
  return {
    /** Undefined: the region of the environment or the profile. */
    region: given('region', region),
    type,
    ...readSubject(values, type),
    profile: given('profile', profile),
    /** May contain `{region}`. */
    endpoint: given('endpoint', regionalHttpUrl),
    output: given('output', oneOf(OUTPUTS)) ?? 'table',
    noMirror: ofRows('no-mirror', values, type) && values.on('no-mirror'),
    /** Milliseconds. */
    timeout: given('timeout', timerDuration) ?? DEFAULT_TIMEOUT_MS,
  };
}

/** Returns whether results have rows. @throws UsageError if they have none, and a flag of rows is given */
function ofRows(flagOfRows: string, values: FlagValues, type: QueryType): boolean {
  if (type === DATA_TYPE && values.on(flagOfRows)) {
    throw new UsageError(`--${flagOfRows} is not valid for type ${type}`);
  }
  return type !== DATA_TYPE;
}

function readMetricName(values: FlagValues, type: QueryType): MetricName | undefined {
  return readGiven(values.text('metric-name'), wordOf(metricNamesOf(type)));
}

function readCommand([command, more]: readonly string[]): 'run' | 'watch' {
  if (command !== 'run' && command !== 'watch') {
    const got = command === undefined ? 'nothing' : JSON.stringify(command);
    throw new UsageError(`query: got ${got}, expected run or watch${didYouMean(command ?? '', ['run', 'watch'])}`);
  }
  if (more !== undefined) {
    throw new UsageError(`unexpected argument ${JSON.stringify(more)}`);
  }
  return command;
}

function readSubject(values: FlagValues, type: QueryType): Subject {
  const monitor = readGiven(values.text('monitor-name'), monitorName);
  const scope = readGiven(values.text('scope-id'), id("a scope's id"));
  if (type === 'monitor-top-contributors') {
    if (scope !== undefined) {
      throw new UsageError(`--scope-id requires --type=${QUERY_TYPES[1]} or ${QUERY_TYPES[2]}`);
    }
    return { monitorName: required('monitor-name', monitor), scopeId: undefined };
  }
  if (monitor !== undefined) {
    throw new UsageError(`--monitor-name requires --type=${QUERY_TYPES[0]}, got ${type}`);
  }
  return { monitorName: undefined, scopeId: required('scope-id', scope) };
}

function readWindow(values: FlagValues, now: number) {
  const givenStart = values.text('start');
  const length = readGiven(values.text('lookback'), lookback);
  if (givenStart !== undefined && length !== undefined) {
    throw new UsageError('--start and --lookback are mutually exclusive');
  }
  const end = readTime(values.text('end')) ?? Math.floor((now - DELAY_MS) / 1_000) * 1_000;
  const start = readTime(givenStart) ?? end - (length ?? DEFAULT_LOOKBACK_MS);
  if (givenStart !== undefined && (start >= end || end - start > LONGEST_LOOKBACK_MS)) {
    const latest = new Date(end).toISOString();
    throw wrongValue(
      givenStart,
      `a time at most 1h before the end of the window, ${latest}: the service rejects longer windows`,
    );
  }
  return { start, end };
}

function readWatch(values: FlagValues): boolean {
  const isOn = values.on('watch');
  const fixed = ['start', 'end'].find(values.on);
  if (isOn && fixed !== undefined) {
    throw new UsageError(`--watch and --${fixed} are mutually exclusive`);
  }
  const given = values.text('lookback');
  if (isOn && given !== undefined && (readGiven(given, lookback) ?? 0) < SHORTEST_WATCH_MS) {
    throw wrongValue(given, 'at least 1m with --watch');
  }
  return isOn;
}

const RFC_3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/;

function readTime(given: Given | undefined): number | undefined {
  if (given === undefined) {
    return undefined;
  }
  const time = RFC_3339.test(given.text) ? Date.parse(given.text.replace(' ', 'T').toUpperCase()) : Number.NaN;
  if (Number.isNaN(time)) {
    throw wrongValue(given, 'a time in RFC 3339 format (for example, 2026-01-31T12:00:00Z)');
  }
  return time;
}

function required<T>(flag: string, value: T | undefined): T {
  if (value === undefined) {
    throw new UsageError(`--${flag} is required`);
  }
  return value;
}
