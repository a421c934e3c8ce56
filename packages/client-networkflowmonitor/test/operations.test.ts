import {
  GetMonitorCommand,
  GetQueryResultsMonitorTopContributorsCommand,
  GetQueryResultsWorkloadInsightsTopContributorsCommand,
  GetQueryResultsWorkloadInsightsTopContributorsDataCommand,
  GetQueryStatusMonitorTopContributorsCommand,
  GetQueryStatusWorkloadInsightsTopContributorsCommand,
  GetQueryStatusWorkloadInsightsTopContributorsDataCommand,
  GetScopeCommand,
  ListMonitorsCommand,
  ListScopesCommand,
  ListTagsForResourceCommand,
  type NetworkFlowMonitorClient,
  StartQueryMonitorTopContributorsCommand,
  StartQueryWorkloadInsightsTopContributorsCommand,
  StartQueryWorkloadInsightsTopContributorsDataCommand,
  StopQueryMonitorTopContributorsCommand,
  StopQueryWorkloadInsightsTopContributorsCommand,
  StopQueryWorkloadInsightsTopContributorsDataCommand,
} from '@aws-sdk/client-networkflowmonitor';
import { describe, expect, test } from 'vitest';
import { clientOf, serve } from './service.ts';

interface Operation {
  name: string;
  send: (client: NetworkFlowMonitorClient) => Promise<object>;
  method: string;
  target: string;
  /** Body of the request; empty by default. */
  body?: string;
  /** Body of the response with all members of the model. */
  answer: object;
  /** The output, if it differs from the body. */
  output?: object;
}

const MONITOR_ROW = {
  localIp: '10.0.1.17',
  snatIp: '198.51.100.4',
  localInstanceId: 'i-0123456789abcdef0',
  localVpcId: 'vpc-0123456789abcdef0',
  localRegion: 'us-east-1',
  localAz: 'use1-az6',
  localSubnetId: 'subnet-0123456789abcdef0',
  targetPort: 443,
  destinationCategory: 'INTER_VPC',
  remoteVpcId: 'vpc-0fedcba9876543210',
  remoteRegion: 'us-east-1',
  remoteAz: 'use1-az4',
  remoteSubnetId: 'subnet-0fedcba9876543210',
  remoteInstanceId: 'i-0fedcba9876543210',
  remoteIp: '10.1.2.3',
  dnatIp: '10.1.2.4',
  value: 9007199254740991,
  traversedConstructs: [
    {
      componentId: 'eni-0123456789abcdef0',
      componentType: 'AWS::EC2::NetworkInterface',
      componentArn: 'arn:aws:ec2:us-east-1:111122223333:network-interface/eni-0123456789abcdef0',
      serviceName: 'ec2',
    },
  ],
  kubernetesMetadata: {
    localServiceName: 'cart',
    localPodName: 'cart-0',
    localPodNamespace: 'shop',
    remoteServiceName: 'db',
    remotePodName: 'db-0',
    remotePodNamespace: 'data',
  },
  localInstanceArn: 'arn:aws:ec2:us-east-1:111122223333:instance/i-0123456789abcdef0',
  localSubnetArn: 'arn:aws:ec2:us-east-1:111122223333:subnet/subnet-0123456789abcdef0',
  localVpcArn: 'arn:aws:ec2:us-east-1:111122223333:vpc/vpc-0123456789abcdef0',
  remoteInstanceArn: 'arn:aws:ec2:us-east-1:111122223333:instance/i-0fedcba9876543210',
  remoteSubnetArn: 'arn:aws:ec2:us-east-1:111122223333:subnet/subnet-0fedcba9876543210',
  remoteVpcArn: 'arn:aws:ec2:us-east-1:111122223333:vpc/vpc-0fedcba9876543210',
};

const WORKLOAD_ROW = {
  accountId: '111122223333',
  localSubnetId: 'subnet-0123456789abcdef0',
  localAz: 'use1-az6',
  localVpcId: 'vpc-0123456789abcdef0',
  localRegion: 'us-east-1',
  remoteIdentifier: 'use1-az4',
  value: 908443,
  localSubnetArn: 'arn:aws:ec2:us-east-1:111122223333:subnet/subnet-0123456789abcdef0',
  localVpcArn: 'arn:aws:ec2:us-east-1:111122223333:vpc/vpc-0123456789abcdef0',
};

