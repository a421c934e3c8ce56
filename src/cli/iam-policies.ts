import { LIST_OPERATIONS, QUERY_OPERATIONS, TAGS_OPERATION } from '../aws/operations.ts';
import type { Account, Config } from '../config/config.ts';
import { partitionOfRegion } from '../config/regions.ts';
import { groupBy } from '../lib/group-by.ts';
import type { RegisteredQuery } from '../model/query.ts';
import { groupOfShard, type Shard, targetsOfShard } from '../model/shard.ts';
import type { QueryType } from '../model/vocabulary.ts';
import type { Follower } from '../queries/following.ts';
import { type LoadedWithFiles, loadWithFiles } from '../registry/load-with-files.ts';
import { type ConfigCommandOptions, reportingErrors } from './check/check-config.ts';

/** A statement of an IAM policy. Trust policies have a principal, other policies a resource. */
interface PolicyStatement {
  readonly Effect: 'Allow';
  readonly Principal?: { readonly AWS: string };
  readonly Action: readonly string[];
  readonly Resource?: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** Returns a policy document that allows each of some statements. */
function policy(statements: readonly Omit<PolicyStatement, 'Effect'>[]) {
  const Statement = statements.map((statement): PolicyStatement => ({ Effect: 'Allow', ...statement }));
  return { Version: '2012-10-17', Statement };
}

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
 * Returns the least permissions for the accounts in use, in the order of the first queries. Watched queries need their status.
 * Scheduled queries are started, polled, read, and stopped. The resources are the monitors and scopes in the config, or all of
 * them for selectors. If configured, monitors and scopes are listed, the tags of monitors are read, and the metrics of monitors
 * are read from CloudWatch. Source of the actions and resources: the Service Authorization Reference. sts:GetCallerIdentity
 * needs no permission.
 *
 * `accounts`: by account, of its credentials (its role, or its profile, or the default chain). `base`: of the identities that
 * assume roles, by source of their credentials, `default` or `profile NAME`; empty if no account has a role. `storage`: of the
 * default chain's identity, for the table of replicas. `trust`: by account, the trust policy of its role.
 */
function iamPolicies({ config, queries, followers, metricTargets: metrics }: LoadedWithFiles, shard: Shard) {
  const uses: readonly Use[] = [
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
function accountPolicy({ role }: Account, uses: readonly Use[], unlimited: readonly string[]) {
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
      .map(([, same]) => ({ Action: same[0].actions, Resource: same.map(({ resource }) => resource).sort() })),
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

function basePolicy(accounts: readonly AccountWithRole[]) {
  const statement = (Action: readonly string[], some: readonly AccountWithRole[]) =>
    some.length === 0 ? [] : [{ Action, Resource: [...new Set(some.map(({ role }) => role.arn))].sort() }];
  const plain = accounts.filter((account) => !hasTags(account));
  return policy([
    ...statement(['sts:AssumeRole'], plain),
    ...statement(['sts:AssumeRole', 'sts:TagSession'], accounts.filter(hasTags)),
  ]);
}

function trustPolicy(account: AccountWithRole) {
  const Principal = { AWS: PLACEHOLDERS.principal };
  const condition =
    account.role.externalId === undefined
      ? {}
      : { Condition: { StringEquals: { 'sts:ExternalId': PLACEHOLDERS.externalId } } };
  return policy([
    { Principal, Action: ['sts:AssumeRole'], ...condition },
    ...(hasTags(account) ? [{ Principal, Action: ['sts:TagSession'] }] : []),
  ]);
}

function hasTags({ role }: AccountWithRole): boolean {
  return Object.keys(role.sessionTags).length > 0;
}

/**
 * Returns the least permissions for the table of replicas, or undefined without one: of the base credentials of exporters, and
 * of the creation of the table. The exporters read and write only the registers of their group: those of the shard, or of all
 * shards without one. The account in the ARN is `*`, because the file does not contain it.
 */
function tablePolicies({ storage: { dynamodb }, replicas }: Config, shard: Shard) {
  if (dynamodb === undefined || replicas === undefined) {
    return undefined;
  }
  const { region, table } = dynamodb;
  const Resource = [`arn:${partitionOfRegion(region)}:dynamodb:${region}:*:table/${table}`];
  const group = groupOfShard(replicas.group, shard);
  const keys = [group, `${group}/*`, ...(shard.total === 1 ? [`${group}:*`] : [])];
  const Condition = { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': keys } };
  const actions = (...names: readonly string[]) => names.map((name) => `dynamodb:${name}`);
  return {
    replicas: policy([{ Action: actions('GetItem', 'PutItem', 'Query'), Resource, Condition }]),
    create: policy([
      { Action: actions('CreateTable', 'DescribeTable', 'UpdateContinuousBackups', 'UpdateTimeToLive'), Resource },
    ]),
  };
}

export interface IamPolicyOptions extends ConfigCommandOptions {
  /** The shard of the exporter, whose targets the policies allow. */
  readonly shard: Shard;
  readonly trust: boolean;
}

/** Prints the policies for a config file as JSON, without calling AWS. Returns the exit code: 0 for a valid file, otherwise 1. */
export function printIamPolicy({ trust, shard, stdout, stderr, ...options }: IamPolicyOptions): Promise<number> {
  return reportingErrors(stderr, async () => {
    const loaded = await loadWithFiles({ ...options, isOwn: targetsOfShard(shard) });
    const { trust: trustPolicies, ...policies } = iamPolicies(loaded, shard);
    const shown = trust ? { ...policies, trust: trustPolicies } : policies;
    stdout.write(`${JSON.stringify(shown, undefined, 2)}\n`);
    return true;
  });
}
