import type { ScheduledQuery, WatchedQuery } from '../model/query.ts';
import type { MetricName, MonitorMetric, MonitorStatus } from '../model/vocabulary.ts';
import type { Prices } from './prices.ts';
import type { OneOrList } from './reading/formats.ts';
import type { ValuesOf } from './reading/section.ts';
import type { AwsKeys, CloudwatchKeys, CONTRIBUTORS, HTTP, LOG, POLLING, REPLICAS, WEB } from './schema.ts';

/**
 * The valid config file: defaults filled in, environment variables replaced, names resolved, deeply frozen. The schema
 * documents the keys. Durations are in milliseconds.
 */
export interface Config {
  readonly web: ValuesOf<typeof WEB>;
  readonly log: ValuesOf<typeof LOG>;
  /** `region` is from the file. Regions from the environment or the profile are only in {@link Account.regions}. */
  readonly aws: Pick<AwsKeys, 'region' | 'stsRegion' | 'stsEndpoint' | 'requestTimeout' | 'maxAttempts'>;
  /** The accounts in the order of the file, then `default` unless the file defines it. Names are unique. */
  readonly accounts: readonly Account[];
  readonly polling: Omit<ValuesOf<typeof POLLING>, 'staleAfter'>;
  readonly discovery: {
    /** Globs of discovery files, relative to the directory of the config file. */
    readonly files: readonly string[];
    readonly monitorsEvery: number;
    readonly zoneNames: boolean;
    readonly ec2Endpoint: string | undefined;
  };
  readonly storage: {
    /** Absolute path of the directory for persisted data. Undefined: nothing is stored. */
    readonly path: string | undefined;
    /** The engines of replicas, of which at most one is defined, instead of a path. */
    readonly dynamodb: DynamodbStorage | undefined;
    readonly postgresql: PostgresqlStorage | undefined;
  };
  /** Defined if and only if there is an engine. */
  readonly replicas: Replicas | undefined;
  readonly contributors: ValuesOf<typeof CONTRIBUTORS>;
  readonly prices: Prices;
  readonly http: ValuesOf<typeof HTTP>;
  /** The entries of `queries` with `queryDefaults` applied, in the order of the file. */
  readonly queries: readonly QueryEntry[];
}

export interface DynamodbStorage {
  readonly table: string;
  /** `storage.dynamodb.region`, or `aws.region`, or the region of the environment or the profile. */
  readonly region: string;
  /** Undefined: the SDK's own endpoint rules and variables. */
  readonly endpoint: string | undefined;
}

export interface PostgresqlStorage {
  /** Valid for `parsePostgresqlUrl`. Contains a password: never shown. */
  readonly url: string;
}

/** How this process takes part in a group of replicas. Durations are in milliseconds. */
export interface Replicas extends Omit<ValuesOf<typeof REPLICAS>, 'deadAfter'> {
  /** At least 3 × {@link heartbeat}. */
  readonly deadAfter: number;
}

type TargetLimits = Pick<AwsKeys, 'requestsPerSecond' | 'maxConcurrentRequests' | 'maxConcurrentRuns'>;

/** Credentials with one or more regions to call, and the limits of each target: its own, or those of `aws`. */
export interface Account extends TargetLimits {
  readonly name: string;
  /**
   * The account's own regions, or the region of accounts without any (`aws.region`, the environment, or the profile).
   * Empty only if no query needs it.
   */
  readonly regions: readonly string[];
  /** The file has the list `regions`, so query names contain the region, even if the list has one element. */
  readonly regionsListed: boolean;
  /** Profile of the shared config files that supplies the credentials. Undefined: the default credential chain. */
  readonly profile: string | undefined;
  /** Role to assume with these credentials. Undefined: the credentials are used directly. */
  readonly role: Role | undefined;
  /** The account's `endpoint`, or `aws.endpoint`. May contain `{region}`. */
  readonly endpoint: string | undefined;
  /** Undefined: no metrics are read from CloudWatch. */
  readonly cloudwatch: CloudwatchSettings | undefined;
}

/** The account's `cloudwatch`, with the keys and defaults of the top level. */
export interface CloudwatchSettings extends Omit<CloudwatchKeys, 'metrics'> {
  /** Distinct, at least one. */
  readonly metrics: readonly MonitorMetric[];
  readonly monitors: MonitorSelector;
  /** Patterns of names, in the order of the file, each with a round-trip time in milliseconds. The first that fits applies. */
  readonly roundTripTimeLimits: readonly (readonly [pattern: string, limit: number])[];
}

export interface Role {
  /** `arn:PARTITION:iam::ACCOUNT:role/NAME`, in the partition of the account's regions. */
  readonly arn: string;
  readonly sessionName: string;
  /** Secret: never shown. */
  readonly externalId: string | undefined;
  /** Values by key, in the order of the file. Secret: never shown. */
  readonly sessionTags: Readonly<Record<string, string>>;
}

/** One entry of `queries`, before it fans out. */
export type QueryEntry = WatchedEntry | ScheduledEntry;

/** Properties of entries of both kinds. */
export interface EntryBase extends Pick<WatchedQuery, 'source' | 'name' | 'type' | 'staleAfter' | 'labels'> {
  /** Path of the entry: `queries[0]` in the config file, `queries.d/a.yml[0]` in a discovery file. */
  readonly path: string;
  /** First line of the entry, counted from 1. */
  readonly line: number;
  /** Distinct names of accounts of the config, at least one. */
  readonly accounts: readonly string[];
  /** The entry has a list or `"*"`, so query names contain the account. */
  readonly accountsListed: boolean;
  /** The entry's own distinct regions. Undefined: all regions of each account. */
  readonly regions: readonly string[] | undefined;
  /** The entry has a list, so query names contain the region. */
  readonly regionsListed: boolean;
}

/** Watches a query that another client started. Fans out over accounts and regions. */
export type WatchedEntry = EntryBase & Pick<WatchedQuery, 'kind' | 'monitorName' | 'scopeId' | 'queryId' | 'interval'>;

/**
 * Starts queries. Fans out over accounts, regions, monitors or scopes, metrics, and categories. Query names contain the
 * value of each dimension that is listed: the entry has a list, `"*"`, or a selector.
 */
export interface ScheduledEntry
  extends EntryBase,
    Pick<ScheduledQuery, 'kind' | 'limit' | 'schedule' | 'contributorLabels'> {
  /** Distinct monitor names or scope ids, depending on {@link type}. Empty if there is a {@link selector}. */
  readonly subjects: OneOrList<string>;
  /** Selects the monitors or scopes if the entry names none. */
  readonly selector: SubjectSelector | undefined;
  /** Distinct, at least one. */
  readonly metricNames: OneOrList<MetricName>;
  /** Distinct, at least one. May be unknown to the API model. */
  readonly destinationCategories: OneOrList<string>;
}

/** Selects matching monitors of a target, or all its scopes. Queries are added and removed with them. */
export type SubjectSelector = MonitorSelector | { readonly kind: 'scopes' };

export interface MonitorSelector {
  readonly kind: 'monitors';
  /** Pattern for the monitor name: `*` matches any characters, `?` matches one. */
  readonly name: string;
  /** Tags that a monitor must have. It may have others. */
  readonly tags: Readonly<Record<string, string>>;
  readonly status: readonly MonitorStatus[];
}
