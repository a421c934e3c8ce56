import { defaultCloudWatch, readCloudWatch } from './cloudwatch-schema.ts';
import { readFaults } from './fault.ts';
import {
  choice,
  defaulted,
  defaultsOf,
  distinctListOf,
  duration,
  INVALID,
  isMapping,
  listOf,
  mapOf,
  number,
  objectOf,
  oneOf,
  optional,
  type Reader,
  refuse,
  required,
  type Shape,
  scalar,
  secretText,
  taggedOf,
  text,
} from './fields.ts';
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

const tags = defaulted(
  mapOf(
    scalar('a text of at most 256 characters', (value) =>
      typeof value === 'string' && value.length <= 256 ? value : undefined,
    ),
    'a tag key of 1 to 128 characters',
    /^.{1,128}$/s,
  ),
  new Map(),
);

/** Long-term credentials of an IAM user; temporary ones if they have a token. */
const CREDENTIALS = {
  accessKeyId: required(text('an access key ID', /^\w{16,128}$/)),
  secretAccessKey: required(secretText('a secret access key')),
  sessionToken: optional(secretText('a session token')),
  /** Expiration in milliseconds after the start of the simulator. */
  expiresAfter: optional(duration),
  user: defaulted(text('an IAM user name', /^[\w+=,.@-]{1,64}$/), 'simulator'),
};
const readCredentials = objectOf(CREDENTIALS);

/** A role for AssumeRole and AssumeRoleWithWebIdentity. */
const ROLE = {
  name: required(text('a role name', /^[\w+=,.@-]{1,64}$/)),
  /** If set, AssumeRole must send the same. */
  externalId: optional(secretText('an external ID')),
  /** Principals that may assume it: account IDs or ARNs, with `*`. Any principal by default. */
  trusted: optional(listOf(text('an account ID or an ARN'))),
  /** Valid web identity tokens. Any token by default. */
  webIdentityTokens: optional(listOf(secretText('a token'))),
  /** Session tags that AssumeRole must send. */
  requiredTags: tags,
  /** Lifetime of its credentials in milliseconds, instead of DurationSeconds. May be less than the service's 15 minutes. */
  sessionDuration: optional(duration),
};
export type Role = Shape<typeof ROLE>;
const readRole = objectOf(ROLE);

const MONITOR = {
  name: required(monitorName),
  status: defaulted(oneOf(...MONITOR_STATUSES), 'ACTIVE'),
  tags,
  /** Seconds since the Unix epoch; drawn from the seed by default. */
  createdAt: optional(number(0, 4_102_444_800, 'number')),
};
export type Monitor = Shape<typeof MONITOR>;
const readMonitor = objectOf(MONITOR);

const SCOPE = {
  /** Drawn from the seed by default. */
  scopeId: optional(text('a scope ID')),
  status: choice(...SCOPE_STATUSES),
  tags,
  /** Monitored accounts; its own account by default. */
  accounts: optional(listOf(accountId)),
};
export type Scope = Shape<typeof SCOPE>;

const REGION = {
  /** By default, the monitors of a region without a scenario. */
  monitors: optional(distinctListOf(readMonitor, 'name')),
  /** By default, one scope with status SUCCEEDED. */
  scopes: optional(listOf(objectOf(SCOPE))),
};
export type Region = Shape<typeof REGION>;

const ACCOUNT = {
  id: required(accountId),
  credentials: defaulted(distinctListOf(readCredentials, 'accessKeyId'), []),
  roles: defaulted(distinctListOf(readRole, 'name'), []),
  /** By name. By default, every region of the account is one without a scenario. */
  regions: optional(mapOf(objectOf(REGION), 'a region (for example, us-east-1)', REGION_PATTERN)),
};
export type Account = Shape<typeof ACCOUNT>;
const readAccount = objectOf(ACCOUNT);

/** The life of a query. Missing members are drawn from the seed. Times are in milliseconds. */
const LIFE = {
  /** Time from the start until RUNNING. */
  queuedFor: optional(duration),
  /** Time from RUNNING until the end. */
  runningFor: optional(duration),
  /** The final status; SUCCEEDED by default. `none`: the query never ends. */
  outcome: optional(oneOf('SUCCEEDED', 'FAILED', 'CANCELED', 'none')),
  /** Replaces the body of its status responses (for example, by a form that the model lacks). */
  statusBody: optional(
    scalar('a mapping: the body of the response', (value) => (isMapping(value) ? { ...value } : undefined)),
  ),
  /** Number of rows (or series of data points) before `limit`. */
  rows: optional(number(0, 10_000, 'integer')),
  /** The unit of its results: any text, null, or `absent`. */
  unit: optional(
    scalar('a unit (for example, Bytes), null, or absent', (value) =>
      typeof value === 'string' || value === null ? value : undefined,
    ),
  ),
};
export type QueryLife = Shape<typeof LIFE>;

