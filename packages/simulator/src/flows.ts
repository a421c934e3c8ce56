import { zonePrefix } from './names.ts';
import { type Instance, instanceOf, type Place, type Subnet, subnetOf, vpcOf, zonesOf } from './network.ts';
import { createRandom, type Random } from './random.ts';
import type { DestinationCategory } from './vocabulary.ts';

/** One end of a flow; members that the service would not know are missing. */
export interface FlowEnd {
  ip: string;
  region?: string;
  az?: string;
  subnet?: Subnet;
  instance?: Instance;
  kubernetes?: { serviceName: string; podName: string; podNamespace: string };
}

export interface TraversedConstruct {
  componentId?: string;
  componentType: string;
  componentArn?: string;
  serviceName?: string;
}

/** A TCP flow between a watched host and something else. */
export interface Flow {
  local: FlowEnd;
  remote: FlowEnd;
  port: number;
  /** Addresses after translation, where the flow is translated. */
  snatIp?: string;
  dnatIp?: string;
  traversed: readonly TraversedConstruct[];
  /** Decides which missing members are told as empty texts. */
  emptiness: Random;
}

/** Categories whose far end has an agent too, so that the service sees each flow from both ends. */
export const MIRRORED: ReadonlySet<DestinationCategory> = new Set(['INTRA_AZ', 'INTER_AZ', 'INTER_VPC']);

const SUBNETS = 8;
const HOSTS = 24;
const PORTS = [443, 443, 5432, 6379, 8080, 9092, 3306, 27017] as const;
/** Namespace and service. */
const WORKLOADS: readonly [readonly [string, string], ...(readonly [string, string])[]] = [
  ['shop', 'cart'],
  ['shop', 'checkout'],
  ['payments', 'ledger'],
  ['search', 'indexer'],
];

/** The flow of this index: the same one whatever the metric and the window, as real flows outlive both. */
export function flowOf(place: Place, parent: string, category: DestinationCategory, index: number): Flow {
  const random = createRandom([place.seed, place.account, place.region, parent, category, index].join('/'));
  const localSubnet = subnetOf(place, vpcOf(place, 0), random.integer(0, SUBNETS - 1));
  const local = hostEnd(instanceOf(place, localSubnet, random.integer(0, HOSTS - 1)), place.region, random);
  const path = remoteOf(place, category, localSubnet, random);
  return {
    local,
    ...path,
    port: random.pick(PORTS),
    traversed: constructs(local, path.remote, path.through),
    emptiness: random,
  };
}

interface RemotePath {
  remote: FlowEnd;
  snatIp?: string;
  dnatIp?: string;
  through: readonly TraversedConstruct[];
}

function remoteOf(place: Place, category: DestinationCategory, local: Subnet, random: Random): RemotePath {
  const host = (in_: Place, subnet: Subnet) =>
    hostEnd(instanceOf(in_, subnet, random.integer(0, HOSTS - 1)), in_.region, random);
  const gateway = (
    kind: 'natgateway' | 'internet-gateway' | 'transit-gateway' | 'vpc-endpoint' | 'vpc-peering-connection',
  ) => gatewayOf(kind, random);
  switch (category) {
    case 'INTRA_AZ':
      return {
        remote: host(place, subnetOf(place, local.vpc, local.index + zonesOf(place.region).length)),
        through: [],
      };
    case 'INTER_AZ': {
      const step = random.integer(1, zonesOf(place.region).length - 1);
      const remote = host(place, subnetOf(place, local.vpc, local.index + step));
      return random.chance(0.3) ? { remote, dnatIp: remote.ip, through: [] } : { remote, through: [] };
    }
    case 'INTER_VPC':
      return {
        remote: host(place, subnetOf(place, vpcOf(place, 1), random.integer(0, SUBNETS - 1))),
        through: [gateway('vpc-peering-connection')],
      };
    case 'INTER_REGION': {
      const far = { ...place, region: place.region === 'eu-west-1' ? 'us-east-1' : 'eu-west-1' };
      return {
        remote: host(far, subnetOf(far, vpcOf(far, 0), random.integer(0, SUBNETS - 1))),
        through: [gateway('transit-gateway')],
      };
    }
    case 'LOCAL_ZONE':
      return {
        remote: {
          ip: `10.90.${random.integer(0, 3)}.${random.integer(10, 250)}`,
          az: `${zonePrefix(place.region)}-lax1-az1`,
        },
        through: [],
      };
    case 'TRANSIT_GATEWAY':
      return {
        remote: { ip: `172.16.${random.integer(0, 255)}.${random.integer(1, 254)}` },
        through: [gateway('transit-gateway')],
      };
    case 'AMAZON_S3':
    case 'AMAZON_DYNAMODB':
    case 'AWS_SERVICE': {
      const endpoint = { ...gateway('vpc-endpoint'), serviceName: serviceOf(category, random) };
      return { remote: { ip: publicAddress(random), region: place.region }, through: [endpoint] };
    }
    case 'INTERNET':
      return {
        remote: { ip: publicAddress(random) },
        snatIp: publicAddress(random),
        through: [gateway('natgateway'), gateway('internet-gateway')],
      };
    case 'UNCLASSIFIED':
      return {
        remote: {
          ip: random.chance(0.5)
            ? publicAddress(random)
            : `192.168.${random.integer(0, 255)}.${random.integer(1, 254)}`,
        },
        through: [],
      };
  }
}

