import { LIST_OPERATIONS, QUERY_OPERATIONS, TAGS_OPERATION } from '../../aws/operations.ts';
import type { Account } from '../../config/config.ts';
import type { ReadOptions } from '../../config/read.ts';
import { ConfigError } from '../../config/reading/problem.ts';
import { partitionOfRegion } from '../../config/regions.ts';
import { groupBy } from '../../lib/group-by.ts';
import type { RegisteredQuery } from '../../model/query.ts';
import { type Shard, targetsOfShard } from '../../model/shard.ts';
import type { QueryType } from '../../model/vocabulary.ts';
import type { Follower } from '../../queries/following.ts';
import { type LoadedWithFiles, loadWithFiles } from '../../registry/load-with-files.ts';
import type { TextSink } from '../check/check-config.ts';
import { type PolicyDocument, type PolicyStatement, policy } from './policy-document.ts';
import { type TablePolicies, tablePolicies } from './table-policies.ts';

/** The policies for a config, in the order of its first queries. */
export interface IamPolicies {
  /** By account: permissions of its credentials (its role, or its profile, or the default chain). */
  readonly accounts: Readonly<Record<string, PolicyDocument>>;
  /**
   * Permissions of the identities that assume roles, by source of their credentials: `default` for the default chain,
   * `profile NAME` for a profile. Empty if no account has a role.
   */
  readonly base: Readonly<Record<string, PolicyDocument>>;
  /** Permissions of the default chain's identity for the table of replicas. Undefined without a table. */
  readonly storage: TablePolicies | undefined;
  /** By account: the trust policy of its role. */
  readonly trust: Readonly<Record<string, PolicyDocument>>;
}

/** The action that reads metrics of monitors from CloudWatch. */
const METRIC_DATA = 'cloudwatch:GetMetricData';

/** Placeholders in trust policies for unknown or secret values. */
const PLACEHOLDERS = { principal: 'ARN-OF-THE-BASE-IDENTITY', externalId: 'EXTERNAL-ID-OF-THE-ACCOUNT' };

/** A query or an entry with a selector, with the actions that it needs. */
interface Use {
  readonly account: string;
  readonly region: string;
  readonly actions: readonly string[];
  /** `monitor/NAME` or `scope/ID`, in IAM syntax. */
  readonly resource: string;
}

/**
 * Returns the least permissions for the accounts in use. Watched queries need their status. Scheduled queries are started,
 * polled, read, and stopped. The resources are the monitors and scopes in the config, or all of them for selectors. If
 * configured, monitors and scopes are listed, the tags of monitors are read, and the metrics of monitors are read from
 * CloudWatch. Source of the actions and resources: the
 * Service Authorization Reference. sts:GetCallerIdentity needs no permission.
 */
function iamPolicies(
  { config, queries, followers, metricTargets: metrics }: LoadedWithFiles,
  shard: Shard,
): IamPolicies {
  const uses = [
    ...queries.map(useOfQuery),
    ...followers.flatMap(usesOfFollower),
    ...metrics.flatMap((target) => tagUses(target, target.settings.monitors)),
  ];
  const listing = [
    ...(config.discovery.monitorsEvery > 0 ? Object.values(LIST_OPERATIONS).map(actionOf) : []),
    ...(config.discovery.zoneNames ? ['ec2:DescribeAvailabilityZones'] : []),
  ];
  const used = config.accounts.filter(({ name }) => [...uses, ...metrics].some(({ account }) => account === name));
  const withRole = used.flatMap((account) => (account.role === undefined ? [] : [{ ...account, role: account.role }]));
  const byBase = groupBy(withRole, ({ profile }) => (profile === undefined ? 'default' : `profile ${profile}`));
  const policyOf = (account: Account) =>
    accountPolicy(
      account,
      uses.filter((use) => use.account === account.name),
      metrics.some((target) => target.account === account.name) ? [METRIC_DATA, ...listing] : listing,
    );
  return {
    accounts: Object.fromEntries(used.map((account) => [account.name, policyOf(account)])),
    base: Object.fromEntries(Array.from(byBase, ([base, accounts]) => [base, basePolicy(accounts)])),
    storage: tablePolicies(config, shard),
    trust: Object.fromEntries(withRole.map((account) => [account.name, trustPolicy(account)])),
  };
}

