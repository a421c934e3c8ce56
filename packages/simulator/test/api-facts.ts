/**
 * Facts about the operations from the service's Smithy model, copied by hand, to test the simulator, which was written from
 * other notes. Live additions that the model lacks are marked.
 */

/** Location of an input member in a request. */
export interface InputFact {
  in: 'label' | 'query' | 'body';
  required: boolean;
}

export interface OperationFacts {
  method: 'GET' | 'POST' | 'DELETE';
  uri: string;
  /** The HTTP status of a success. */
  code: 200;
  input: Readonly<Record<string, InputFact>>;
  output: StructureFacts;
  errors: readonly ErrorName[];
}

export type TypeFact =
  | 'string'
  | 'integer'
  | 'long'
  | 'double'
  /** Without a format in the model: the protocol's default, a JSON number of seconds since the Unix epoch. */
  | 'epochSeconds'
  /** `date-time` in the model: a text of RFC 3339. */
  | 'dateTime'
  | { enum: readonly string[] }
  | { list: TypeFact }
  | { map: TypeFact }
  | { structure: StructureFacts }
  /** Exactly one member. */
  | { union: Readonly<Record<string, TypeFact>> };

/** Members in the order of the model. A name with a final `!` is required. */
export type StructureFacts = Readonly<Record<string, TypeFact>>;

/** The statuses of the errors. */
export const ERROR_STATUS = {
  AccessDeniedException: 403,
  ConflictException: 409,
  InternalServerException: 500,
  ResourceNotFoundException: 404,
  ServiceQuotaExceededException: 402,
  ThrottlingException: 429,
  ValidationException: 400,
} as const;
export type ErrorName = keyof typeof ERROR_STATUS;

const label: InputFact = { in: 'label', required: true };
const inQuery: InputFact = { in: 'query', required: false };
const inBody: InputFact = { in: 'body', required: true };
const inBodyOptional: InputFact = { in: 'body', required: false };

const COMMON = [
  'AccessDeniedException',
  'InternalServerException',
  'ThrottlingException',
  'ValidationException',
] as const satisfies ErrorName[];
const WITH_QUOTA = [...COMMON, 'ServiceQuotaExceededException'] as const satisfies ErrorName[];

const MONITOR_STATUS = { enum: ['PENDING', 'ACTIVE', 'INACTIVE', 'ERROR', 'DELETING'] };
/** DEACTIVATING and DEACTIVATED: live since 2025-07-16, not in the model. */
const SCOPE_STATUS = { enum: ['SUCCEEDED', 'IN_PROGRESS', 'FAILED', 'DEACTIVATING', 'DEACTIVATED'] };
/** INTER_REGION and all after it: live, not in the model. */
const DESTINATION_CATEGORY = {
  enum: [
    'INTRA_AZ',
    'INTER_AZ',
    'INTER_VPC',
    'UNCLASSIFIED',
    'AMAZON_S3',
    'AMAZON_DYNAMODB',
    'INTER_REGION',
    'INTERNET',
    'AWS_SERVICE',
    'TRANSIT_GATEWAY',
    'LOCAL_ZONE',
  ],
};
const METRIC_UNIT = {
  enum: [
    ...['Seconds', 'Microseconds', 'Milliseconds'],
    ...['Bytes', 'Kilobytes', 'Megabytes', 'Gigabytes', 'Terabytes'],
    ...['Bits', 'Kilobits', 'Megabits', 'Gigabits', 'Terabits'],
    ...['Percent', 'Count'],
    ...['Bytes/Second', 'Kilobytes/Second', 'Megabytes/Second', 'Gigabytes/Second', 'Terabytes/Second'],
    ...['Bits/Second', 'Kilobits/Second', 'Megabits/Second', 'Gigabits/Second', 'Terabits/Second'],
    ...['Count/Second', 'None'],
  ],
};
const QUERY_STATUS = { enum: ['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED'] };
const TAGS: TypeFact = { map: 'string' };

