import { minutes, monitorMetrics } from './cloudwatch-formats.ts';
import {
  accountSelection,
  categorySelection,
  discoveryFiles,
  duration,
  durationOrZero,
  every,
  externalId,
  gigabyte,
  heartbeat,
  httpUrl,
  id,
  limit,
  listenAddress,
  logFormat,
  logLevel,
  lookback,
  metricSelection,
  mirrorRows,
  monitorGlob,
  monitorName,
  monitorStatuses,
  name,
  pathName,
  positiveInteger,
  postgresqlUrl,
  profile,
  queryType,
  rate,
  region,
  regionalHttpUrl,
  regionSelection,
  roleArn,
  roleSessionName,
  roundTripTimeUnit,
  rowLabels,
  shortDelay,
  switched,
  tableName,
  telemetryPath,
  timerDuration,
} from './formats.ts';
import { listOf, oneOrList } from './reading/formats.ts';
import { key, optionalKey, type ValuesOf } from './reading/section.ts';

export const WEB = {
  listenAddresses: key('Addresses to listen on', listOf(listenAddress), [':10049']),
  telemetryPath: key('Path of the metrics', telemetryPath, '/metrics'),
};

export const LOG = {
  level: key('Lowest level to log', logLevel, 'info'),
  format: key('Format of log lines', logFormat, 'logfmt'),
};

export const AWS = {
  region: optionalKey('Region of accounts without a Region; default: from the environment or the profile', region),
  endpoint: optionalKey(
    "Network Flow Monitor endpoint, instead of the Region's own; {region} is replaced by the Region",
    regionalHttpUrl,
  ),
  stsRegion: optionalKey(
    "Region of STS calls, for accounts in its partition; default: aws.region, or the account's first region",
    region,
  ),
  stsEndpoint: optionalKey("STS endpoint, instead of the Region's own", httpUrl),
  requestTimeout: key('Maximum duration of one attempt', timerDuration, '10s'),
  maxAttempts: key('Maximum number of attempts of one call, including the first', positiveInteger, 3),
  requestsPerSecond: key('Maximum number of attempts in any second, for each account and Region', rate, 5),
  maxConcurrentRequests: key('Maximum number of requests in flight, for each account and Region', positiveInteger, 8),
  maxConcurrentRuns: key(
    'Maximum number of concurrent runs of scheduled queries at the service, for each account and Region',
    positiveInteger,
    5,
  ),
};
export type AwsKeys = ValuesOf<typeof AWS>;

/** An element of `accounts`, except `sessionTags`, which has free keys. */
export const ACCOUNT = {
  name: optionalKey('Unique name, used as the label account', name),
  region: optionalKey('The one Region to call; default: aws.region', region),
  regions: optionalKey('Several Regions to call', listOf(region)),
  profile: optionalKey(
    'Profile of the shared config files that supplies the credentials, including those that assume roleArn; default: the default credential chain',
    profile,
  ),
  roleArn: optionalKey('Role to assume', roleArn),
  externalId: optionalKey('External id that the role requires; never shown or logged', externalId),
  roleSessionName: key('Name of the role session', roleSessionName, 'nfm-exporter'),
  endpoint: optionalKey('As aws.endpoint, for this account', regionalHttpUrl),
  requestsPerSecond: optionalKey('As aws.requestsPerSecond, for this account', rate),
  maxConcurrentRequests: optionalKey('As aws.maxConcurrentRequests, for this account', positiveInteger),
  maxConcurrentRuns: optionalKey('As aws.maxConcurrentRuns, for this account', positiveInteger),
};
export type AccountKeys = ValuesOf<typeof ACCOUNT>;

export const POLLING = {
  interval: key('Polling interval of a watched query', timerDuration, '30s'),
  concurrency: key('Maximum number of requests in flight, over all accounts and Regions', positiveInteger, 256),
  staleAfter: optionalKey(
    'Age beyond which a non-terminal status is not exported; default: 5m, or 3 × the interval of a watched query if that is longer',
    duration,
  ),
  giveUpAfter: key('A watched query that is unknown to the service for this long is no longer polled', duration, '1h'),
};

