import {
  accountSelection,
  categorySelection,
  discoveryFiles,
  duration,
  durationOrZero,
  every,
  externalId,
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
  positiveNumber,
  profile,
  queryType,
  region,
  regionalHttpUrl,
  roleArn,
  roleSessionName,
  roundTripTimeUnit,
  rowLabels,
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
  level: key('The least level that is logged', logLevel, 'info'),
  format: key('Form of the log lines', logFormat, 'logfmt'),
};

export const AWS = {
  region: optionalKey('Region of accounts that give none; default: from the environment or the profile', region),
  endpoint: optionalKey(
    "Network Flow Monitor's endpoint, instead of the region's own; {region} in it stands for the region",
    regionalHttpUrl,
  ),
  stsRegion: optionalKey(
    "Region of STS calls, for accounts of its partition; default: aws.region, else the account's first region",
    region,
  ),
  stsEndpoint: optionalKey("STS' endpoint, instead of the region's own", httpUrl),
  requestTimeout: key('How long one attempt may take', timerDuration, '10s'),
  maxAttempts: key('Attempts a call may take, the first included', positiveInteger, 3),
  requestsPerSecond: key('Attempts a second for each account and region, at most in any second', positiveNumber, 5),
  maxConcurrentRequests: key('Requests in flight for each account and region', positiveInteger, 8),
  maxConcurrentRuns: key(
    'Runs of scheduled queries in flight at the service for each account and region',
    positiveInteger,
    5,
  ),
};
export type AwsKeys = ValuesOf<typeof AWS>;

/** An element of `accounts`, but for `sessionTags`, whose keys are the user's. */
export const ACCOUNT = {
  name: optionalKey('Unique name, the label account', name),
  region: optionalKey('The one region to call; default: aws.region', region),
  regions: optionalKey('Several regions to call', listOf(region)),
  profile: optionalKey(
    'Profile of the shared config files whose credentials are used, with roleArn to assume the role; default: the default chain',
    profile,
  ),
  roleArn: optionalKey('Role to assume', roleArn),
  externalId: optionalKey('External id that the role asks for; never shown or logged', externalId),
  roleSessionName: key("Name of the role's session", roleSessionName, 'nfm-exporter'),
  endpoint: optionalKey('As aws.endpoint, for this account', regionalHttpUrl),
  requestsPerSecond: optionalKey('As aws.requestsPerSecond, for this account', positiveNumber),
  maxConcurrentRequests: optionalKey('As aws.maxConcurrentRequests, for this account', positiveInteger),
  maxConcurrentRuns: optionalKey('As aws.maxConcurrentRuns, for this account', positiveInteger),
};
export type AccountKeys = ValuesOf<typeof ACCOUNT>;

export const POLLING = {
  interval: key('How often a watched query is polled', timerDuration, '30s'),
  concurrency: key('Requests in flight over all accounts and regions', positiveInteger, 256),
  staleAfter: optionalKey(
    'Age from which a status that is not final is not exported; default: 5m, or 3 × the interval of a watched query if that is more',
    duration,
  ),
  giveUpAfter: key('A watched query that is unknown to the service for this long is no longer polled', duration, '1h'),
};

export const DISCOVERY = {
  files: optionalKey(
    'Globs of files with lists of queries, relative to the folder of this file',
    listOf(discoveryFiles),
  ),
  monitorsEvery: key(
    'How often monitors and scopes are listed, in each account and region that a query uses; 0s: never',
    durationOrZero,
    '5m',
  ),
};

export const STORAGE = {
  path: optionalKey('Folder for what outlives a restart; relative to this file. Default: nothing does', pathName),
};

export const CONTRIBUTORS = {
  labels: key('Row labels of contributor series: rows that are equal in them are one series', rowLabels, [
    'local_az',
    'local_subnet_id',
    'local_instance_id',
    'remote_az',
    'remote_subnet_id',
    'remote_instance_id',
    'remote_ip',
    'target_port',
  ]),
  maxSeries: key('Contributor series of all queries, at most', positiveInteger, 50_000),
  maxSeriesPerQuery: key('Contributor series of each query, at most', positiveInteger, 500),
  mirrorRows: key("What becomes of rows with target port 0, the far end's view of a connection", mirrorRows, 'keep'),
  roundTripTimeUnit: key('Unit of round-trip times where an answer names none', roundTripTimeUnit, 'MICROSECONDS'),
};

export const HTTP = {
  retention: key(
    'A watched query that was registered over HTTP is removed this long after its terminal status',
    duration,
    '1h',
  ),
};

const SHARED = {
  type: key('The family of queries in the API', queryType, 'monitor-top-contributors'),
  account: optionalKey('Account or accounts; default: the only one of the file, else default', accountSelection),
  region: optionalKey('Region or regions; default: all of the account', oneOrList(region)),
};

/** Keys of watched and of scheduled queries, but for `labels`, whose keys are the user's. */
export const COMMON = {
  name: optionalKey('Name of the query, or of the queries this entry fans out to', name),
  ...SHARED,
};
export type CommonKeys = ValuesOf<typeof COMMON>;

const SCOPE_ID = id("a scope's id");

/** Keys of a watched query beside those of {@link COMMON}. */
export const WATCHED_ONLY = {
  monitorName: optionalKey('The monitor that was asked', monitorName),
  scopeId: optionalKey('The scope that was asked, for workload insights', SCOPE_ID),
  queryId: optionalKey("The query's id, as its start returned it", id("a query's id")),
  interval: optionalKey('How often it is polled; default: polling.interval', timerDuration),
};

/** Keys of a scheduled query beside those of {@link COMMON}, but for `schedule` and `monitorSelector`, which are mappings. */
export const SCHEDULED_ONLY = {
  monitorName: optionalKey('Monitor or monitors to ask', oneOrList(monitorName)),
  scopeId: optionalKey('Scope or scopes to ask, for workload insights', oneOrList(SCOPE_ID)),
  metricName: optionalKey('What to ask for; ROUND_TRIP_TIME exists for monitors only', metricSelection),
  destinationCategory: optionalKey('Which flows to ask about', categorySelection),
  limit: key('Rows of a result, at most; not for the -data type', limit, 100),
  contributorLabels: optionalKey('Row labels of its contributor series; default: contributors.labels', rowLabels),
};

/** `schedule` of a scheduled query. */
export const SCHEDULE = {
  every: optionalKey('Time from window to window', every),
  lookback: optionalKey('Length of a window; default: every, at most 1h', lookback),
  delay: key('From the end of a window until its run is due', durationOrZero, '2m'),
  timeout: optionalKey(
    'How long a run may take before it is stopped; default: 10m, or every if that is less',
    duration,
  ),
};

/** `monitorSelector` of a scheduled query, but for `tags`, whose keys are the user's. */
export const MONITOR_SELECTOR = {
  name: key("Pattern of the monitors' names: * stands for any characters, ? for one", monitorGlob, '*'),
  status: key('Statuses that the monitors may have', monitorStatuses, ['ACTIVE']),
};

export const WATCHED = { ...COMMON, ...WATCHED_ONLY };

export const SCHEDULED = { ...COMMON, ...SCHEDULED_ONLY };
export type ScheduledKeys = ValuesOf<typeof SCHEDULED>;

/** `queryDefaults`, but for `labels`, `schedule` and `monitorSelector`: what an entry may have, less its name. */
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
