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

/** Long-lived (or, with a token, temporary) credentials of an IAM user. */
const CREDENTIALS = {
  accessKeyId: required(text('an access key id', /^\w{16,128}$/)),
  secretAccessKey: required(secretText('a secret access key')),
  sessionToken: optional(secretText('a session token')),
  /** Milliseconds from the simulator's start; from then on they are expired. */
  expiresAfter: optional(duration),
  /** The IAM user's name. */
  user: defaulted(text('an IAM user name', /^[\w+=,.@-]{1,64}$/), 'simulator'),
};
const readCredentials = objectOf(CREDENTIALS);

/** A role that AssumeRole and AssumeRoleWithWebIdentity can take. */
const ROLE = {
  name: required(text('a role name', /^[\w+=,.@-]{1,64}$/)),
  /** When given, AssumeRole must send the same. */
  externalId: optional(secretText('an external id')),
  /** Who may assume it: account ids or ARNs, `*` allowed in both. Anyone when absent. */
  trusted: optional(listOf(text('an account id or an ARN'))),
  /** The web identity tokens it takes. Any when absent. */
  webIdentityTokens: optional(listOf(secretText('a token'))),
  /** Session tags that AssumeRole must send. */
  requiredTags: tags,
  /** Milliseconds its credentials live, whatever DurationSeconds asks for; may be less than the service's 15 minutes. */
  sessionDuration: optional(duration),
};
export type Role = Shape<typeof ROLE>;
const readRole = objectOf(ROLE);

const MONITOR = {
  name: required(monitorName),
  status: defaulted(oneOf(...MONITOR_STATUSES), 'ACTIVE'),
  tags,
  /** Seconds since the Unix epoch; when absent, drawn from the seed. */
  createdAt: optional(number(0, 4_102_444_800, 'number')),
};
export type Monitor = Shape<typeof MONITOR>;
const readMonitor = objectOf(MONITOR);

const SCOPE = {
  /** When absent, drawn from the seed. */
  scopeId: optional(text('a scope id')),
  status: choice(...SCOPE_STATUSES),
  tags,
  /** The accounts it watches; its own when absent. */
  accounts: optional(listOf(accountId)),
};
export type Scope = Shape<typeof SCOPE>;

const REGION = {
  /** When absent: the monitors of a region without a scenario. */
  monitors: optional(distinctListOf(readMonitor, 'name')),
  /** When absent: one scope, SUCCEEDED. */
  scopes: optional(listOf(objectOf(SCOPE))),
};
export type Region = Shape<typeof REGION>;

/** An AWS account of the scenario. */
const ACCOUNT = {
  /** Twelve digits. */
  id: required(accountId),
  credentials: defaulted(distinctListOf(readCredentials, 'accessKeyId'), []),
  roles: defaulted(distinctListOf(readRole, 'name'), []),
  /** By region name. When absent, every region of the account holds what a region without a scenario does. */
  regions: optional(mapOf(objectOf(REGION), 'a region such as us-east-1', REGION_PATTERN)),
};
export type Account = Shape<typeof ACCOUNT>;
const readAccount = objectOf(ACCOUNT);

const readAccounts: Reader<readonly Account[]> = distinctListOf(readAccount, 'id');

/** What the scenario pins of a query's life; what is absent is drawn from the seed. Times in milliseconds. */
const LIFE = {
  /** From its start until it is RUNNING. */
  queuedFor: optional(duration),
  /** From RUNNING until its end. */
  runningFor: optional(duration),
  /** How it ends; `none`: it never ends. SUCCEEDED when absent. */
  outcome: optional(oneOf('SUCCEEDED', 'FAILED', 'CANCELED', 'none')),
  /** The whole body of its status answers, instead of the true one: for answers that no model foresees. */
  statusBody: optional(
    scalar('a mapping: the body of the answer', (value) => (isMapping(value) ? { ...value } : undefined)),
  ),
  /** How many rows (or data points' series) there are to find, before `limit` cuts them. */
  rows: optional(number(0, 10_000, 'integer')),
  /** The unit its results name: any text, null, or `absent`. */
  unit: optional(
    scalar('a unit such as Bytes, null, or absent', (value) =>
      typeof value === 'string' || value === null ? value : undefined,
    ),
  ),
};
export type QueryLife = Shape<typeof LIFE>;