export const DISCOVERY = {
  files: optionalKey(
    'Globs of files with lists of queries, relative to the directory of this file',
    listOf(discoveryFiles),
  ),
  monitorsEvery: key(
    'Interval between listings of monitors and scopes, in each account and Region that a query uses; 0s: never',
    durationOrZero,
    '5m',
  ),
  zoneNames: key(
    'Whether the names of availability zones are read daily from EC2, in each account and Region that a query uses',
    switched,
    false,
  ),
  ec2Endpoint: optionalKey(
    "EC2 endpoint, instead of the Region's own; {region} is replaced by the Region",
    regionalHttpUrl,
  ),
};

export const STORAGE = {
  path: optionalKey(
    'Directory for data that persists across restarts, relative to this file; default: nothing is stored',
    pathName,
  ),
};

/** `storage.dynamodb`. */
export const DYNAMODB = {
  table: optionalKey('Table that the replicas share; nfm-exporter storage create creates it', tableName),
  region: optionalKey('Region of the table; default: aws.region', region),
  endpoint: optionalKey("DynamoDB endpoint, instead of the Region's own", httpUrl),
};

/** `storage.postgresql`. */
export const POSTGRESQL = {
  url: optionalKey('Database that the replicas share; never shown or logged', postgresqlUrl),
};

export const REPLICAS = {
  group: key('Name of the group; its members share one storage and have one leader', name, 'default'),
  id: optionalKey('Unique id of this member; default: the host name of the operating system', name),
  url: optionalKey('URL of this member, to which the others redirect clients while it is the leader', httpUrl),
  heartbeat: key('Interval between heartbeats', heartbeat, '5s'),
  deadAfter: optionalKey(
    'A member without a heartbeat for this long is dead; default: 3 × heartbeat, which is the minimum',
    timerDuration,
  ),
};

export const CONTRIBUTORS = {
  labels: key('Row labels of contributor series; rows with equal labels form one series', rowLabels, [
    'local_az',
    'local_subnet_id',
    'local_instance_id',
    'remote_az',
    'remote_subnet_id',
    'remote_instance_id',
    'remote_ip',
    'target_port',
  ]),
  maxSeries: key('Maximum number of contributor series of all queries', positiveInteger, 50_000),
  maxSeriesPerQuery: key('Maximum number of contributor series of each query', positiveInteger, 500),
  mirrorRows: key(
    'Handling of mirror rows: rows with target port 0, the view of a connection from its remote end',
    mirrorRows,
    'keep',
  ),
  roundTripTimeUnit: key('Unit of round-trip times if the response has no unit', roundTripTimeUnit, 'MICROSECONDS'),
};

/** `prices`, except `dollarsPerGigabyte` and `regions`, which have free keys. */
export const PRICES = {
  gigabyte: key('Bytes in a gigabyte of a price: 2^30 (default), or 1000000000', gigabyte, 2 ** 30),
};

export const HTTP = {
  retention: key(
    'A watched query that was registered over HTTP is removed this long after its terminal status',
    duration,
    '1h',
  ),
};

/** `cloudwatch`, at the top level and of an account, except the mappings `monitors` and `roundTripTimeLimits`. */
export const CLOUDWATCH = {
  metrics: key('Metrics to read; AWS bills each of them, for each monitor, at each read', monitorMetrics, [
    'HealthIndicator',
  ]),
  interval: key('Interval between reads of HealthIndicator', minutes, '1m'),
  sumsInterval: key(
    'Interval between reads of the other metrics, each of which returns all points since',
    minutes,
    '5m',
  ),
  delay: key('Time from the end of a one-minute period to its first read', shortDelay, '2m'),
  lookback: key('Time that each read covers, for late and corrected points; its length is free', minutes, '60m'),
  endpoint: optionalKey(
    "CloudWatch endpoint, instead of the Region's own; {region} is replaced by the Region",
    regionalHttpUrl,
  ),
  requestsPerSecond: key(
    'Maximum number of attempts in any second, for each account and Region, apart from aws.requestsPerSecond',
    rate,
    1,
  ),
  maxMetricsPerDay: optionalKey(
    'Cost limit of the plan, in metrics that are requested per day, for each account and Region: if the monitors need more, sumsInterval grows, then interval',
    positiveInteger,
  ),
};
export type CloudwatchKeys = ValuesOf<typeof CLOUDWATCH>;