/** Queries of one type that other clients have started when the simulator starts. */
const fixedQueries = <T extends QueryType>(type: T) => ({
  ...LIFE,
  region: required(text('a region (for example, us-east-1)', REGION_PATTERN)),
  /** The first account of the scenario by default. */
  account: optional(accountId),
  /** With `count`, contains `{n}`, which is replaced by 1, 2, … */
  queryId: required(text('a query ID')),
  count: optional(number(1, 1_000_000, 'integer')),
  metricName: defaulted(oneOf(...metricNamesOf(type)), 'DATA_TRANSFERRED'),
  destinationCategory: defaulted(oneOf(...DESTINATION_CATEGORIES), 'INTER_AZ'),
  limit: defaulted(number(1, 500, 'integer'), 100),
  type: required(oneOf<T>(type)),
});
const MONITOR_QUERIES = { ...fixedQueries('monitor-top-contributors'), monitorName: required(monitorName) };
export type FixedMonitorQueries = Shape<typeof MONITOR_QUERIES>;

const scopeId = required(text('a scope ID'));
const INSIGHTS_QUERIES = { ...fixedQueries('workload-insights-top-contributors'), scopeId };
const INSIGHTS_DATA_QUERIES = { ...fixedQueries('workload-insights-top-contributors-data'), scopeId };

export type FixedQueries = FixedMonitorQueries | Shape<typeof INSIGHTS_QUERIES> | Shape<typeof INSIGHTS_DATA_QUERIES>;

const readAny = taggedOf<FixedQueries>('type', {
  'monitor-top-contributors': objectOf(MONITOR_QUERIES),
  'workload-insights-top-contributors': objectOf(INSIGHTS_QUERIES),
  'workload-insights-top-contributors-data': objectOf(INSIGHTS_DATA_QUERIES),
});

const readFixed: Reader<FixedQueries> = (value, path, problems) => {
  const queries = readAny(value, path, problems);
  if (queries !== INVALID && queries.count !== undefined && !queries.queryId.includes('{n}')) {
    return refuse(problems, [...path, 'queryId'], queries.queryId, 'a text with {n}, because count is set');
  }
  return queries;
};

/** The name of the monitor or the ID of the scope. */
export function parentOf(queries: { monitorName: string } | { scopeId: string }): string {
  return 'scopeId' in queries ? queries.scopeId : queries.monitorName;
}

const readFixedQueries = distinctListOf(readFixed, 'queryId', (queries) =>
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
export type StartedQueryMatch = Shape<typeof STARTED_MATCH>;

/** The life of queries that clients start and that match `match`. */
const STARTED = { match: defaulted(objectOf(STARTED_MATCH), {}), ...LIFE };

/** Everything that determines responses, beside the requests and the clock. */
const SCENARIO = {
  /** Seed of all drawn values: rows, IDs, and lives of queries. */
  seed: defaulted(
    scalar('a text or a number', (value) =>
      typeof value === 'string' || typeof value === 'number' ? String(value) : undefined,
    ),
    'network-flow-monitor',
  ),
  /**
   * Requests without known credentials belong to the first account. If an account has credentials, all requests must be
   * signed with known ones, and signatures are checked.
   */
  accounts: defaulted(distinctListOf(readAccount, 'id'), [{ id: '123456789012', credentials: [], roles: [] }]),
  queries: defaulted(readFixedQueries, []),
  /** The first match determines the life of a query. */
  startedQueries: defaulted(listOf(objectOf(STARTED)), []),
  worlds: defaulted(readWorlds, defaultWorlds),
  faults: defaulted(readFaults, []),
  cloudwatch: defaulted(readCloudWatch, defaultCloudWatch),
  incidents: defaulted(readIncidents, []),
};
export type Scenario = Readonly<Shape<typeof SCENARIO>>;

export const readScenario = objectOf(SCENARIO);

/** The scenario of a simulator without one. */
export const defaultScenario: Scenario = defaultsOf(SCENARIO);
