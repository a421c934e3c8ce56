import { defaultCloudWatch, readCloudWatch } from './cloudwatch-schema.ts';
import { readFaults } from './fault.ts';
import * as field from './fields.ts';
import { readIncidents } from './incidents.ts';
import {
  accountId,
  DESTINATION_CATEGORIES,
  glob,
  MONITOR_STATUSES,
  metricNamesOf,
  monitorName,
  type QueryType,
  REGION_PATTERN,
  SCOPE_STATUSES,
} from './vocabulary.ts';
import { defaultWorlds, readWorlds } from './worlds.ts';

const tags = field.defaulted(
  field.mapOf(
    field.scalar('a text of at most 256 characters', (value) =>
      typeof value === 'string' && value.length <= 256 ? value : undefined,
    ),
    'a tag key of 1 to 128 characters',
    /^.{1,128}$/s,
  ),
  new Map(),
);

/** Long-term credentials of an IAM user; temporary ones if they have a token. */
const CREDENTIALS = {
  accessKeyId: field.required(field.text('an access key ID', /^\w{16,128}$/)),
  secretAccessKey: field.required(field.secretText('a secret access key')),
  sessionToken: field.optional(field.secretText('a session token')),
  /** Expiration in milliseconds after the start of the simulator. */
  expiresAfter: field.optional(field.duration),
  user: field.defaulted(field.text('an IAM user name', /^[\w+=,.@-]{1,64}$/), 'simulator'),
};
const readCredentials = field.objectOf(CREDENTIALS);

/** A role for AssumeRole and AssumeRoleWithWebIdentity. */
const ROLE = {
  name: field.required(field.text('a role name', /^[\w+=,.@-]{1,64}$/)),
  /** If set, AssumeRole must send the same. */
  externalId: field.optional(field.secretText('an external ID')),
  /** Principals that may assume it: account IDs or ARNs, with `*`. Any principal by default. */
  trusted: field.optional(field.listOf(field.text('an account ID or an ARN'))),
  /** Valid web identity tokens. Any token by default. */
  webIdentityTokens: field.optional(field.listOf(field.secretText('a token'))),
  /** Session tags that AssumeRole must send. */
  requiredTags: tags,
  /** Lifetime of its credentials in milliseconds, instead of DurationSeconds. May be less than the service's 15 minutes. */
  sessionDuration: field.optional(field.duration),
};
export type Role = field.Shape<typeof ROLE>;
const readRole = field.objectOf(ROLE);

const MONITOR = {
  name: field.required(monitorName),
  status: field.defaulted(field.oneOf(...MONITOR_STATUSES), 'ACTIVE'),
  tags,
  /** Seconds since the Unix epoch; drawn from the seed by default. */
  createdAt: field.optional(field.number(0, 4_102_444_800, 'number')),
};
export type Monitor = field.Shape<typeof MONITOR>;
const readMonitor = field.objectOf(MONITOR);

const SCOPE = {
  /** Drawn from the seed by default. */
  scopeId: field.optional(field.text('a scope ID')),
  status: field.choice(...SCOPE_STATUSES),
  tags,
  /** Monitored accounts; its own account by default. */
  accounts: field.optional(field.listOf(accountId)),
};
export type Scope = field.Shape<typeof SCOPE>;

const REGION = {
  /** By default, the monitors of a region without a scenario. */
  monitors: field.optional(field.distinctListOf(readMonitor, 'name')),
  /** By default, one scope with status SUCCEEDED. */
  scopes: field.optional(field.listOf(field.objectOf(SCOPE))),
};
export type Region = field.Shape<typeof REGION>;

const ACCOUNT = {
  id: field.required(accountId),
  credentials: field.defaulted(field.distinctListOf(readCredentials, 'accessKeyId'), []),
  roles: field.defaulted(field.distinctListOf(readRole, 'name'), []),
  /** By name. By default, every region of the account is one without a scenario. */
  regions: field.optional(field.mapOf(field.objectOf(REGION), 'a region (for example, us-east-1)', REGION_PATTERN)),
};
export type Account = field.Shape<typeof ACCOUNT>;
const readAccount = field.objectOf(ACCOUNT);

/** The life of a query. Missing members are drawn from the seed. Times are in milliseconds. */
const LIFE = {
  /** Time from the start until RUNNING. */
  queuedFor: field.optional(field.duration),
  /** Time from RUNNING until the end. */
  runningFor: field.optional(field.duration),
  /** The final status; SUCCEEDED by default. `none`: the query never ends. */
  outcome: field.optional(field.oneOf('SUCCEEDED', 'FAILED', 'CANCELED', 'none')),
  /** Replaces the body of its status responses (for example, by a form that the model lacks). */
  statusBody: field.optional(
    field.scalar('a mapping: the body of the response', (value) => (field.isMapping(value) ? { ...value } : undefined)),
  ),
  /** Number of rows (or series of data points) before `limit`. */
  rows: field.optional(field.number(0, 10_000, 'integer')),
  /** The unit of its results: any text, null, or `absent`. */
  unit: field.optional(
    field.scalar('a unit (for example, Bytes), null, or absent', (value) =>
      typeof value === 'string' || value === null ? value : undefined,
    ),
  ),
};
export type QueryLife = field.Shape<typeof LIFE>;

