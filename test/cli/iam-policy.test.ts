import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { printIamPolicy } from '../../src/cli/iam-policies.ts';
import { WHOLE } from '../../src/model/shard.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const ROLE = 'arn:aws:iam::111122223333:role/nfm-read';
const WATCHED = 'networkflowmonitor:GetQueryStatusMonitorTopContributors';
const SCHEDULED = ['GetQueryResults', 'GetQueryStatus', 'StartQuery', 'StopQuery'];

async function policiesOf(config: object, trust = false) {
  const file = join(temporaryFolder(), 'config.json');
  writeFileSync(file, JSON.stringify({ discovery: { monitorsEvery: '0s' }, ...config }));
  let stdout = '';
  let stderr = '';
  const code = await printIamPolicy({
    file,
    shard: WHOLE,
    trust,
    env: {},
    fallbackRegion: async () => 'eu-west-1',
    stdout: {
      write(text) {
        stdout += text;
      },
    },
    stderr: {
      write(text) {
        stderr += text;
      },
    },
  });
  return { code, stdout, stderr };
}

const watched = (more: object) => ({ name: 'w', monitorName: 'checkout', queryId: 'q', ...more });
const scheduled = (more: object) => ({
  name: 's',
  metricName: '*',
  destinationCategory: '*',
  schedule: { every: '15m' },
  ...more,
});

