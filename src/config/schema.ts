import type { LogFormat, LogLevel } from '../lib/log.ts';
import type {
  MetricName,
  MirrorRows,
  MonitorStatus,
  QueryType,
  RoundTripTimeUnit,
  RowLabel,
} from '../model/vocabulary.ts';
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
import { listOf, type OneOrList, oneOrList, optional, type Selection } from './reading/formats.ts';

import type { SectionSchema } from './reading/section.ts';

export interface WebKeys {
  listenAddresses: readonly string[];
  telemetryPath: string;
}

export const WEB: SectionSchema<WebKeys> = {
  listenAddresses: {
    doc: 'Addresses to listen on',
    format: listOf(listenAddress),
    default: [':10049'],
  },
  telemetryPath: { doc: 'Path of the metrics', format: telemetryPath, default: '/metrics' },
};

export interface LogKeys {
  level: LogLevel;
  format: LogFormat;
}

export const LOG: SectionSchema<LogKeys> = {
  level: { doc: 'The least level that is logged', format: logLevel, default: 'info' },
  format: { doc: 'Form of the log lines', format: logFormat, default: 'logfmt' },
};

export interface AwsKeys {
  region: string | undefined;
  endpoint: string | undefined;
  stsRegion: string | undefined;
  stsEndpoint: string | undefined;
  requestTimeout: number;
  maxAttempts: number;
  requestsPerSecond: number;
  maxConcurrentRequests: number;
  maxConcurrentRuns: number;
}

export const AWS: SectionSchema<AwsKeys> = {
  region: {
    doc: 'Region of accounts that give none; default: from the environment or the profile',
    format: optional(region),
    default: undefined,
  },
  endpoint: {
    doc: "Network Flow Monitor's endpoint, instead of the region's own; {region} in it stands for the region",
    format: optional(regionalHttpUrl),
    default: undefined,
  },
  stsRegion: {
    doc: "Region of STS calls, for accounts of its partition; default: aws.region, else the account's first region",
    format: optional(region),
    default: undefined,
  },
  stsEndpoint: { doc: "STS' endpoint, instead of the region's own", format: optional(httpUrl), default: undefined },
  requestTimeout: { doc: 'How long one attempt may take', format: timerDuration, default: '10s' },
  maxAttempts: { doc: 'Attempts a call may take, the first included', format: positiveInteger, default: 3 },
  requestsPerSecond: {
    doc: 'Attempts a second for each account and region, at most in any second',
    format: positiveNumber,
    default: 5,
  },
  maxConcurrentRequests: {
    doc: 'Requests in flight for each account and region',
    format: positiveInteger,
    default: 8,
  },
  maxConcurrentRuns: {
    doc: 'Runs of scheduled queries in flight at the service for each account and region',
    format: positiveInteger,
    default: 5,
  },
};

export interface AccountKeys {
  name: string | undefined;
  region: string | undefined;
  regions: readonly string[] | undefined;
  profile: string | undefined;
  roleArn: string | undefined;
  externalId: string | undefined;
  roleSessionName: string;
  endpoint: string | undefined;
  requestsPerSecond: number | undefined;
  maxConcurrentRequests: number | undefined;
  maxConcurrentRuns: number | undefined;
}

/** An element of `accounts`, but for `sessionTags`, whose keys are the user's. */
export const ACCOUNT: SectionSchema<AccountKeys> = {
  name: { doc: 'Unique name, the label account', format: optional(name), default: undefined },
  region: { doc: 'The one region to call; default: aws.region', format: optional(region), default: undefined },
  regions: { doc: 'Several regions to call', format: optional(listOf(region)), default: undefined },
  profile: {
    doc: 'Profile of the shared config files whose credentials are used, with roleArn to assume the role; default: the default chain',
    format: optional(profile),
    default: undefined,
  },
  roleArn: { doc: 'Role to assume', format: optional(roleArn), default: undefined },
  externalId: {
    doc: 'External id that the role asks for; never shown or logged',
    format: optional(externalId),
    default: undefined,
  },
  roleSessionName: { doc: "Name of the role's session", format: roleSessionName, default: 'nfm-exporter' },
  endpoint: { doc: 'As aws.endpoint, for this account', format: optional(regionalHttpUrl), default: undefined },
  requestsPerSecond: {
    doc: 'As aws.requestsPerSecond, for this account',
    format: optional(positiveNumber),
    default: undefined,
  },
  maxConcurrentRequests: {
    doc: 'As aws.maxConcurrentRequests, for this account',
    format: optional(positiveInteger),
    default: undefined,
  },
  maxConcurrentRuns: {
    doc: 'As aws.maxConcurrentRuns, for this account',
    format: optional(positiveInteger),
    default: undefined,
  },
};

