import type { LogFormat, LogLevel } from '../lib/log.ts';
import type { MirrorRows, RoundTripTimeUnit, RowLabel } from '../model/vocabulary.ts';
import { durationOrZero, mirrorRows, roundTripTimeUnit, rowLabels } from './entries/scheduled-formats.ts';
import {
  discoveryFiles,
  duration,
  externalId,
  type Format,
  httpUrl,
  listenAddress,
  listOf,
  logFormat,
  logLevel,
  name,
  optional,
  pathName,
  positiveInteger,
  positiveNumber,
  profile,
  region,
  regionalHttpUrl,
  roleArn,
  roleSessionName,
  telemetryPath,
  timerDuration,
} from './reading/formats.ts';

/** One key of the file, in convict's terms. */
interface Key<T> {
  readonly doc: string;
  readonly format: Format<T>;
  /** As the file would give it; undefined where the key may be left out without effect. */
  readonly default: unknown;
}

/** The keys of one mapping of the file, `T` being their values once parsed. */
export type SectionSchema<T> = { readonly [K in keyof T]: Key<T[K]> };

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
