import {
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
import { type Format, oneOf, text, wordOf } from '../../config/reading/formats.ts';
import { didYouMean } from '../../config/reading/nearest.ts';
import { LONGEST_LOOKBACK_MS } from '../../model/query.ts';
import {
  KNOWN_CATEGORIES,
  METRIC_NAMES,
  type MetricName,
  metricNamesOf,
  QUERY_TYPES,
  type QueryType,
} from '../../model/vocabulary.ts';
import { type Flag, type FlagValues, type Given, UsageError, wrongValue } from '../flags.ts';

export const OUTPUTS = ['table', 'json'] as const;
export type Output = (typeof OUTPUTS)[number];

const flag = (name: string, placeholder: string, help: string): Flag => ({ name, kind: 'text', placeholder, help });

/** Flags of `query run` and `query watch`. */
export const QUERY_FLAGS: readonly Flag[] = [
  flag('region', 'REGION', 'AWS region. Default: that of the environment or the profile.'),
  flag('type', 'TYPE', `${QUERY_TYPES.slice(0, -1).join(', ')} or ${QUERY_TYPES.at(-1)}. Default ${QUERY_TYPES[0]}.`),
  flag('monitor-name', 'NAME', 'Monitor to ask; required by its type.'),
  flag('scope-id', 'ID', 'Scope to ask; required by the workload-insights types.'),
  flag(
    'metric-name',
    'METRIC',
    `${METRIC_NAMES.join(', ')}. Required by run; tells watch what values are where the answer names no unit.`,
  ),
  flag('destination-category', 'CATEGORY', `${KNOWN_CATEGORIES.slice(0, 3).join(', ')} and so on. run only, required.`),
  flag('limit', 'N', 'Contributors at most, 1 to 500. run only. Default 100.'),
  flag('start', 'TIME', 'Begin of the window, RFC 3339. run only.'),
  flag('end', 'TIME', 'End of the window, RFC 3339. run only. Default: two minutes ago, since data lands late.'),
  flag('lookback', 'DURATION', 'Length of the window, at most 1h, where --start is not given. run only. Default 15m.'),
  flag('query-id', 'ID', 'Query to follow. watch only, required.'),
  flag('profile', 'NAME', 'Profile of the shared AWS files to take credentials of.'),
  flag('endpoint', 'URL', "Network Flow Monitor's endpoint; may hold {region}."),
  flag('output', 'FORMAT', `${OUTPUTS.join(' or ')}. Default table.`),
  flag('timeout', 'DURATION', 'How long it may take; run then stops the query at the service. Default 10m.'),
];

/** What both commands need. */
interface CommonRequest {
  /** Undefined: that of the environment or the profile. */
  readonly region: string | undefined;
  readonly type: QueryType;
  /** Of monitor queries only. */
  readonly monitorName: string | undefined;
  /** Of workload-insights queries only. */
  readonly scopeId: string | undefined;
  readonly profile: string | undefined;
  /** May hold `{region}`. */
  readonly endpoint: string | undefined;
  readonly output: Output;
  /** Milliseconds. */
  readonly timeout: number;
}

/** A query to start. */
export interface RunRequest extends CommonRequest {
  readonly command: 'run';
  readonly metricName: MetricName;
  readonly destinationCategory: string;
  /** The `-data` type has none. */
  readonly limit: number | undefined;
  /** Milliseconds since the epoch; `end` is exclusive. */
  readonly window: { readonly start: number; readonly end: number };
}

/** A query to follow, which somebody else started. */
export interface WatchRequest extends CommonRequest {
  readonly command: 'watch';
  readonly queryId: string;
  /** The service does not tell it. */
  readonly metricName: MetricName | undefined;
}

export type QueryRequest = RunRequest | WatchRequest;

const DEFAULT_LIMIT = 100;
const DEFAULT_LOOKBACK_MS = 900_000;
const DEFAULT_TIMEOUT_MS = 600_000;
/** Data lands late: a window that ends now would miss its last flows. */
const DELAY_MS = 120_000;

const RUN_ONLY = ['destination-category', 'limit', 'start', 'end', 'lookback'];
const WATCH_ONLY = ['query-id'];

/**
 * Reads the flags of `query run` or `query watch`.
 *
 * @param now milliseconds since the epoch, from which windows are counted
 * @throws UsageError that names the flag, what it got and what was expected.
 */
export function readQueryFlags(values: FlagValues, now: number): QueryRequest {
  const command = readCommand(values.operands);
  const foreign = (command === 'run' ? WATCH_ONLY : RUN_ONLY).find((name) => values.text(name) !== undefined);
  if (foreign !== undefined) {
    throw new UsageError(`--${foreign} is no flag of query ${command}`);
  }
  const type = read(values.text('type'), queryType) ?? 'monitor-top-contributors';
  const common: CommonRequest = {
    region: read(values.text('region'), region),
    type,
    ...readSubject(values, type),
    profile: read(values.text('profile'), profile),
    endpoint: read(values.text('endpoint'), regionalHttpUrl),
    output: read(values.text('output'), oneOf(OUTPUTS)) ?? 'table',
    timeout: read(values.text('timeout'), timerDuration) ?? DEFAULT_TIMEOUT_MS,
  };
  const metricName = read(values.text('metric-name'), wordOf(metricNamesOf(type)));
  if (command === 'watch') {
    const queryId = required('query-id', read(values.text('query-id'), id("a query's id")));
    return { command, ...common, metricName, queryId };
  }
  return {
    command,
    ...common,
    metricName: required('metric-name', metricName),
    destinationCategory: required('destination-category', read(values.text('destination-category'), category)),
    limit: readLimit(values.text('limit'), type),
    window: readWindow(values, now),
  };
}

const category = text('a destination category (for example, INTER_AZ)', (value) => /^[A-Z][A-Z0-9_]{0,63}$/.test(value));

function readCommand([command, more]: readonly string[]): QueryRequest['command'] {
  if (command !== 'run' && command !== 'watch') {
    const got = command === undefined ? 'nothing' : JSON.stringify(command);
    throw new UsageError(`query: got ${got}, expected run or watch${didYouMean(command ?? '', ['run', 'watch'])}`);
  }
  if (more !== undefined) {
    throw new UsageError(`unexpected argument ${JSON.stringify(more)}`);
  }
  return command;
}

function readSubject(values: FlagValues, type: QueryType): Pick<CommonRequest, 'monitorName' | 'scopeId'> {
  const monitor = read(values.text('monitor-name'), monitorName);
  const scope = read(values.text('scope-id'), id("a scope's id"));
  if (type === 'monitor-top-contributors') {
    if (scope !== undefined) {
      throw new UsageError(`--scope-id goes with --type=${QUERY_TYPES[1]} or ${QUERY_TYPES[2]}`);
    }
    return { monitorName: required('monitor-name', monitor), scopeId: undefined };
  }
  if (monitor !== undefined) {
    throw new UsageError(`--monitor-name goes with --type=${QUERY_TYPES[0]}, not with ${type}`);
  }
  return { monitorName: undefined, scopeId: required('scope-id', scope) };
}

function readLimit(given: Given | undefined, type: QueryType): number | undefined {
  const isOfData = type === 'workload-insights-top-contributors-data';
  if (isOfData && given !== undefined) {
    throw new UsageError(`--limit: queries of type ${type} have none`);
  }
  return isOfData ? undefined : (read(given, limit) ?? DEFAULT_LIMIT);
}

function readWindow(values: FlagValues, now: number): RunRequest['window'] {
  const givenStart = values.text('start');
  const length = read(values.text('lookback'), lookback);
  if (givenStart !== undefined && length !== undefined) {
    throw new UsageError('--start and --lookback exclude each other');
  }
  const end = readTime(values.text('end')) ?? Math.floor((now - DELAY_MS) / 1_000) * 1_000;
  const start = readTime(givenStart) ?? end - (length ?? DEFAULT_LOOKBACK_MS);
  if (givenStart !== undefined && (start >= end || end - start > LONGEST_LOOKBACK_MS)) {
    throw wrongValue(
      givenStart,
      `a time before the window's end, ${new Date(end).toISOString()}, by at most 1h: the service refuses more`,
    );
  }
  return { start, end };
}

const RFC_3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/;

function readTime(given: Given | undefined): number | undefined {
  if (given === undefined) {
    return undefined;
  }
  const time = RFC_3339.test(given.text) ? Date.parse(given.text.replace(' ', 'T').toUpperCase()) : Number.NaN;
  if (Number.isNaN(time)) {
    throw wrongValue(given, 'a time such as 2026-01-31T12:00:00Z');
  }
  return time;
}

/** Reads a value by the format of the config's key of that meaning. */
function read<T>(given: Given | undefined, format: Format<T>): T | undefined {
  if (given === undefined) {
    return undefined;
  }
  const [mismatch] = format.mismatches(given.text);
  if (mismatch !== undefined) {
    throw wrongValue(given, `${mismatch.expected}${didYouMean(given.text, format.words)}`);
  }
  return format.parse(given.text);
}

function required<T>(flag: string, value: T | undefined): T {
  if (value === undefined) {
    throw new UsageError(`--${flag} is required`);
  }
  return value;
}