const SHARED = {
  type: key('The family of queries in the API', queryType, 'monitor-top-contributors'),
  account: optionalKey(
    'One or more accounts; default: the only account of the file, otherwise "default"',
    accountSelection,
  ),
  region: optionalKey('One or more Regions; default: all Regions of the account', regionSelection),
};

/** Keys of watched and scheduled queries, except `labels`, which has free keys. */
export const COMMON = {
  name: optionalKey('Name of the query, or of the queries that this entry creates', name),
  ...SHARED,
};
export type CommonKeys = ValuesOf<typeof COMMON>;

const SCOPE_ID = id("a scope's id");

/** Keys of a watched query in addition to those of {@link COMMON}. */
export const WATCHED_ONLY = {
  monitorName: optionalKey('Monitor of the query', monitorName),
  scopeId: optionalKey('Scope of the query, for workload insights', SCOPE_ID),
  queryId: optionalKey('Query id, as returned when the query was started', id("a query's id")),
  interval: optionalKey('Polling interval; default: polling.interval', timerDuration),
};

/** Keys of a scheduled query in addition to those of {@link COMMON}, except the mappings `schedule` and `monitorSelector`. */
export const SCHEDULED_ONLY = {
  monitorName: optionalKey('One or more monitors', oneOrList(monitorName)),
  scopeId: optionalKey('One or more scopes, for workload insights', oneOrList(SCOPE_ID)),
  metricName: optionalKey('One or more metrics; ROUND_TRIP_TIME exists for monitors only', metricSelection),
  destinationCategory: optionalKey('One or more categories of flows', categorySelection),
  limit: key('Maximum number of rows of a result; not for the -data type', limit, 100),
  contributorLabels: optionalKey('Row labels of its contributor series; default: contributors.labels', rowLabels),
};

/** `schedule` of a scheduled query. */
export const SCHEDULE = {
  every: optionalKey('Interval between windows', every),
  lookback: optionalKey('Length of a window; default: every, at most 1h', lookback),
  delay: key('Time from the end of a window to its run', durationOrZero, '2m'),
  timeout: optionalKey('Duration after which a run is stopped; default: 10m, or every if that is shorter', duration),
};

/** `monitorSelector` of a scheduled query, except `tags`, which has free keys. */
export const MONITOR_SELECTOR = {
  name: key('Pattern for monitor names: * matches any characters, ? matches one', monitorGlob, '*'),
  status: key('Statuses of selected monitors', monitorStatuses, ['ACTIVE']),
};

export const WATCHED = { ...COMMON, ...WATCHED_ONLY };

export const SCHEDULED = { ...COMMON, ...SCHEDULED_ONLY };
export type ScheduledKeys = ValuesOf<typeof SCHEDULED>;

/** `queryDefaults`, except `labels`, `schedule`, and `monitorSelector`: all keys of an entry other than its name. */
export const QUERY_DEFAULTS = {
  ...SHARED,
  queryId: WATCHED_ONLY.queryId,
  interval: WATCHED_ONLY.interval,
  ...SCHEDULED_ONLY,
};

/** All keys of `queryDefaults`. */
export const QUERY_DEFAULT_KEYS = [
  ...Object.keys(SHARED),
  'labels',
  ...Object.keys(WATCHED_ONLY),
  'schedule',
  'monitorSelector',
  ...Object.keys(SCHEDULED_ONLY).filter((key) => !(key in WATCHED_ONLY)),
];

/** All keys of an entry of `queries`. */
export const QUERY_KEYS = ['name', ...QUERY_DEFAULT_KEYS];
