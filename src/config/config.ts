import type { Schedule } from '../model/query.ts';
import type { MetricName, MonitorStatus, QuerySource, QueryType, RowLabel } from '../model/vocabulary.ts';
import type { OneOrList } from './reading/formats.ts';
import type { ValuesOf } from './reading/section.ts';
import type { AwsKeys, CONTRIBUTORS, HTTP, LOG, POLLING, WEB } from './schema.ts';

/**
 * The config file after validation: defaults filled in, environment variables replaced, names resolved, frozen. What the
 * keys mean is in the schema. Durations are milliseconds.
 */
export interface Config {
  readonly web: ValuesOf<typeof WEB>;
  readonly log: ValuesOf<typeof LOG>;
  /** `region` is that of the file; regions from the environment or the profile are in {@link Account.regions} only. */
  readonly aws: Pick<AwsKeys, 'region' | 'stsRegion' | 'stsEndpoint' | 'requestTimeout' | 'maxAttempts'>;
  /** The accounts as the file lists them, then `default` unless the file defines it. Names are unique. */
  readonly accounts: readonly Account[];
  readonly polling: Omit<ValuesOf<typeof POLLING>, 'staleAfter'>;
  readonly discovery: {
    /** Globs of discovery files, relative to the folder of the config file. */
    readonly files: readonly string[];
    readonly monitorsEvery: number;
  };
  readonly storage: {
    /** Folder for what outlives a restart, absolute; undefined: nothing does. */
    readonly path: string | undefined;
  };
  readonly contributors: ValuesOf<typeof CONTRIBUTORS>;
  readonly http: ValuesOf<typeof HTTP>;
  /** The entries of `queries` with `queryDefaults` applied, in the order of the file. */
  readonly queries: readonly QueryEntry[];
}

/** Where to call from: credentials and one or more regions. */
export interface Account {
  readonly name: string;
  /**
   * The account's own regions, or the one that applies to accounts without any (`aws.region`, the environment or the
   * profile). Empty only where no query needs it.
   */
  readonly regions: readonly string[];
  /** The file gives `regions`, a list: queries carry the region in their names, even when it has one element. */
  readonly regionsListed: boolean;
  /** Profile of the shared config files whose credentials are used; undefined: the default credential chain. */
  readonly profile: string | undefined;
  /** To be assumed with these credentials; undefined: they are the account's own. */
  readonly role: Role | undefined;
  /** The account's `endpoint`, else `aws.endpoint`; a `{region}` in it is still there. */
  readonly endpoint: string | undefined;
  /** Budget of each target of this account: attempts a second, fractions allowed. */
  readonly requestsPerSecond: number;
  /** Requests in flight at most, for each target of this account. */
  readonly maxConcurrentRequests: number;
  /** Runs of scheduled queries in flight at the service at most, for each target of this account. */
  readonly maxConcurrentRuns: number;
}

/** A role to assume. */
export interface Role {
  /** `arn:PARTITION:iam::ACCOUNT:role/NAME`, of the partition of the account's regions. */
  readonly arn: string;
  readonly sessionName: string;
  /** Not to be shown anywhere. */
  readonly externalId: string | undefined;
  /** Values by key, in the order of the file. Not to be shown anywhere. */
  readonly sessionTags: Readonly<Record<string, string>>;
}

/** One entry of `queries`, before it fans out. */
export type QueryEntry = WatchedEntry | ScheduledEntry;

/** What entries of both kinds have. */
export interface EntryBase {
  readonly source: QuerySource;
  /** Where it stands: `queries[0]` in the config file, `queries.d/a.yml[0]` in a discovery file. */
  readonly path: string;
  /** The line on which it begins, counted from 1. */
  readonly line: number;
  readonly name: string;
  readonly type: QueryType;
  /** Names of accounts of the config, each once; at least one. */
  readonly accounts: readonly string[];
  /** The entry gives a list or `"*"`: query names carry the account. */
  readonly accountsListed: boolean;
  /** The entry's own regions, each once; undefined: all regions of each account. */
  readonly regions: readonly string[] | undefined;
  /** The entry gives a list: query names carry the region. */
  readonly regionsListed: boolean;
  /** Age of the last good answer beyond which a non-terminal status is not exported, in milliseconds. */
  readonly staleAfter: number;
  /** The user's own labels for `aws_nfm_query_info`. */
  readonly labels: Readonly<Record<string, string>>;
}

/** Watches a query that somebody else started; fans out over accounts and regions. */
export interface WatchedEntry extends EntryBase {
  readonly kind: 'watched';
  /** Of monitor queries only. */
  readonly monitorName: string | undefined;
  /** Of workload-insights queries only. */
  readonly scopeId: string | undefined;
  readonly queryId: string;
  /** Time from poll to poll, in milliseconds. */
  readonly interval: number;
}

/**
 * Starts queries of its own; fans out over accounts, regions, monitors or scopes, metrics and categories. Query names carry
 * a value of those that are listed: the entry gives a list, `"*"`, or a selector.
 */
export interface ScheduledEntry extends EntryBase {
  readonly kind: 'scheduled';
  /** Names of monitors or ids of scopes, as {@link type} has it; each once; none where {@link selector} finds them. */
  readonly subjects: OneOrList<string>;
  /** What the service is asked about, where the entry names no monitors or scopes. */
  readonly selector: SubjectSelector | undefined;
  /** Each once, at least one. */
  readonly metricNames: OneOrList<MetricName>;
  /** Each once, at least one; also such as no model of the API knows yet. */
  readonly destinationCategories: OneOrList<string>;
  /** Rows of a result at most; undefined for the `-data` type, whose start takes none. */
  readonly limit: number | undefined;
  readonly schedule: Schedule;
  /** What tells rows apart: the entry's `contributorLabels`, else `contributors.labels`; in the order of the file. */
  readonly contributorLabels: readonly RowLabel[];
}

/** The monitors of a target that fit, or all of its scopes: queries come and go as these do. */
export type SubjectSelector = MonitorSelector | { readonly kind: 'scopes' };

export interface MonitorSelector {
  readonly kind: 'monitors';
  /** A monitor's name, in which `*` stands for any characters and `?` for one. */
  readonly name: string;
  /** Tags that a monitor must have, with these values; it may have others. */
  readonly tags: Readonly<Record<string, string>>;
  /** A monitor must be in one of these. */
  readonly status: readonly MonitorStatus[];
}
