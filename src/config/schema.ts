import { MIRROR_ROWS, MONITOR_STATUSES, ROUND_TRIP_TIME_UNITS, ROW_LABELS } from '../model/vocabulary.ts';
import * as formats from './formats.ts';
import { listOf, oneOf, oneOrList, wordOf } from './reading/formats.ts';
import { key, optionalKey, type ValuesOf } from './reading/section.ts';

export const WEB = {
  listenAddresses: key('Addresses to listen on', listOf(formats.listenAddress), [':10049']),
  telemetryPath: key('Path of the metrics', formats.telemetryPath, '/metrics'),
};

export const LOG = {
  level: key('Lowest level to log', formats.logLevel, 'info'),
  format: key('Format of log lines', formats.logFormat, 'logfmt'),
};

export const AWS = {
  region: optionalKey(
    'Region of accounts without a Region; default: from the environment or the profile',
    formats.region,
  ),
  endpoint: optionalKey(
    "Network Flow Monitor endpoint, instead of the Region's own; {region} is replaced by the Region",
    formats.regionalHttpUrl,
  ),
  stsRegion: optionalKey(
    "Region of STS calls, for accounts in its partition; default: aws.region, or the account's first region",
    formats.region,
  ),
  stsEndpoint: optionalKey("STS endpoint, instead of the Region's own", formats.httpUrl),
  requestTimeout: key('Maximum duration of one attempt', formats.timerDuration, '10s'),
  maxAttempts: key('Maximum number of attempts of one call, including the first', formats.positiveInteger, 3),
  requestsPerSecond: key('Maximum number of attempts in any second, for each account and Region', formats.rate, 5),
  maxConcurrentRequests: key(
    'Maximum number of requests in flight, for each account and Region',
    formats.positiveInteger,
    8,
  ),
  maxConcurrentRuns: key(
    'Maximum number of concurrent runs of scheduled queries at the service, for each account and Region',
    formats.positiveInteger,
    5,
  ),
};
export type AwsKeys = ValuesOf<typeof AWS>;

/** An element of `accounts`, except `sessionTags`, which has free keys. */
export const ACCOUNT = {
  name: optionalKey('Unique name, used as the label account', formats.name),
  region: optionalKey('The one Region to call; default: aws.region', formats.region),
  regions: optionalKey('Several Regions to call', listOf(formats.region)),
  profile: optionalKey(
    'Profile of the shared config files that supplies the credentials, including those that assume roleArn; default: the default credential chain',
    formats.profile,
  ),
  roleArn: optionalKey('Role to assume', formats.roleArn),
  externalId: optionalKey('External id that the role requires; never shown or logged', formats.externalId),
  roleSessionName: key('Name of the role session', formats.roleSessionName, 'nfm-exporter'),
  endpoint: optionalKey('As aws.endpoint, for this account', formats.regionalHttpUrl),
  requestsPerSecond: optionalKey('As aws.requestsPerSecond, for this account', formats.rate),
  maxConcurrentRequests: optionalKey('As aws.maxConcurrentRequests, for this account', formats.positiveInteger),
  maxConcurrentRuns: optionalKey('As aws.maxConcurrentRuns, for this account', formats.positiveInteger),
};
export type AccountKeys = ValuesOf<typeof ACCOUNT>;

export const POLLING = {
  interval: key('Polling interval of a watched query', formats.timerDuration, '30s'),
  concurrency: key('Maximum number of requests in flight, over all accounts and Regions', formats.positiveInteger, 256),
  staleAfter: optionalKey(
    'Age beyond which a non-terminal status is not exported; default: 5m, or 3 × the interval of a watched query if that is longer',
    formats.duration,
  ),
  giveUpAfter: key(
    'A watched query that is unknown to the service for this long is no longer polled',
    formats.duration,
    '1h',
  ),
};

export const DISCOVERY = {
  files: optionalKey(
    'Globs of files with lists of queries, relative to the directory of this file',
    listOf(formats.discoveryFiles),
  ),
  monitorsEvery: key(
    'Interval between listings of monitors and scopes, in each account and Region that a query uses; 0s: never',
    formats.durationOrZero,
    '5m',
  ),
  zoneNames: key(
    'Whether the names of availability zones are read daily from EC2, in each account and Region that a query uses',
    formats.switched,
    false,
  ),
  ec2Endpoint: optionalKey(
    "EC2 endpoint, instead of the Region's own; {region} is replaced by the Region",
    formats.regionalHttpUrl,
  ),
};

export const STORAGE = {
  path: optionalKey(
    'Directory for data that persists across restarts, relative to this file; default: nothing is stored',
    formats.pathName,
  ),
};

export const DYNAMODB = {
  table: optionalKey('Table that the replicas share; nfm-exporter storage create creates it', formats.tableName),
  region: optionalKey('Region of the table; default: aws.region', formats.region),
  endpoint: optionalKey("DynamoDB endpoint, instead of the Region's own", formats.httpUrl),
};

export const POSTGRESQL = {
  url: optionalKey('Database that the replicas share; never shown or logged', formats.postgresqlUrl),
};

export const REPLICAS = {
  group: key('Name of the group; its members share one storage and have one leader', formats.name, 'default'),
  id: optionalKey('Unique id of this member; default: the host name of the operating system', formats.name),
  url: optionalKey('URL of this member, to which the others redirect clients while it is the leader', formats.httpUrl),
  heartbeat: key('Interval between heartbeats', formats.heartbeat, '5s'),
  deadAfter: optionalKey(
    'A member without a heartbeat for this long is dead; default: 3 × heartbeat, which is the minimum',
    formats.timerDuration,
  ),
};