/** Queries of one type that other clients have started when the simulator starts. */
const fixedQueries = <T extends QueryType>(type: T) => ({
  ...LIFE,
  region: field.required(field.text('a region (for example, us-east-1)', REGION_PATTERN)),
  /** The first account of the scenario by default. */
  account: field.optional(accountId),
  /** With `count`, contains `{n}`, which is replaced by 1, 2, … */
  queryId: field.required(field.text('a query ID')),
  count: field.optional(field.number(1, 1_000_000, 'integer')),
  metricName: field.defaulted(field.oneOf(...metricNamesOf(type)), 'DATA_TRANSFERRED'),
  destinationCategory: field.defaulted(field.oneOf(...DESTINATION_CATEGORIES), 'INTER_AZ'),
  limit: field.defaulted(field.number(1, 500, 'integer'), 100),
  type: field.required(field.oneOf<T>(type)),
});
const MONITOR_QUERIES = { ...fixedQueries('monitor-top-contributors'), monitorName: field.required(monitorName) };
export type FixedMonitorQueries = field.Shape<typeof MONITOR_QUERIES>;

const scopeId = field.required(field.text('a scope ID'));
const INSIGHTS_QUERIES = { ...fixedQueries('workload-insights-top-contributors'), scopeId };
const INSIGHTS_DATA_QUERIES = { ...fixedQueries('workload-insights-top-contributors-data'), scopeId };

export type FixedQueries =
  | FixedMonitorQueries
  | field.Shape<typeof INSIGHTS_QUERIES>
  | field.Shape<typeof INSIGHTS_DATA_QUERIES>;

const readAny = field.taggedOf<FixedQueries>('type', {
  'monitor-top-contributors': field.objectOf(MONITOR_QUERIES),
  'workload-insights-top-contributors': field.objectOf(INSIGHTS_QUERIES),
  'workload-insights-top-contributors-data': field.objectOf(INSIGHTS_DATA_QUERIES),
});

const readFixed: field.Reader<FixedQueries> = (value, path, problems) => {
  const queries = readAny(value, path, problems);
  if (queries !== field.INVALID && queries.count !== undefined && !queries.queryId.includes('{n}')) {
    return field.refuse(problems, [...path, 'queryId'], queries.queryId, 'a text with {n}, because count is set');
  }
  return queries;
};

/** The name of the monitor or the ID of the scope. */
export function parentOf(queries: { monitorName: string } | { scopeId: string }): string {
  return 'scopeId' in queries ? queries.scopeId : queries.monitorName;
}

const readFixedQueries = field.distinctListOf(readFixed, 'queryId', (queries) =>
  JSON.stringify([queries.account, queries.region, queries.type, parentOf(queries), queries.queryId]),
);

const STARTED_MATCH = {
  account: glob,
  region: glob,
  type: glob,
  monitorName: glob,
  scopeId: glob,
  metricName: glob,
  destinationCategory: glob,
};
export type StartedQueryMatch = field.Shape<typeof STARTED_MATCH>;

/** The life of queries that clients start and that match `match`. */
const STARTED = { match: field.defaulted(field.objectOf(STARTED_MATCH), {}), ...LIFE };

/** Everything that determines responses, beside the requests and the clock. */
const SCENARIO = {
  /** Seed of all drawn values: rows, IDs, and lives of queries. */
  seed: field.defaulted(
    field.scalar('a text or a number', (value) =>
      typeof value === 'string' || typeof value === 'number' ? String(value) : undefined,
    ),
    'network-flow-monitor',
  ),
  /**
   * Requests without known credentials belong to the first account. If an account has credentials, all requests must be
   * signed with known ones, and signatures are checked.
   */
  accounts: field.defaulted(field.distinctListOf(readAccount, 'id'), [
    { id: '123456789012', credentials: [], roles: [] },
  ]),
  queries: field.defaulted(readFixedQueries, []),
  /** The first match determines the life of a query. */
  startedQueries: field.defaulted(field.listOf(field.objectOf(STARTED)), []),
  worlds: field.defaulted(readWorlds, defaultWorlds),
  faults: field.defaulted(readFaults, []),
  cloudwatch: field.defaulted(readCloudWatch, defaultCloudWatch),
  incidents: field.defaulted(readIncidents, []),
};
export type Scenario = Readonly<field.Shape<typeof SCENARIO>>;

export const readScenario = field.objectOf(SCENARIO);

/** The scenario of a simulator without one. */
export const defaultScenario: Scenario = field.defaultsOf(SCENARIO);