describe('iam-policy', () => {
  it('allows reading the names of zones only if they are enabled', async () => {
    const actionsWith = async (discovery: object) => {
      const { stdout } = await policiesOf({ discovery: { monitorsEvery: '0s', ...discovery }, queries: [watched({})] });
      const { Statement } = JSON.parse(stdout).accounts.default;
      return Statement.map(({ Action, Resource }: { Action: string[]; Resource: string[] }) =>
        [Action, Resource].flat(),
      );
    };
    const ofQuery = [WATCHED, 'arn:aws:networkflowmonitor:eu-west-1:*:monitor/checkout'];
    expect(await actionsWith({})).toEqual([ofQuery]);
    expect(await actionsWith({ zoneNames: true })).toEqual([['ec2:DescribeAvailabilityZones', '*'], ofQuery]);
  });

  it('allows the status of watched queries, and all operations of scheduled ones', async () => {
    const { code, stdout } = await policiesOf({
      queries: [
        watched({}),
        watched({ name: 'w2', monitorName: 'edge' }),
        scheduled({ monitorName: ['edge', 'checkout', 'search'] }),
        watched({ name: 'w3', monitorName: 'batch' }),
        scheduled({
          name: 'o',
          type: 'workload-insights-top-contributors-data',
          scopeId: 'scope-1',
          region: 'us-east-1',
        }),
      ],
    });
    expect(code).toBe(0);
    const arn = (name: string) => `arn:aws:networkflowmonitor:eu-west-1:*:monitor/${name}`;
    expect(JSON.parse(stdout)).toEqual({
      accounts: {
        default: {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Action: SCHEDULED.map((verb) => `networkflowmonitor:${verb}MonitorTopContributors`),
              Resource: [arn('checkout'), arn('edge'), arn('search')],
            },
            {
              Effect: 'Allow',
              Action: SCHEDULED.map((verb) => `networkflowmonitor:${verb}WorkloadInsightsTopContributorsData`),
              Resource: ['arn:aws:networkflowmonitor:us-east-1:*:scope/scope-1'],
            },
            { Effect: 'Allow', Action: [WATCHED], Resource: [arn('batch')] },
          ],
        },
      },
      base: {},
    });
  });

  it('restricts resources to the AWS account of a role, and base identities to their roles', async () => {
    const { stdout } = await policiesOf({
      accounts: [
        { name: 'a', region: 'eu-west-1', roleArn: ROLE },
        { name: 'b', region: 'eu-west-1', roleArn: `${ROLE}-tagged`, sessionTags: { purpose: 'metrics-tag' } },
        { name: 'c', region: 'eu-west-1', roleArn: `${ROLE}-c`, profile: 'base' },
        { name: 'd', region: 'eu-west-1', profile: 'base' },
        { name: 'unused', region: 'eu-west-1', roleArn: `${ROLE}-unused` },
      ],
      queries: [watched({ account: ['a', 'b', 'c', 'd'] })],
    });
    const { accounts, base } = JSON.parse(stdout);
    expect(Object.keys(accounts)).toEqual(['a', 'b', 'c', 'd']);
    expect(accounts.a.Statement[0].Resource).toEqual([
      'arn:aws:networkflowmonitor:eu-west-1:111122223333:monitor/checkout',
    ]);
    expect(accounts.d.Statement[0].Resource).toEqual(['arn:aws:networkflowmonitor:eu-west-1:*:monitor/checkout']);
    const assume = (Action: string[], role: string) => ({ Effect: 'Allow', Action, Resource: [role] });
    expect(base).toEqual({
      default: {
        Version: '2012-10-17',
        Statement: [assume(['sts:AssumeRole'], ROLE), assume(['sts:AssumeRole', 'sts:TagSession'], `${ROLE}-tagged`)],
      },
      'profile base': { Version: '2012-10-17', Statement: [assume(['sts:AssumeRole'], `${ROLE}-c`)] },
    });
  });

  it('allows listings, and runs on all monitors and scopes of selectors', async () => {
    const { stdout } = await policiesOf({
      discovery: { monitorsEvery: '5m' },
      queries: [
        scheduled({ metricName: 'TIMEOUTS', monitorSelector: { name: 'prod-*', tags: { env: 'prod' } } }),
        scheduled({ name: 'o', type: 'workload-insights-top-contributors', metricName: 'TIMEOUTS' }),
      ],
    });
    const run = (family: string) => SCHEDULED.map((verb) => `networkflowmonitor:${verb}${family}`);
    const statements = JSON.parse(stdout).accounts.default.Statement;
    expect(statements).toHaveLength(3);
    expect(statements).toEqual(
      expect.arrayContaining([
        {
          Effect: 'Allow',
          Action: [...run('MonitorTopContributors'), 'networkflowmonitor:ListTagsForResource'].sort(),
          Resource: ['arn:aws:networkflowmonitor:eu-west-1:*:monitor/*'],
        },
        {
          Effect: 'Allow',
          Action: run('WorkloadInsightsTopContributors'),
          Resource: ['arn:aws:networkflowmonitor:eu-west-1:*:scope/*'],
        },
        {
          Effect: 'Allow',
          Action: ['networkflowmonitor:ListMonitors', 'networkflowmonitor:ListScopes'],
          Resource: ['*'],
        },
      ]),
    );
  });

  it('prints trust policies with placeholders for secrets with --trust', async () => {
    const { stdout } = await policiesOf(
      {
        accounts: [
          { name: 'plain', region: 'eu-west-1', roleArn: ROLE },
          {
            name: 'full',
            region: 'eu-west-1',
            roleArn: ROLE,
            externalId: 'the-external-id',
            sessionTags: { purpose: 'the-tag-value' },
          },
        ],
        queries: [watched({ account: '*' })],
      },
      true,
    );
    const Principal = { AWS: 'ARN-OF-THE-BASE-IDENTITY' };
    const assume = { Effect: 'Allow', Principal, Action: ['sts:AssumeRole'] };
    expect(JSON.parse(stdout).trust).toEqual({
      plain: { Version: '2012-10-17', Statement: [assume] },
      full: {
        Version: '2012-10-17',
        Statement: [
          { ...assume, Condition: { StringEquals: { 'sts:ExternalId': 'EXTERNAL-ID-OF-THE-ACCOUNT' } } },
          { Effect: 'Allow', Principal, Action: ['sts:TagSession'] },
        ],
      },
    });
    expect(stdout).not.toMatch(/the-external-id|the-tag-value/);
  });

  it('uses the partition of the region, and escapes patterns in scope ids', async () => {
    const { stdout } = await policiesOf({
      queries: [
        watched({ region: 'cn-north-1' }),
        scheduled({ type: 'workload-insights-top-contributors', scopeId: 'a*b?$c', region: 'us-gov-west-1' }),
      ],
    });
    expect(JSON.parse(stdout).accounts.default.Statement.map((each: { Resource: string[] }) => each.Resource)).toEqual([
      [`arn:aws-us-gov:networkflowmonitor:us-gov-west-1:*:scope/a\${*}b\${?}\${$}c`],
      ['arn:aws-cn:networkflowmonitor:cn-north-1:*:monitor/checkout'],
    ]);
  });

  it('allows reading metrics from CloudWatch in accounts that do so, even without queries', async () => {
    const cloudwatch = { monitors: { tags: { env: 'prod' } } };
    const { code, stdout } = await policiesOf({
      discovery: { monitorsEvery: '5m' },
      accounts: [
        { name: 'plain', region: 'eu-west-1' },
        { name: 'metrics', regions: ['eu-west-1', 'us-east-1'], roleArn: ROLE, cloudwatch },
        { name: 'both', region: 'eu-west-1', cloudwatch: {} },
      ],
      queries: [watched({ account: ['plain', 'both'] })],
    });
    expect(code).toBe(0);
    const { accounts, base } = JSON.parse(stdout);
    const listings = { Effect: 'Allow', Action: ['networkflowmonitor:ListMonitors', 'networkflowmonitor:ListScopes'] };
    const statusOf = (account: string) => ({
      Effect: 'Allow',
      Action: [WATCHED],
      Resource: [`arn:aws:networkflowmonitor:eu-west-1:${account}:monitor/checkout`],
    });
    // GetMetricData supports no narrower resource.
    const withMetrics = { ...listings, Action: ['cloudwatch:GetMetricData', ...listings.Action], Resource: ['*'] };
    expect(accounts.plain.Statement).toEqual([statusOf('*'), { ...listings, Resource: ['*'] }]);
    expect(accounts.both.Statement).toEqual([withMetrics, statusOf('*')]);
    expect(accounts.metrics.Statement).toEqual([
      withMetrics,
      {
        Effect: 'Allow',
        Action: ['networkflowmonitor:ListTagsForResource'],
        Resource: [
          'arn:aws:networkflowmonitor:eu-west-1:111122223333:monitor/*',
          'arn:aws:networkflowmonitor:us-east-1:111122223333:monitor/*',
        ],
      },
    ]);
    expect(base.default.Statement).toEqual([{ Effect: 'Allow', Action: ['sts:AssumeRole'], Resource: [ROLE] }]);
  });

  it('prints empty policies for a file without queries', async () => {
    expect(JSON.parse((await policiesOf({}, true)).stdout)).toEqual({ accounts: {}, base: {}, trust: {} });
  });

  it('allows the registers of its group in the table of replicas, and the creation of the table separately', async () => {
    const storage = { dynamodb: { table: 'nfm-exporter', region: 'cn-north-1' } };
    const { stdout } = await policiesOf({ storage, replicas: { group: 'payments' } });
    const Resource = ['arn:aws-cn:dynamodb:cn-north-1:*:table/nfm-exporter'];
    expect(JSON.parse(stdout).storage).toEqual({
      replicas: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Action: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query'],
            Resource,
            Condition: {
              'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['payments', 'payments/*', 'payments:*'] },
            },
          },
        ],
      },
      create: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Action: [
              'dynamodb:CreateTable',
              'dynamodb:DescribeTable',
              'dynamodb:UpdateContinuousBackups',
              'dynamodb:UpdateTimeToLive',
            ],
            Resource,
          },
        ],
      },
    });
    const database = { postgresql: { url: 'postgresql://nfm:hunter2@db/nfm' } };
    expect((await policiesOf({ storage: database })).stdout).not.toMatch(/storage|hunter2/);
  });

  it('reports all errors of an invalid file, and prints no policy', async () => {
    const { code, stdout, stderr } = await policiesOf({ pollng: {}, queries: [{ name: 'two words' }] });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^pollng \(line 1\): got an unknown key.*\nqueries\[0\]/);
  });

  it('includes the queries of discovery files', async () => {
    const folder = temporaryFolder();
    const entries = [watched({ monitorName: 'edge' }), scheduled({ monitorSelector: {}, region: 'us-east-1' })];
    writeFileSync(join(folder, 'a.json'), JSON.stringify(entries));
    const { code, stdout } = await policiesOf({ discovery: { files: [join(folder, '*.json')] } });
    expect(code).toBe(0);
    const statements = JSON.parse(stdout).accounts.default.Statement;
    expect(statements.map(({ Resource }: { Resource: readonly string[] }) => Resource)).toEqual([
      ['arn:aws:networkflowmonitor:us-east-1:*:monitor/*'],
      ['arn:aws:networkflowmonitor:eu-west-1:*:monitor/edge'],
      ['*'],
    ]);
    writeFileSync(join(folder, 'a.json'), '[');
    expect(await policiesOf({ discovery: { files: [join(folder, '*.json')] } })).toMatchObject({ code: 1, stdout: '' });
  });
});