const MONITOR_TOP_CONTRIBUTORS_ROW: StructureFacts = {
  localIp: 'string',
  snatIp: 'string',
  localInstanceId: 'string',
  localVpcId: 'string',
  localRegion: 'string',
  localAz: 'string',
  localSubnetId: 'string',
  targetPort: 'integer',
  destinationCategory: DESTINATION_CATEGORY,
  remoteVpcId: 'string',
  remoteRegion: 'string',
  remoteAz: 'string',
  remoteSubnetId: 'string',
  remoteInstanceId: 'string',
  remoteIp: 'string',
  dnatIp: 'string',
  value: 'long',
  traversedConstructs: {
    list: {
      structure: { componentId: 'string', componentType: 'string', componentArn: 'string', serviceName: 'string' },
    },
  },
  kubernetesMetadata: {
    structure: {
      localServiceName: 'string',
      localPodName: 'string',
      localPodNamespace: 'string',
      remoteServiceName: 'string',
      remotePodName: 'string',
      remotePodNamespace: 'string',
    },
  },
  localInstanceArn: 'string',
  localSubnetArn: 'string',
  localVpcArn: 'string',
  remoteInstanceArn: 'string',
  remoteSubnetArn: 'string',
  remoteVpcArn: 'string',
};

const WORKLOAD_INSIGHTS_TOP_CONTRIBUTORS_ROW: StructureFacts = {
  accountId: 'string',
  localSubnetId: 'string',
  localAz: 'string',
  localVpcId: 'string',
  localRegion: 'string',
  remoteIdentifier: 'string',
  value: 'long',
  localSubnetArn: 'string',
  localVpcArn: 'string',
};

const resourceOf = (...types: readonly string[]): TypeFact => ({
  structure: { 'type!': { enum: types }, 'identifier!': 'string' },
});
/** AWS::Region (2025-09-10) and AWS::EKS::Cluster (2025-11-19): live, not in the model. */
const LOCAL_RESOURCE = resourceOf(
  'AWS::EC2::VPC',
  'AWS::AvailabilityZone',
  'AWS::EC2::Subnet',
  'AWS::Region',
  'AWS::EKS::Cluster',
);
/** AWS::Region: live since 2025-09-10, not in the model. */
const REMOTE_RESOURCE = resourceOf(
  'AWS::EC2::VPC',
  'AWS::AvailabilityZone',
  'AWS::EC2::Subnet',
  'AWS::AWSService',
  'AWS::Region',
);

const START_INPUT = { startTime: inBody, endTime: inBody, metricName: inBody, destinationCategory: inBody } as const;
const START_OUTPUT: StructureFacts = { 'queryId!': 'string' };
const PAGING = { nextToken: inQuery, maxResults: inQuery } as const;