/** The AWS service that a flow of a category goes to, as rows name it. */
export function serviceOf(category: 'AMAZON_S3' | 'AMAZON_DYNAMODB' | 'AWS_SERVICE', random: Random): string {
  switch (category) {
    case 'AMAZON_S3':
      return 'S3';
    case 'AMAZON_DYNAMODB':
      return 'DynamoDB';
    case 'AWS_SERVICE':
      return random.pick(['SQS', 'KMS', 'ECR']);
  }
}

function hostEnd(instance: Instance, region: string, random: Random): FlowEnd {
  const end: FlowEnd = { ip: instance.ip, region, az: instance.subnet.az, subnet: instance.subnet };
  // An address whose instance the service does not know: a load balancer's, say.
  if (random.chance(0.85)) {
    end.instance = instance;
  }
  if (random.chance(0.4)) {
    const [podNamespace, serviceName] = random.pick(WORKLOADS);
    end.kubernetes = { podNamespace, serviceName, podName: `${serviceName}-${random.hex(9)}-${random.hex(5)}` };
  }
  return end;
}

/** An address of the three blocks reserved for documentation (RFC 5737): public in form, nobody's in fact. */
function publicAddress(random: Random): string {
  return `${random.pick(['192.0.2', '198.51.100', '203.0.113'])}.${random.integer(1, 254)}`;
}

const GATEWAYS = {
  natgateway: { prefix: 'nat', type: 'AWS::EC2::NatGateway' },
  'internet-gateway': { prefix: 'igw', type: 'AWS::EC2::InternetGateway' },
  'transit-gateway': { prefix: 'tgw', type: 'AWS::EC2::TransitGateway' },
  'vpc-endpoint': { prefix: 'vpce', type: 'AWS::EC2::VPCEndpoint' },
  'vpc-peering-connection': { prefix: 'pcx', type: 'AWS::EC2::VPCPeeringConnection' },
} as const;

function gatewayOf(kind: keyof typeof GATEWAYS, random: Random): TraversedConstruct {
  const { prefix, type } = GATEWAYS[kind];
  return { componentId: `${prefix}-0${random.hex(16)}`, componentType: type };
}

/** Instance, network interface, what lies between, and the same at the far end, as far as they are known. */
function constructs(local: FlowEnd, remote: FlowEnd, through: readonly TraversedConstruct[]): TraversedConstruct[] {
  return [...hostConstructs(local), ...through, ...hostConstructs(remote).reverse()];
}

function hostConstructs({ instance }: FlowEnd): TraversedConstruct[] {
  return instance
    ? [
        { componentId: instance.id, componentType: 'AWS::EC2::Instance', componentArn: instance.arn },
        { componentId: instance.eni, componentType: 'AWS::EC2::NetworkInterface' },
      ]
    : [];
}