export const CONTRIBUTORS = {
  labels: key('Row labels of contributor series; rows with equal labels form one series', listOf(wordOf(ROW_LABELS)), [
    'local_az',
    'local_subnet_id',
    'local_instance_id',
    'remote_az',
    'remote_subnet_id',
    'remote_instance_id',
    'remote_ip',
    'target_port',
  ]),
  maxSeries: key('Maximum number of contributor series of all queries', formats.positiveInteger, 50_000),
  maxSeriesPerQuery: key('Maximum number of contributor series of each query', formats.positiveInteger, 500),
  mirrorRows: key(
    'Handling of mirror rows: rows with target port 0, the view of a connection from its remote end',
    oneOf(MIRROR_ROWS),
    'keep',
  ),
  roundTripTimeUnit: key(
    'Unit of round-trip times if the response has no unit',
    oneOf(ROUND_TRIP_TIME_UNITS),
    'MICROSECONDS',
  ),
};

/** `prices`, except `dollarsPerGigabyte` and `regions`, which have free keys. */
export const PRICES = {
  gigabyte: key('Bytes in a gigabyte of a price: 2^30 (default), or 1000000000', formats.gigabyte, 2 ** 30),
};

export const HTTP = {
  retention: key(
    'A watched query that was registered over HTTP is removed this long after its terminal status',
    formats.duration,
    '1h',
  ),
};

/** `cloudwatch`, at the top level and of an account, except the mappings `monitors` and `roundTripTimeLimits`. */
export const CLOUDWATCH = {
  metrics: key('Metrics to read; AWS bills each of them, for each monitor, at each read', formats.monitorMetrics, [
    'HealthIndicator',
  ]),
  interval: key('Interval between reads of HealthIndicator', formats.minutes, '1m'),
  sumsInterval: key(
    'Interval between reads of the other metrics, each of which returns all points since',
    formats.minutes,
    '5m',
  ),
  delay: key('Time from the end of a one-minute period to its first read', formats.shortDelay, '2m'),
  lookback: key(
    'Time that each read covers, for late and corrected points; its length is free',
    formats.minutes,
    '60m',
  ),
  endpoint: optionalKey(
    "CloudWatch endpoint, instead of the Region's own; {region} is replaced by the Region",
    formats.regionalHttpUrl,
  ),
  requestsPerSecond: key(
    'Maximum number of attempts in any second, for each account and Region, apart from aws.requestsPerSecond',
    formats.rate,
    1,
  ),
  maxMetricsPerDay: optionalKey(
    'Cost limit of the plan, in metrics that are requested per day, for each account and Region: if the monitors need more, sumsInterval grows, then interval',
    formats.positiveInteger,
  ),
};
export type CloudwatchKeys = ValuesOf<typeof CLOUDWATCH>;

const SHARED = {
  type: key('The family of queries in the API', formats.queryType, 'monitor-top-contributors'),
  account: optionalKey(
    'One or more accounts; default: the only account of the file, otherwise "default"',
    formats.accountSelection,
  ),
  region: optionalKey('One or more Regions; default: all Regions of the account', formats.regionSelection),
};

/** Keys of watched and scheduled queries, except `labels`, which has free keys. */
export const COMMON = {
  name: optionalKey('Name of the query, or of the queries that this entry creates', formats.name),
  ...SHARED,
};
export type CommonKeys = ValuesOf<typeof COMMON>;

const SCOPE_ID = formats.id("a scope's id");

/** Keys of a watched query in addition to those of {@link COMMON}. */
export const WATCHED_ONLY = {
  monitorName: optionalKey('Monitor of the query', formats.monitorName),
  scopeId: optionalKey('Scope of the query, for workload insights', SCOPE_ID),
  queryId: optionalKey('Query id, as returned when the query was started', formats.id("a query's id")),
  interval: optionalKey('Polling interval; default: polling.interval', formats.timerDuration),
};

/** Keys of a scheduled query in addition to those of {@link COMMON}, except the mappings `schedule` and `monitorSelector`. */
export const SCHEDULED_ONLY = {
  monitorName: optionalKey('One or more monitors', oneOrList(formats.monitorName)),
  scopeId: optionalKey('One or more scopes, for workload insights', oneOrList(SCOPE_ID)),
  metricName: optionalKey('One or more metrics; ROUND_TRIP_TIME exists for monitors only', formats.metricSelection),
  destinationCategory: optionalKey('One or more categories of flows', formats.categorySelection),
  limit: key('Maximum number of rows of a result; not for the -data type', formats.limit, 100),
  contributorLabels: optionalKey(
    'Row labels of its contributor series; default: contributors.labels',
    listOf(wordOf(ROW_LABELS)),
  ),
};

export const SCHEDULE = {
  every: optionalKey('Interval between windows', formats.every),
  lookback: optionalKey('Length of a window; default: every, at most 1h', formats.lookback),
  delay: key('Time from the end of a window to its run', formats.durationOrZero, '2m'),
  timeout: optionalKey(
    'Duration after which a run is stopped; default: 10m, or every if that is shorter',
    formats.duration,
  ),
};

/** `monitorSelector` of a scheduled query, except `tags`, which has free keys. */
export const MONITOR_SELECTOR = {
  name: key('Pattern for monitor names: * matches any characters, ? matches one', formats.monitorGlob, '*'),
  status: key('Statuses of selected monitors', listOf(wordOf(MONITOR_STATUSES)), ['ACTIVE']),
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

export const QUERY_DEFAULT_KEYS = [
  ...Object.keys(SHARED),
  'labels',
  ...Object.keys(WATCHED_ONLY),
  'schedule',
  'monitorSelector',
  ...Object.keys(SCHEDULED_ONLY).filter((key) => !(key in WATCHED_ONLY)),
];

export const QUERY_KEYS = ['name', ...QUERY_DEFAULT_KEYS];