export const OPERATIONS: Readonly<Record<string, OperationFacts>> = {
  GetMonitor: {
    method: 'GET',
    uri: '/monitors/{monitorName}',
    code: 200,
    input: { monitorName: label },
    output: {
      'monitorArn!': 'string',
      'monitorName!': 'string',
      'monitorStatus!': MONITOR_STATUS,
      'localResources!': { list: LOCAL_RESOURCE },
      'remoteResources!': { list: REMOTE_RESOURCE },
      'createdAt!': 'epochSeconds',
      'modifiedAt!': 'epochSeconds',
      tags: TAGS,
    },
    errors: [...COMMON, 'ResourceNotFoundException'],
  },
  ListMonitors: {
    method: 'GET',
    uri: '/monitors',
    code: 200,
    input: { ...PAGING, monitorStatus: inQuery },
    output: {
      'monitors!': {
        list: { structure: { 'monitorArn!': 'string', 'monitorName!': 'string', 'monitorStatus!': MONITOR_STATUS } },
      },
      nextToken: 'string',
    },
    errors: COMMON,
  },
  GetScope: {
    method: 'GET',
    uri: '/scopes/{scopeId}',
    code: 200,
    input: { scopeId: label },
    output: {
      'scopeId!': 'string',
      'status!': SCOPE_STATUS,
      'scopeArn!': 'string',
      'targets!': {
        list: {
          structure: {
            'targetIdentifier!': {
              structure: { 'targetId!': { union: { accountId: 'string' } }, 'targetType!': { enum: ['ACCOUNT'] } },
            },
            'region!': 'string',
          },
        },
      },
      tags: TAGS,
    },
    errors: [...WITH_QUOTA, 'ResourceNotFoundException'],
  },
  ListScopes: {
    method: 'GET',
    uri: '/scopes',
    code: 200,
    input: PAGING,
    output: {
      'scopes!': { list: { structure: { 'scopeId!': 'string', 'status!': SCOPE_STATUS, 'scopeArn!': 'string' } } },
      nextToken: 'string',
    },
    errors: WITH_QUOTA,
  },
  ListTagsForResource: {
    method: 'GET',
    uri: '/tags/{resourceArn}',
    code: 200,
    input: { resourceArn: label },
    output: { tags: TAGS },
    errors: [...COMMON, 'ConflictException', 'ResourceNotFoundException'],
  },

  StartQueryMonitorTopContributors: {
    method: 'POST',
    uri: '/monitors/{monitorName}/topContributorsQueries',
    code: 200,
    input: { monitorName: label, ...START_INPUT, limit: inBodyOptional },
    output: START_OUTPUT,
    errors: WITH_QUOTA,
  },
  GetQueryStatusMonitorTopContributors: {
    method: 'GET',
    uri: '/monitors/{monitorName}/topContributorsQueries/{queryId}/status',
    code: 200,
    input: { monitorName: label, queryId: label },
    output: { 'status!': QUERY_STATUS },
    errors: WITH_QUOTA,
  },
  GetQueryResultsMonitorTopContributors: {
    method: 'GET',
    uri: '/monitors/{monitorName}/topContributorsQueries/{queryId}/results',
    code: 200,
    input: { monitorName: label, queryId: label, ...PAGING },
    output: {
      unit: METRIC_UNIT,
      topContributors: { list: { structure: MONITOR_TOP_CONTRIBUTORS_ROW } },
      nextToken: 'string',
    },
    errors: [...WITH_QUOTA, 'ResourceNotFoundException'],
  },
  StopQueryMonitorTopContributors: {
    method: 'DELETE',
    uri: '/monitors/{monitorName}/topContributorsQueries/{queryId}',
    code: 200,
    input: { monitorName: label, queryId: label },
    output: {},
    errors: WITH_QUOTA,
  },

  StartQueryWorkloadInsightsTopContributors: {
    method: 'POST',
    uri: '/workloadInsights/{scopeId}/topContributorsQueries',
    code: 200,
    input: { scopeId: label, ...START_INPUT, limit: inBodyOptional },
    output: START_OUTPUT,
    errors: WITH_QUOTA,
  },
  GetQueryStatusWorkloadInsightsTopContributors: {
    method: 'GET',
    uri: '/workloadInsights/{scopeId}/topContributorsQueries/{queryId}/status',
    code: 200,
    input: { scopeId: label, queryId: label },
    output: { 'status!': QUERY_STATUS },
    errors: WITH_QUOTA,
  },
  GetQueryResultsWorkloadInsightsTopContributors: {
    method: 'GET',
    uri: '/workloadInsights/{scopeId}/topContributorsQueries/{queryId}/results',
    code: 200,
    input: { scopeId: label, queryId: label, ...PAGING },
    output: {
      topContributors: { list: { structure: WORKLOAD_INSIGHTS_TOP_CONTRIBUTORS_ROW } },
      nextToken: 'string',
    },
    errors: [...WITH_QUOTA, 'ResourceNotFoundException'],
  },
  StopQueryWorkloadInsightsTopContributors: {
    method: 'DELETE',
    uri: '/workloadInsights/{scopeId}/topContributorsQueries/{queryId}',
    code: 200,
    input: { scopeId: label, queryId: label },
    output: {},
    errors: WITH_QUOTA,
  },

  StartQueryWorkloadInsightsTopContributorsData: {
    method: 'POST',
    uri: '/workloadInsights/{scopeId}/topContributorsDataQueries',
    code: 200,
    input: { scopeId: label, ...START_INPUT },
    output: START_OUTPUT,
    errors: WITH_QUOTA,
  },
  GetQueryStatusWorkloadInsightsTopContributorsData: {
    method: 'GET',
    uri: '/workloadInsights/{scopeId}/topContributorsDataQueries/{queryId}/status',
    code: 200,
    input: { scopeId: label, queryId: label },
    output: { 'status!': QUERY_STATUS },
    errors: WITH_QUOTA,
  },
  GetQueryResultsWorkloadInsightsTopContributorsData: {
    method: 'GET',
    uri: '/workloadInsights/{scopeId}/topContributorsDataQueries/{queryId}/results',
    code: 200,
    input: { scopeId: label, queryId: label, ...PAGING },
    output: {
      'unit!': METRIC_UNIT,
      'datapoints!': {
        list: {
          structure: {
            'timestamps!': { list: 'dateTime' },
            'values!': { list: 'double' },
            'label!': 'string',
          },
        },
      },
      nextToken: 'string',
    },
    errors: [...WITH_QUOTA, 'ResourceNotFoundException'],
  },
  StopQueryWorkloadInsightsTopContributorsData: {
    method: 'DELETE',
    uri: '/workloadInsights/{scopeId}/topContributorsDataQueries/{queryId}',
    code: 200,
    input: { scopeId: label, queryId: label },
    output: {},
    errors: WITH_QUOTA,
  },
};