const SCOPE_ARN = 'arn:aws:networkflowmonitor:us-east-1:111122223333:scope/3a7c5f0e';
const MONITOR_ARN = 'arn:aws:networkflowmonitor:us-east-1:111122223333:monitor/Demo';

const WINDOW = { startTime: new Date('2026-01-01T00:00:00.250Z'), endTime: new Date('2026-01-01T01:00:00Z') };

const OPERATIONS: Operation[] = [
  {
    name: 'StartQueryMonitorTopContributors',
    send: (client) =>
      client.send(
        new StartQueryMonitorTopContributorsCommand({
          monitorName: 'Demo',
          ...WINDOW,
          metricName: 'ROUND_TRIP_TIME',
          destinationCategory: 'INTER_AZ',
          limit: 500,
        }),
      ),
    method: 'POST',
    target: '/monitors/Demo/topContributorsQueries',
    body: '{"startTime":"2026-01-01T00:00:00.250Z","endTime":"2026-01-01T01:00:00Z","metricName":"ROUND_TRIP_TIME","destinationCategory":"INTER_AZ","limit":500}',
    answer: { queryId: 'aecd3a88-0283-35b0-a17d-6e944dc8531d' },
  },
  {
    name: 'GetQueryStatusMonitorTopContributors',
    send: (client) =>
      client.send(new GetQueryStatusMonitorTopContributorsCommand({ monitorName: 'my monitor', queryId: 'a/b c' })),
    method: 'GET',
    target: '/monitors/my%20monitor/topContributorsQueries/a%2Fb%20c/status',
    answer: { status: 'RUNNING' },
  },
  {
    name: 'GetQueryResultsMonitorTopContributors',
    send: (client) =>
      client.send(
        new GetQueryResultsMonitorTopContributorsCommand({
          monitorName: 'Demo',
          queryId: 'q-1',
          nextToken: 'a+b/c= &d',
          maxResults: 25,
        }),
      ),
    method: 'GET',
    target: '/monitors/Demo/topContributorsQueries/q-1/results?maxResults=25&nextToken=a%2Bb%2Fc%3D%20%26d',
    answer: { unit: 'Microseconds', topContributors: [MONITOR_ROW, {}], nextToken: 'next' },
  },
  {
    name: 'StopQueryMonitorTopContributors',
    send: (client) =>
      client.send(new StopQueryMonitorTopContributorsCommand({ monitorName: 'Zürich', queryId: "it's(*)!" })),
    method: 'DELETE',
    target: '/monitors/Z%C3%BCrich/topContributorsQueries/it%27s%28%2A%29%21',
    answer: {},
  },
  {
    name: 'StartQueryWorkloadInsightsTopContributors',
    send: (client) =>
      client.send(
        new StartQueryWorkloadInsightsTopContributorsCommand({
          scopeId: '3a7c5f0e',
          ...WINDOW,
          metricName: 'RETRANSMISSIONS',
          destinationCategory: 'AMAZON_S3',
          limit: 1,
        }),
      ),
    method: 'POST',
    target: '/workloadInsights/3a7c5f0e/topContributorsQueries',
    body: '{"startTime":"2026-01-01T00:00:00.250Z","endTime":"2026-01-01T01:00:00Z","metricName":"RETRANSMISSIONS","destinationCategory":"AMAZON_S3","limit":1}',
    answer: { queryId: 'w-1' },
  },
  {
    name: 'GetQueryStatusWorkloadInsightsTopContributors',
    send: (client) =>
      client.send(new GetQueryStatusWorkloadInsightsTopContributorsCommand({ scopeId: 's/1', queryId: '日本' })),
    method: 'GET',
    target: '/workloadInsights/s%2F1/topContributorsQueries/%E6%97%A5%E6%9C%AC/status',
    answer: { status: 'QUEUED' },
  },
  {
    name: 'GetQueryResultsWorkloadInsightsTopContributors',
    send: (client) =>
      client.send(
        new GetQueryResultsWorkloadInsightsTopContributorsCommand({ scopeId: 's-1', queryId: 'w-1', maxResults: 1 }),
      ),
    method: 'GET',
    target: '/workloadInsights/s-1/topContributorsQueries/w-1/results?maxResults=1',
    answer: { topContributors: [WORKLOAD_ROW], nextToken: 'next' },
  },
  {
    name: 'StopQueryWorkloadInsightsTopContributors',
    send: (client) =>
      client.send(new StopQueryWorkloadInsightsTopContributorsCommand({ scopeId: 's-1', queryId: 'w 1' })),
    method: 'DELETE',
    target: '/workloadInsights/s-1/topContributorsQueries/w%201',
    answer: {},
  },
  {
    name: 'StartQueryWorkloadInsightsTopContributorsData',
    send: (client) =>
      client.send(
        new StartQueryWorkloadInsightsTopContributorsDataCommand({
          scopeId: '3a7c5f0e',
          ...WINDOW,
          metricName: 'DATA_TRANSFERRED',
          destinationCategory: 'UNCLASSIFIED',
        }),
      ),
    method: 'POST',
    target: '/workloadInsights/3a7c5f0e/topContributorsDataQueries',
    body: '{"startTime":"2026-01-01T00:00:00.250Z","endTime":"2026-01-01T01:00:00Z","metricName":"DATA_TRANSFERRED","destinationCategory":"UNCLASSIFIED"}',
    answer: { queryId: 'd-1' },
  },
  {
    name: 'GetQueryStatusWorkloadInsightsTopContributorsData',
    send: (client) =>
      client.send(new GetQueryStatusWorkloadInsightsTopContributorsDataCommand({ scopeId: 's-1', queryId: 'd-1' })),
    method: 'GET',
    target: '/workloadInsights/s-1/topContributorsDataQueries/d-1/status',
    answer: { status: 'SUCCEEDED' },
  },
  {
    name: 'GetQueryResultsWorkloadInsightsTopContributorsData',
    send: (client) =>
      client.send(
        new GetQueryResultsWorkloadInsightsTopContributorsDataCommand({
          scopeId: 's-1',
          queryId: 'd-1',
          nextToken: 'n',
          maxResults: 10,
        }),
      ),
    method: 'GET',
    target: '/workloadInsights/s-1/topContributorsDataQueries/d-1/results?maxResults=10&nextToken=n',
    answer: {
      unit: 'Bytes',
      datapoints: [
        {
          timestamps: ['2026-01-01T19:00:00Z', '2026-01-01T19:05:00Z', '2026-01-01T19:10:00Z'],
          values: [259943.0, 194856.5, 216432.0],
          label: 'use1-az6',
        },
      ],
      nextToken: 'next',
    },
    output: {
      unit: 'Bytes',
      datapoints: [
        {
          timestamps: [
            new Date('2026-01-01T19:00:00Z'),
            new Date('2026-01-01T19:05:00Z'),
            new Date('2026-01-01T19:10:00Z'),
          ],
          values: [259943, 194856.5, 216432],
          label: 'use1-az6',
        },
      ],
      nextToken: 'next',
    },
  },
  {
    name: 'StopQueryWorkloadInsightsTopContributorsData',
    send: (client) =>
      client.send(new StopQueryWorkloadInsightsTopContributorsDataCommand({ scopeId: 's-1', queryId: 'd-1' })),
    method: 'DELETE',
    target: '/workloadInsights/s-1/topContributorsDataQueries/d-1',
    answer: {},
  },
  {
    name: 'GetMonitor',
    send: (client) => client.send(new GetMonitorCommand({ monitorName: 'a.b_c-1' })),
    method: 'GET',
    target: '/monitors/a.b_c-1',
    answer: {
      monitorArn: MONITOR_ARN,
      monitorName: 'a.b_c-1',
      monitorStatus: 'ACTIVE',
      localResources: [{ type: 'AWS::EKS::Cluster', identifier: 'arn:aws:eks:us-east-1:111122223333:cluster/c' }],
      remoteResources: [{ type: 'AWS::AWSService', identifier: 'S3' }],
      createdAt: 1767225600.5,
      modifiedAt: 1767225601,
      tags: { team: 'net', 'aws:x': '' },
    },
    output: {
      monitorArn: MONITOR_ARN,
      monitorName: 'a.b_c-1',
      monitorStatus: 'ACTIVE',
      localResources: [{ type: 'AWS::EKS::Cluster', identifier: 'arn:aws:eks:us-east-1:111122223333:cluster/c' }],
      remoteResources: [{ type: 'AWS::AWSService', identifier: 'S3' }],
      createdAt: new Date('2026-01-01T00:00:00.500Z'),
      modifiedAt: new Date('2026-01-01T00:00:01Z'),
      tags: { team: 'net', 'aws:x': '' },
    },
  },
  {
    name: 'ListMonitors',
    send: (client) => client.send(new ListMonitorsCommand({ nextToken: 't', maxResults: 25, monitorStatus: 'ACTIVE' })),
    method: 'GET',
    target: '/monitors?maxResults=25&monitorStatus=ACTIVE&nextToken=t',
    answer: {
      monitors: [{ monitorArn: MONITOR_ARN, monitorName: 'Demo', monitorStatus: 'PENDING' }],
      nextToken: 'next',
    },
  },
  {
    name: 'GetScope',
    send: (client) => client.send(new GetScopeCommand({ scopeId: '3a7c5f0e' })),
    method: 'GET',
    target: '/scopes/3a7c5f0e',
    answer: {
      scopeId: '3a7c5f0e',
      status: 'DEACTIVATING',
      scopeArn: SCOPE_ARN,
      targets: [
        {
          targetIdentifier: { targetId: { accountId: '111122223333' }, targetType: 'ACCOUNT' },
          region: 'us-east-1',
        },
      ],
      tags: {},
    },
  },
  {
    name: 'ListScopes',
    send: (client) => client.send(new ListScopesCommand({ nextToken: 't', maxResults: 1 })),
    method: 'GET',
    target: '/scopes?maxResults=1&nextToken=t',
    answer: { scopes: [{ scopeId: '3a7c5f0e', status: 'IN_PROGRESS', scopeArn: SCOPE_ARN }], nextToken: 'next' },
  },
  {
    name: 'ListTagsForResource',
    send: (client) => client.send(new ListTagsForResourceCommand({ resourceArn: MONITOR_ARN })),
    method: 'GET',
    target: '/tags/arn%3Aaws%3Anetworkflowmonitor%3Aus-east-1%3A111122223333%3Amonitor%2FDemo',
    answer: { tags: { team: 'net' } },
  },
];

