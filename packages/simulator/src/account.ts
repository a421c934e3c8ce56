import { readDuration } from './duration.ts';
import {
  defaulted,
  distinctListOf,
  listOf,
  mapOf,
  number,
  objectOf,
  oneOf,
  optional,
  type Reader,
  required,
  scalar,
  secretText,
  text,
} from './fields.ts';
import {
  ACCOUNT_ID_PATTERN,
  MONITOR_NAME_PATTERN,
  MONITOR_STATUSES,
  type MonitorStatus,
  REGION_PATTERN,
  SCOPE_STATUSES,
  type ScopeStatus,
} from './vocabulary.ts';

/** An AWS account of the scenario. */
export interface Account {
  /** Twelve digits. */
  id: string;
  credentials: readonly NamedCredentials[];
  roles: readonly Role[];
  /** By region name. When absent, every region of the account holds what a region without a scenario does. */
  regions?: ReadonlyMap<string, Region>;
}

/** Long-lived (or, with a token, temporary) credentials of an IAM user. */
export interface NamedCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  /** Milliseconds from the simulator's start; from then on they are expired. */
  expiresAfter?: number;
  /** The IAM user's name. */
  user: string;
}

/** A role that AssumeRole and AssumeRoleWithWebIdentity can take. */
export interface Role {
  name: string;
  /** When given, AssumeRole must send the same. */
  externalId?: string;
  /** Who may assume it: account ids or ARNs, `*` allowed in both. Anyone when absent. */
  trusted?: readonly string[];
  /** The web identity tokens it takes. Any when absent. */
  webIdentityTokens?: readonly string[];
  /** Session tags that AssumeRole must send. */
  requiredTags: ReadonlyMap<string, string>;
  /** Milliseconds its credentials live, whatever DurationSeconds asks for; may be less than the service's 15 minutes. */
  sessionDuration?: number;
}

export interface Region {
  /** When absent: the monitors of a region without a scenario. */
  monitors?: readonly Monitor[];
  /** When absent: one scope, SUCCEEDED. */
  scopes?: readonly Scope[];
}

export interface Monitor {
  name: string;
  status: MonitorStatus;
  tags: ReadonlyMap<string, string>;
  /** Seconds since the Unix epoch; when absent, drawn from the seed. */
  createdAt?: number;
}

export interface Scope {
  /** When absent, drawn from the seed. */
  scopeId?: string;
  status: ScopeStatus;
  tags: ReadonlyMap<string, string>;
  /** The accounts it watches; its own when absent. */
  accounts?: readonly string[];
}

const readAccountId = text('an account id of 12 digits', ACCOUNT_ID_PATTERN);
const readTags = mapOf(
  scalar('a text of at most 256 characters', (value) =>
    typeof value === 'string' && value.length <= 256 ? value : undefined,
  ),
  'a tag key of 1 to 128 characters',
  /^.{1,128}$/s,
);

const readCredentials = objectOf<NamedCredentials>({
  accessKeyId: required(text('an access key id', /^\w{16,128}$/)),
  secretAccessKey: required(secretText('a secret access key')),
  sessionToken: optional(secretText('a session token')),
  expiresAfter: optional(readDuration),
  user: defaulted(text('an IAM user name', /^[\w+=,.@-]{1,64}$/), 'simulator'),
});

const readRole = objectOf<Role>({
  name: required(text('a role name', /^[\w+=,.@-]{1,64}$/)),
  externalId: optional(secretText('an external id')),
  trusted: optional(listOf(text('an account id or an ARN'))),
  webIdentityTokens: optional(listOf(secretText('a token'))),
  requiredTags: defaulted(readTags, new Map()),
  sessionDuration: optional(readDuration),
});

const readMonitor = objectOf<Monitor>({
  name: required(text('a monitor name: 1 to 255 of a-z A-Z 0-9 _ . -', MONITOR_NAME_PATTERN)),
  status: defaulted(oneOf(...MONITOR_STATUSES), 'ACTIVE'),
  tags: defaulted(readTags, new Map()),
  createdAt: optional(number(0, 4_102_444_800, 'number')),
});

const readScope = objectOf<Scope>({
  scopeId: optional(text('a scope id')),
  status: defaulted(oneOf(...SCOPE_STATUSES), 'SUCCEEDED'),
  tags: defaulted(readTags, new Map()),
  accounts: optional(listOf(readAccountId)),
});

const readAccount = objectOf<Account>({
  id: required(readAccountId),
  credentials: defaulted(distinctListOf(readCredentials, 'accessKeyId'), []),
  roles: defaulted(distinctListOf(readRole, 'name'), []),
  regions: optional(
    mapOf(
      objectOf<Region>({
        monitors: optional(distinctListOf(readMonitor, 'name')),
        scopes: optional(listOf(readScope)),
      }),
      'a region such as us-east-1',
      REGION_PATTERN,
    ),
  ),
});

export const readAccounts: Reader<Account[]> = distinctListOf(readAccount, 'id');