export interface PollingKeys {
  interval: number;
  concurrency: number;
  staleAfter: number | undefined;
  giveUpAfter: number;
}

export const POLLING: SectionSchema<PollingKeys> = {
  interval: { doc: 'How often a watched query is polled', format: timerDuration, default: '30s' },
  concurrency: { doc: 'Requests in flight over all accounts and regions', format: positiveInteger, default: 256 },
  staleAfter: {
    doc: 'Age from which a status that is not final is not exported; default: 5m, or 3 × the interval of a watched query if that is more',
    format: optional(duration),
    default: undefined,
  },
  giveUpAfter: {
    doc: 'A watched query that is unknown to the service for this long is no longer polled',
    format: duration,
    default: '1h',
  },
};

export interface DiscoveryKeys {
  files: readonly string[] | undefined;
  monitorsEvery: number;
}

export const DISCOVERY: SectionSchema<DiscoveryKeys> = {
  files: {
    doc: 'Globs of files with lists of queries, relative to the folder of this file',
    format: optional(listOf(discoveryFiles)),
    default: undefined,
  },
  monitorsEvery: {
    doc: 'How often monitors and scopes are listed, in each account and region that a query uses; 0s: never',
    format: durationOrZero,
    default: '5m',
  },
};

export interface StorageKeys {
  path: string | undefined;
}

export const STORAGE: SectionSchema<StorageKeys> = {
  path: {
    doc: 'Folder for what outlives a restart; relative to this file. Default: nothing does',
    format: optional(pathName),
    default: undefined,
  },
};

export interface ContributorsKeys {
  labels: readonly RowLabel[];
  maxSeries: number;
  maxSeriesPerQuery: number;
  mirrorRows: MirrorRows;
  roundTripTimeUnit: RoundTripTimeUnit;
}

export const CONTRIBUTORS: SectionSchema<ContributorsKeys> = {
  labels: {
    doc: 'Row labels of contributor series: rows that are equal in them are one series',
    format: rowLabels,
    default: [
      'local_az',
      'local_subnet_id',
      'local_instance_id',
      'remote_az',
      'remote_subnet_id',
      'remote_instance_id',
      'remote_ip',
      'target_port',
    ],
  },
  maxSeries: { doc: 'Contributor series of all queries, at most', format: positiveInteger, default: 50_000 },
  maxSeriesPerQuery: { doc: 'Contributor series of each query, at most', format: positiveInteger, default: 500 },
  mirrorRows: {
    doc: "What becomes of rows with target port 0, the far end's view of a connection",
    format: mirrorRows,
    default: 'keep',
  },
  roundTripTimeUnit: {
    doc: 'Unit of round-trip times where an answer names none',
    format: roundTripTimeUnit,
    default: 'MICROSECONDS',
  },
};

export interface HttpKeys {
  retention: number;
}

export const HTTP: SectionSchema<HttpKeys> = {
  retention: {
    doc: 'A watched query that was registered over HTTP is removed this long after its terminal status',
    format: duration,
    default: '1h',
  },
};

interface SharedKeys {
  type: QueryType;
  account: Selection<string> | undefined;
  region: OneOrList<string> | undefined;
}

const SHARED: SectionSchema<SharedKeys> = {
  type: { doc: 'The family of queries in the API', format: queryType, default: 'monitor-top-contributors' },
  account: {
    doc: 'Account or accounts; default: the only one of the file, else default',
    format: optional(accountSelection),
    default: undefined,
  },
  region: {
    doc: 'Region or regions; default: all of the account',
    format: optional(oneOrList(region)),
    default: undefined,
  },
};

export interface CommonKeys extends SharedKeys {
  name: string | undefined;
}

/** Keys of watched and of scheduled queries, but for `labels`, whose keys are the user's. */
export const COMMON: SectionSchema<CommonKeys> = {
  name: {
    doc: 'Name of the query, or of the queries this entry fans out to',
    format: optional(name),
    default: undefined,
  },
  ...SHARED,
};

