import type { Account, Config } from '../config/config.ts';
import { partitionOfRegion } from '../config/partition.ts';
import type { RegisteredQuery } from '../queries/query.ts';
import { QUERY_OPERATIONS } from './operations.ts';

/** A statement as IAM takes it. */
export interface PolicyStatement {
  readonly Effect: 'Allow';
  /** Of trust policies only. */
  readonly Principal?: { readonly AWS: string };
  readonly Action: readonly string[];
  /** Not in trust policies. */
  readonly Resource?: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** A policy document as IAM takes it. */
export interface PolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly PolicyStatement[];
}

/** The policies that a config needs, in the order of its first queries. */
export interface IamPolicies {
  /** By account: what its credentials (its role, else those of its profile or the default chain) need. */
  readonly accounts: Readonly<Record<string, PolicyDocument>>;
  /**
   * What the identities that assume roles need, by where their credentials are from: `default` for the default chain,
   * `profile NAME` for a profile. Empty where no account has a role.
   */
  readonly base: Readonly<Record<string, PolicyDocument>>;
  /** By account: the trust policy of its role. */
  readonly trust: Readonly<Record<string, PolicyDocument>>;
}

/** Stands in trust policies for what is not known here, or is not to be shown. */
const PLACEHOLDERS = { principal: 'ARN-OF-THE-BASE-IDENTITY', externalId: 'EXTERNAL-ID-OF-THE-ACCOUNT' };

/**
 * The least that the accounts in use must be allowed: for watched queries to ask for their status, for scheduled ones to
 * start, poll, read and stop them, each on the monitors and scopes that the config names. Actions and resource forms
 * are those of the Service Authorization Reference; who asks STS for its identity needs no permission.
 */
export function iamPolicies(config: Config, queries: readonly RegisteredQuery[]): IamPolicies {
  const used = config.accounts.filter(({ name }) => queries.some(({ account }) => account === name));
  const withRole = used.flatMap((account) => (account.role === undefined ? [] : [{ ...account, role: account.role }]));
  const byBase = new Map<string, AccountWithRole[]>();
  for (const account of withRole) {
    const base = account.profile === undefined ? 'default' : `profile ${account.profile}`;
    byBase.set(base, [...(byBase.get(base) ?? []), account]);
  }
  return {
    accounts: Object.fromEntries(
      used.map((account) => [
        account.name,
        accountPolicy(
          account,
          queries.filter((query) => query.account === account.name),
        ),
      ]),
    ),
    base: Object.fromEntries(Array.from(byBase, ([base, accounts]) => [base, basePolicy(accounts)])),
    trust: Object.fromEntries(withRole.map((account) => [account.name, trustPolicy(account)])),
  };
}

type AccountWithRole = Account & { readonly role: NonNullable<Account['role']> };

function accountPolicy({ role }: Account, queries: readonly RegisteredQuery[]): PolicyDocument {
  const awsAccountId = role?.arn.split(':')[4] ?? '*';
  const actionsOf = new Map<string, Set<string>>();
  for (const query of queries) {
    const resource = resourceOf(query, awsAccountId);
    const actions = actionsOf.get(resource) ?? new Set();
    actionsOf.set(resource, actions);
    for (const action of actionsFor(query)) {
      actions.add(action);
    }
  }
  // One statement for all resources of the same actions allows exactly what is needed, and nothing beside.
  const resourcesOf = new Map<string, { readonly actions: readonly string[]; readonly resources: string[] }>();
  for (const [resource, set] of actionsOf) {
    const actions = [...set].sort();
    const key = actions.join(' ');
    const same = resourcesOf.get(key) ?? { actions, resources: [] };
    same.resources.push(resource);
    resourcesOf.set(key, same);
  }
  return policy(
    [...resourcesOf]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, { actions, resources }]) => ({ Effect: 'Allow', Action: actions, Resource: resources.sort() })),
  );
}

function actionsFor({ kind, type }: RegisteredQuery): readonly string[] {
  const { start, status, results, stop } = QUERY_OPERATIONS[type];
  const operations = kind === 'watched' ? [status] : [start, status, results, stop];
  return operations.map(({ name }) => `networkflowmonitor:${name}`);
}

function resourceOf({ region, monitorName, scopeId }: RegisteredQuery, awsAccountId: string): string {
  const subject = monitorName === undefined ? `scope/${literal(scopeId ?? '')}` : `monitor/${literal(monitorName)}`;
  return `arn:${partitionOfRegion(region)}:networkflowmonitor:${region}:${awsAccountId}:${subject}`;
}

/** IAM takes `*`, `?` and `${…}` in a resource for patterns and variables, unless they are written as these. */
function literal(text: string): string {
  return text.replace(/[*?$]/g, (character) => `\${${character}}`);
}

function basePolicy(accounts: readonly AccountWithRole[]): PolicyDocument {
  const tagged = accounts.filter(hasTags);
  const plain = accounts.filter((account) => !hasTags(account));
  const statement = (Action: readonly string[], some: readonly AccountWithRole[]): readonly PolicyStatement[] =>
    some.length === 0
      ? []
      : [{ Effect: 'Allow', Action, Resource: [...new Set(some.map(({ role }) => role.arn))].sort() }];
  return policy([...statement(['sts:AssumeRole'], plain), ...statement(['sts:AssumeRole', 'sts:TagSession'], tagged)]);
}

function trustPolicy(account: AccountWithRole): PolicyDocument {
  const { externalId } = account.role;
  const Principal = { AWS: PLACEHOLDERS.principal };
  const condition =
    externalId === undefined ? {} : { Condition: { StringEquals: { 'sts:ExternalId': PLACEHOLDERS.externalId } } };
  return policy([
    { Effect: 'Allow', Principal, Action: ['sts:AssumeRole'], ...condition },
    ...(hasTags(account) ? [{ Effect: 'Allow' as const, Principal, Action: ['sts:TagSession'] }] : []),
  ]);
}

function hasTags({ role }: AccountWithRole): boolean {
  return Object.keys(role.sessionTags).length > 0;
}

function policy(statements: readonly PolicyStatement[]): PolicyDocument {
  return { Version: '2012-10-17', Statement: statements };
}