/** Queries of one kind that exist when the simulator starts: somebody else started them, at that moment. */
const fixedQueries = <T extends QueryType>(type: T) => ({
  ...LIFE,
  region: required(text('a region such as us-east-1', REGION_PATTERN)),
  /** The scenario's first account when absent. */
  account: optional(accountId),
  /** With `count`, holds `{n}`, which is replaced by 1, 2 … */
  queryId: required(text('a query id')),
  count: optional(number(1, 1_000_000, 'integer')),
  metricName: defaulted(oneOf(...metricNamesOf(type)), 'DATA_TRANSFERRED'),
  destinationCategory: defaulted(oneOf(...DESTINATION_CATEGORIES), 'INTER_AZ'),
  limit: defaulted(number(1, 500, 'integer'), 100),
  type: required(oneOf<T>(type)),
});
const MONITOR_QUERIES = { ...fixedQueries('monitor-top-contributors'), monitorName: required(monitorName) };
export type FixedMonitorQueries = Shape<typeof MONITOR_QUERIES>;

const scopeId = required(text('a scope id'));
const INSIGHTS_QUERIES = { ...fixedQueries('workload-insights-top-contributors'), scopeId };
const INSIGHTS_DATA_QUERIES = { ...fixedQueries('workload-insights-top-contributors-data'), scopeId };

export type FixedQueries = FixedMonitorQueries | Shape<typeof INSIGHTS_QUERIES> | Shape<typeof INSIGHTS_DATA_QUERIES>;

const readFixed = taggedOf<FixedQueries>('type', {
  'monitor-top-contributors': objectOf(MONITOR_QUERIES),
  'workload-insights-top-contributors': objectOf(INSIGHTS_QUERIES),
  'workload-insights-top-contributors-data': objectOf(INSIGHTS_DATA_QUERIES),
});

const readNumbered: Reader<FixedQueries> = (value, path, problems) => {
  const queries = readFixed(value, path, problems);
  if (queries !== INVALID && queries.count !== undefined && !queries.queryId.includes('{n}')) {
    return refuse(problems, [...path, 'queryId'], queries.queryId, 'a text that holds {n}, since count is given');
  }
  return queries;
};

/** The monitor's name or the scope's id. */
export function parentOf(queries: { monitorName: string } | { scopeId: string }): string {
  return 'scopeId' in queries ? queries.scopeId : queries.monitorName;
}

const readFixedQueries: Reader<readonly FixedQueries[]> = distinctListOf(readNumbered, 'queryId', (queries) =>
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

/** The life of queries that clients start, where they fit `match`. */
const STARTED = { match: defaulted(objectOf(STARTED_MATCH), {}), ...LIFE };
export type StartedQueries = Shape<typeof STARTED>;

const readStartedQueries: Reader<readonly StartedQueries[]> = listOf(objectOf(STARTED));

/** All that a simulator's answers depend on, beside the requests and the clock. */
const SCENARIO = {
  /** Decides all that is drawn: rows, ids, lives of queries. */
  seed: defaulted(
    scalar('a text or a number', (value) =>
      typeof value === 'string' || typeof value === 'number' ? String(value) : undefined,
    ),
    'network-flow-monitor',
  ),
  /**
   * Requests that name no known credentials are of the first one. Where any account names credentials, all requests
   * must be signed with known ones, and signatures are checked.
   */
  accounts: defaulted(readAccounts, [{ id: '123456789012', credentials: [], roles: [] }]),
  queries: defaulted(readFixedQueries, []),
  /** The first that fits a start decides the query's life. */
  startedQueries: defaulted(readStartedQueries, []),
  worlds: defaulted(readWorlds, defaultWorlds),
  faults: defaulted(readFaults, []),
};
export type Scenario = Readonly<Shape<typeof SCENARIO>>;

export const readScenario = objectOf(SCENARIO);

/** What a simulator without a scenario plays. */
export const defaultScenario: Scenario = defaultsOf(SCENARIO);