/** The metrics of the query types, by start operation. Workload insights has no ROUND_TRIP_TIME. */
export const METRICS: Readonly<Record<string, readonly string[]>> = {
  StartQueryMonitorTopContributors: ['ROUND_TRIP_TIME', 'TIMEOUTS', 'RETRANSMISSIONS', 'DATA_TRANSFERRED'],
  StartQueryWorkloadInsightsTopContributors: ['TIMEOUTS', 'RETRANSMISSIONS', 'DATA_TRANSFERRED'],
  StartQueryWorkloadInsightsTopContributorsData: ['TIMEOUTS', 'RETRANSMISSIONS', 'DATA_TRANSFERRED'],
};
export const DESTINATION_CATEGORIES: readonly string[] = DESTINATION_CATEGORY.enum;
export const METRIC_UNITS: readonly string[] = METRIC_UNIT.enum;

/** The violations of the facts by `value`, as texts. */
export function violationsOf(value: unknown, fact: TypeFact, at: string): string[] {
  if (typeof fact === 'string') {
    return isScalar(value, fact) ? [] : [`${at}: ${JSON.stringify(value)} is not a ${fact}`];
  }
  if ('enum' in fact) {
    return typeof value === 'string' && fact.enum.includes(value) ? [] : [`${at}: ${JSON.stringify(value)} is unknown`];
  }
  if ('list' in fact) {
    return Array.isArray(value)
      ? value.flatMap((item: unknown, i) => violationsOf(item, fact.list, `${at}[${i}]`))
      : [`${at} is not a list`];
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return [`${at} is not an object`];
  }
  const members = Object.entries(value);
  if ('map' in fact) {
    return members.flatMap(([key, item]) => violationsOf(item, fact.map, `${at}.${key}`));
  }
  if ('union' in fact) {
    const [key = '', item] = members[0] ?? [];
    const type = fact.union[key];
    return members.length === 1 && type
      ? violationsOf(item, type, `${at}.${key}`)
      : [`${at} is not a single known member`];
  }
  const missing = Object.keys(fact.structure)
    .filter((name) => name.endsWith('!') && !Object.hasOwn(value, name.slice(0, -1)))
    .map((name) => `${at}.${name.slice(0, -1)} is missing`);
  const wrong = members.flatMap(([name, item]) => {
    const type = fact.structure[`${name}!`] ?? fact.structure[name];
    return type ? violationsOf(item, type, `${at}.${name}`) : [`${at}.${name} is not in the model`];
  });
  return [...missing, ...wrong];
}

function isScalar(value: unknown, fact: Extract<TypeFact, string>): boolean {
  switch (fact) {
    case 'string':
      return typeof value === 'string';
    case 'integer':
    case 'long':
      return Number.isSafeInteger(value);
    case 'double':
      return typeof value === 'number' && Number.isFinite(value);
    case 'epochSeconds':
      // A value in milliseconds would be far beyond the year 2100.
      return typeof value === 'number' && value > 1_000_000_000 && value < 4_102_444_800;
    case 'dateTime':
      return typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(value);
  }
}