type AccountWithRole = Account & { readonly role: NonNullable<Account['role']> };

/** @param unlimited actions that support no narrower resource than all */
function accountPolicy({ role }: Account, uses: readonly Use[], unlimited: readonly string[]): PolicyDocument {
  const awsAccountId = role?.arn.split(':')[4] ?? '*';
  const byResource = groupBy(
    uses,
    ({ region, resource }) =>
      `arn:${partitionOfRegion(region)}:networkflowmonitor:${region}:${awsAccountId}:${resource}`,
  );
  const needs = Array.from(byResource, ([resource, same]) => ({
    resource,
    actions: [...new Set(same.flatMap(({ actions }) => actions))].sort(),
  }));
  if (unlimited.length > 0) {
    needs.push({ resource: '*', actions: unlimited.toSorted() });
  }
  // One statement for all resources with the same actions allows nothing else.
  return policy(
    [...groupBy(needs, ({ actions }) => actions.join(' '))]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, same]) => ({
        Effect: 'Allow',
        Action: same[0].actions,
        Resource: same.map(({ resource }) => resource).sort(),
      })),
  );
}

function actionOf({ name }: { readonly name: string }): string {
  return `networkflowmonitor:${name}`;
}

function useOfQuery({ account, region, kind, type, monitorName, scopeId }: RegisteredQuery): Use {
  const resource = monitorName === undefined ? `scope/${literal(scopeId ?? '')}` : `monitor/${literal(monitorName)}`;
  return { account, region, actions: actionsFor(kind, type), resource };
}

function usesOfFollower({ entry, target, selector }: Follower): readonly Use[] {
  const resource = selector.kind === 'monitors' ? 'monitor/*' : 'scope/*';
  return [{ ...target, actions: actionsFor('scheduled', entry.type), resource }, ...tagUses(target, selector)];
}

/** Reading the tags of monitors, if the selector has tags. */
function tagUses({ account, region }: Pick<Use, 'account' | 'region'>, selector: Follower['selector']): readonly Use[] {
  return selector.kind === 'monitors' && Object.keys(selector.tags).length > 0
    ? [{ account, region, actions: [actionOf(TAGS_OPERATION)], resource: 'monitor/*' }]
    : [];
}

function actionsFor(kind: RegisteredQuery['kind'], type: QueryType): readonly string[] {
  const { start, status, results, stop } = QUERY_OPERATIONS[type];
  return (kind === 'watched' ? [status] : [start, status, results, stop]).map(actionOf);
}

/** Escapes a resource: IAM reads `*`, `?`, and `${…}` as patterns and variables. */
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

export interface IamPolicyOptions extends ReadOptions {
  /** The shard of the exporter, whose targets the policies allow. */
  readonly shard: Shard;
  /** Include the trust policies of roles. */
  readonly trust: boolean;
  /** Receives the policies as JSON. */
  readonly stdout: TextSink;
  /** Receives a line for each error of the file. */
  readonly stderr: TextSink;
}

/**
 * Runs the command `iam-policy`: prints the policies for a config file, without calling AWS.
 *
 * @returns the exit code: 0 for a valid file, otherwise 1
 */
export async function printIamPolicy({ trust, shard, stdout, stderr, ...options }: IamPolicyOptions): Promise<number> {
  try {
    const loaded = await loadWithFiles({ ...options, isOwn: targetsOfShard(shard) });
    const { trust: trustPolicies, ...policies } = iamPolicies(loaded, shard);
    const shown = trust ? { ...policies, trust: trustPolicies } : policies;
    stdout.write(`${JSON.stringify(shown, undefined, 2)}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      throw error;
    }
    stderr.write(`${error.message}\n`);
    return 1;
  }
}
