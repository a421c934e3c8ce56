import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { TABLE_KEYS } from '../../src/persistence/registers/dynamodb.ts';
import { readText } from './chart/chart.ts';
import { loadModels, schemaProblems } from './chart/schemas.ts';
import type { Manifest } from './manifests.ts';

/** The code block of a page that begins with a text. */
function blockOf(page: string, language: string, start: string): string {
  const blocks = readText(page).split(/^```/m);
  const found = blocks.find((block) => block.startsWith(`${language}\n${start}`));
  return found?.slice(language.length + 1) ?? expect.fail(`${page} has no block ${start}`);
}

test('the documented StatefulSet of shards matches its schema, and starts as many shards as it has pods', async () => {
  const object: Manifest & { spec: { replicas: number; template: { spec: { containers: [{ env: object[] }] } } } } =
    parse(blockOf('docs/deploy.md', 'yaml', 'apiVersion: apps/v1\nkind: StatefulSet'));
  expect(schemaProblems(await loadModels(), object)).toEqual([]);
  const { replicas, template } = object.spec;
  expect(template.spec.containers[0].env).toEqual([
    expect.objectContaining({ name: 'NFM_EXPORTER_SHARD' }),
    { name: 'NFM_EXPORTER_TOTAL_SHARDS', value: String(replicas) },
  ]);
});

test('the documented table of CloudFormation is the one that storage create creates', () => {
  const template = parse(blockOf('docs/storage.md', 'yaml', 'Resources:'));
  const [table] = Object.values<Readonly<Record<string, unknown>>>(template.Resources);
  const { hash, range, expiry } = TABLE_KEYS;
  expect(table).toMatchObject({
    Type: 'AWS::DynamoDB::Table',
    Properties: {
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [hash, range].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: [
        { AttributeName: hash, KeyType: 'HASH' },
        { AttributeName: range, KeyType: 'RANGE' },
      ],
      TimeToLiveSpecification: { AttributeName: expiry, Enabled: true },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    },
  });
});

// Debian has no Terraform, so its syntax is not checked: only the names in its assignments, and its braces.
test('the documented table of Terraform has the same keys', () => {
  const block = blockOf('docs/storage.md', 'hcl', 'resource "aws_dynamodb_table"');
  const values = (name: string) =>
    [...block.matchAll(new RegExp(`^ *${name} += "(.*)"$`, 'gm'))].map(([, value]) => value);
  const { hash, range, expiry } = TABLE_KEYS;
  expect(values('billing_mode')).toEqual(['PAY_PER_REQUEST']);
  expect(values('hash_key')).toEqual([hash]);
  expect(values('range_key')).toEqual([range]);
  expect(values('attribute_name')).toEqual([expiry]);
  expect(values('name')).toEqual([expect.any(String), hash, range]);
  expect(block.split('{').length).toBe(block.split('}').length);
});
