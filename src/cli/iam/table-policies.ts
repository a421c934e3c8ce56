import type { Config } from '../../config/config.ts';
import { partitionOfRegion } from '../../config/regions.ts';
import { groupOfShard, type Shard } from '../../model/shard.ts';
import { type PolicyDocument, policy } from './policy-document.ts';

/** The policies for the table of replicas: of the base credentials of exporters, and of the creation of the table. */
export interface TablePolicies {
  readonly replicas: PolicyDocument;
  readonly create: PolicyDocument;
}

/**
 * Returns the least permissions for a table, or undefined without one. The exporters read and write only the registers of their
 * group: those of the shard, or of all shards without one. The account in the ARN is `*`, because the file does not contain it.
 */
export function tablePolicies({ storage: { dynamodb }, replicas }: Config, shard: Shard): TablePolicies | undefined {
  if (dynamodb === undefined || replicas === undefined) {
    return undefined;
  }
  const { region, table } = dynamodb;
  const Resource = [`arn:${partitionOfRegion(region)}:dynamodb:${region}:*:table/${table}`];
  const group = groupOfShard(replicas.group, shard);
  const keys = [group, `${group}/*`, ...(shard.total === 1 ? [`${group}:*`] : [])];
  return {
    replicas: policy([
      {
        Effect: 'Allow',
        Action: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query'],
        Resource,
        Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': keys } },
      },
    ]),
    create: policy([
      {
        Effect: 'Allow',
        Action: ['CreateTable', 'DescribeTable', 'UpdateContinuousBackups', 'UpdateTimeToLive'].map(
          (operation) => `dynamodb:${operation}`,
        ),
        Resource,
      },
    ]),
  };
}