const SCOPE_ID = id("a scope's id");

interface WatchedOnlyKeys {
  monitorName: string | undefined;
  scopeId: string | undefined;
  queryId: string | undefined;
  interval: number | undefined;
}

/** Keys of a watched query beside those of {@link COMMON}. */
export const WATCHED_ONLY: SectionSchema<WatchedOnlyKeys> = {
  monitorName: { doc: 'The monitor that was asked', format: optional(monitorName), default: undefined },
  scopeId: { doc: 'The scope that was asked, for workload insights', format: optional(SCOPE_ID), default: undefined },
  queryId: {
    doc: "The query's id, as its start returned it",
    format: optional(id("a query's id")),
    default: undefined,
  },
  interval: {
    doc: 'How often it is polled; default: polling.interval',
    format: optional(timerDuration),
    default: undefined,
  },
};

interface ScheduledOnlyKeys {
  monitorName: OneOrList<string> | undefined;
  scopeId: OneOrList<string> | undefined;
  metricName: Selection<MetricName> | undefined;
  destinationCategory: Selection<string> | undefined;
  limit: number;
  contributorLabels: readonly RowLabel[] | undefined;
}

/** Keys of a scheduled query beside those of {@link COMMON}, but for `schedule` and `monitorSelector`, which are mappings. */
export const SCHEDULED_ONLY: SectionSchema<ScheduledOnlyKeys> = {
  monitorName: { doc: 'Monitor or monitors to ask', format: optional(oneOrList(monitorName)), default: undefined },
  scopeId: {
    doc: 'Scope or scopes to ask, for workload insights',
    format: optional(oneOrList(SCOPE_ID)),
    default: undefined,
  },
  metricName: {
    doc: 'What to ask for; ROUND_TRIP_TIME exists for monitors only',
    format: optional(metricSelection),
    default: undefined,
  },
  destinationCategory: { doc: 'Which flows to ask about', format: optional(categorySelection), default: undefined },
  limit: { doc: 'Rows of a result, at most; not for the -data type', format: limit, default: 100 },
  contributorLabels: {
    doc: 'Row labels of its contributor series; default: contributors.labels',
    format: optional(rowLabels),
    default: undefined,
  },
};

export interface ScheduleKeys {
  every: number | undefined;
  lookback: number | undefined;
  delay: number;
  timeout: number | undefined;
}

/** `schedule` of a scheduled query. */
export const SCHEDULE: SectionSchema<ScheduleKeys> = {
  every: { doc: 'Time from window to window', format: optional(every), default: undefined },
  lookback: { doc: 'Length of a window; default: every, at most 1h', format: optional(lookback), default: undefined },
  delay: { doc: 'From the end of a window until its run is due', format: durationOrZero, default: '2m' },
  timeout: {
    doc: 'How long a run may take before it is stopped; default: 10m, or every if that is less',
    format: optional(duration),
    default: undefined,
  },
};

export interface MonitorSelectorKeys {
  name: string;
  status: readonly MonitorStatus[];
}

/** `monitorSelector` of a scheduled query, but for `tags`, whose keys are the user's. */
export const MONITOR_SELECTOR: SectionSchema<MonitorSelectorKeys> = {
  name: {
    doc: "Pattern of the monitors' names: * stands for any characters, ? for one",
    format: monitorGlob,
    default: '*',
  },
  status: { doc: 'Statuses that the monitors may have', format: monitorStatuses, default: ['ACTIVE'] },
};

export type WatchedKeys = CommonKeys & WatchedOnlyKeys;
export const WATCHED: SectionSchema<WatchedKeys> = { ...COMMON, ...WATCHED_ONLY };

export type ScheduledKeys = CommonKeys & ScheduledOnlyKeys;
export const SCHEDULED: SectionSchema<ScheduledKeys> = { ...COMMON, ...SCHEDULED_ONLY };

export type QueryDefaultKeys = SharedKeys & Pick<WatchedOnlyKeys, 'queryId' | 'interval'> & ScheduledOnlyKeys;

/** `queryDefaults`, but for `labels`, `schedule` and `monitorSelector`: what an entry may have, less its name. */
export const QUERY_DEFAULTS: SectionSchema<QueryDefaultKeys> = {
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