test('covers every operation once', () => {
  expect(new Set(OPERATIONS.map(({ name }) => name)).size).toBe(17);
});

describe.each(OPERATIONS)('$name', ({ name, send, method, target, body, answer, output = answer }) => {
  test('sends the request of the model', async () => {
    const service = await serve({ body: answer });
    await send(clientOf(service));
    expect(service.received).toHaveLength(1);
    expect(service.received[0]).toMatchObject({ method, target, body: body ?? '' });
    const headers = service.received[0]?.headers;
    expect(headers?.['content-type']).toBe(body === undefined ? undefined : 'application/json');
    expect(headers?.['content-length']).toBe(body === undefined ? undefined : String(Buffer.byteLength(body)));
    expect(headers?.['user-agent']).toContain('api/networkflowmonitor#');
    expect(headers?.['authorization']).toContain('/eu-west-1/networkflowmonitor/aws4_request, ');
  });

  test('reads all members of the response', async () => {
    const service = await serve({ headers: { 'x-amzn-requestid': `id of ${name}` }, body: answer });
    const { $metadata, ...members } = (await send(clientOf(service))) as { $metadata: object };
    expect(members).toEqual(output);
    expect($metadata).toMatchObject({ httpStatusCode: 200, requestId: `id of ${name}`, attempts: 1 });
  });

  test('omits members that are missing, null, or undeclared', async () => {
    const nulls = Object.fromEntries(Object.keys(answer).map((member) => [member, null]));
    for (const empty of [{}, nulls, { undeclared: { a: 1 } }, '']) {
      const service = await serve({ body: empty });
      const { $metadata, ...members } = (await send(clientOf(service))) as { $metadata: object };
      expect(members).toEqual({});
    }
  });
});

test('does not send a request without a label', async () => {
  const service = await serve({});
  await expect(
    clientOf(service).send(
      new GetQueryStatusMonitorTopContributorsCommand({ monitorName: 'Demo', queryId: undefined }),
    ),
  ).rejects.toThrow('queryId');
  expect(service.received).toEqual([]);
});
