import {
  HOSTS,
  type Instance,
  instanceOf,
  type Place,
  SUBNETS,
  type Subnet,
  subnetOf,
  vpcOf,
  zonePrefix,
  zonesOf,
} from './network.ts';
import { Random } from './random.ts';
import type { DestinationCategory } from './vocabulary.ts';

/** One end of a flow. Members that the service would not know are missing. */
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

/** A TCP flow between a monitored host and a remote end. */
export interface Flow {
  local: FlowEnd;
  remote: FlowEnd;
  port: number;
  /** Addresses after translation, if the flow is translated. */
  snatIp?: string;
  dnatIp?: string;
  traversed: readonly TraversedConstruct[];
  /** Decides which missing members are sent as empty texts. */
  emptiness: Random;
}

/** Categories whose remote end also has an agent, so that the service receives each flow from both ends. */
export const MIRRORED: ReadonlySet<DestinationCategory> = new Set(['INTRA_AZ', 'INTER_AZ', 'INTER_VPC']);

const PORTS = [443, 443, 5432, 6379, 8080, 9092, 3306, 27017] as const;
export const WORKLOADS: readonly [readonly [string, string], ...(readonly [string, string])[]] = [
  ['shop', 'cart'],
  ['shop', 'checkout'],
  ['payments', 'ledger'],
  ['search', 'indexer'],
];

/** Every seventh flow, from this index on, starts at the busy instance, if there is one. */
const FIRST_BUSY = 3;
const BUSY_EVERY = 7;

/**
 * The flow of an index. It is the same for all metrics and windows, as real flows last longer than a window. `busy` is an
 * instance at which many flows start; by default, flows are distributed evenly.
 */
export function flowOf(
  place: Place,
  parent: string,
  category: DestinationCategory,
  index: number,
  busy?: Instance,
): Flow {
  const random = new Random([place.seed, place.account, place.region, parent, category, index].join('/'));
  const drawn = subnetOf(place, vpcOf(place, 0), random.integer(0, SUBNETS - 1));
  const host = index % BUSY_EVERY === FIRST_BUSY ? busy : undefined;
  const localSubnet = host?.subnet ?? drawn;
  const local = { ...hostEnd(place, localSubnet, random), ...(host && { ip: host.ip, instance: host }) };
  const { remote, through = [], ...translated } = PATHS[category](random, place, localSubnet);
  const traversed = [...hostConstructs(local), ...through, ...hostConstructs(remote).reverse()];
  return { local, remote, ...translated, port: random.pick(PORTS), traversed, emptiness: random };
}

interface RemotePath {
  remote: FlowEnd;
  snatIp?: string;
  dnatIp?: string;
  /** Components between the two ends; none by default. */
  through?: readonly TraversedConstruct[];
}

/** The remote ends of each category for a local subnet. */
const PATHS: Readonly<Record<DestinationCategory, (random: Random, place: Place, local: Subnet) => RemotePath>> = {
  INTRA_AZ: (random, place, { vpc, index }) => ({
    remote: hostEnd(place, subnetOf(place, vpc, index + zonesOf(place.region).length), random),
  }),
  INTER_AZ(random, place, { vpc, index }) {
    const step = random.integer(1, zonesOf(place.region).length - 1);
    const remote = hostEnd(place, subnetOf(place, vpc, index + step), random);
    return random.chance(0.3) ? { remote, dnatIp: remote.ip } : { remote };
  },
  INTER_VPC: (random, place) => ({
    remote: anyHostEnd(place, 1, random),
    through: [gateway('pcx', 'VPCPeeringConnection', random)],
  }),
  INTER_REGION: (random, place) => ({
    remote: anyHostEnd({ ...place, region: place.region === 'eu-west-1' ? 'us-east-1' : 'eu-west-1' }, 0, random),
    through: [gateway('tgw', 'TransitGateway', random)],
  }),
  LOCAL_ZONE: (random, { region }) => ({
    remote: {
      ip: `10.90.${random.integer(0, 3)}.${random.integer(10, 250)}`,
      az: `${zonePrefix(region)}-lax1-az1`,
    },
  }),
  TRANSIT_GATEWAY: (random) => ({
    remote: { ip: `172.16.${random.integer(0, 255)}.${random.integer(1, 254)}` },
    through: [gateway('tgw', 'TransitGateway', random)],
  }),
  AMAZON_S3: (random, place) => servicePath('AMAZON_S3', random, place),
  AMAZON_DYNAMODB: (random, place) => servicePath('AMAZON_DYNAMODB', random, place),
  AWS_SERVICE: (random, place) => servicePath('AWS_SERVICE', random, place),
  INTERNET: (random) => ({
    remote: { ip: publicAddress(random) },
    snatIp: publicAddress(random),
    through: [gateway('nat', 'NatGateway', random), gateway('igw', 'InternetGateway', random)],
  }),
  UNCLASSIFIED: (random) => ({
    remote: {
      ip: random.chance(0.5) ? publicAddress(random) : `192.168.${random.integer(0, 255)}.${random.integer(1, 254)}`,
    },
  }),
};

type ServiceCategory = 'AMAZON_S3' | 'AMAZON_DYNAMODB' | 'AWS_SERVICE';

function servicePath(category: ServiceCategory, random: Random, { region }: Place): RemotePath {
  const endpoint = { ...gateway('vpce', 'VPCEndpoint', random), serviceName: serviceOf(category, random) };
  return { remote: { ip: publicAddress(random), region }, through: [endpoint] };
}

export function serviceOf(category: ServiceCategory, random: Random): string {
  return category === 'AMAZON_S3'
    ? 'S3'
    : category === 'AMAZON_DYNAMODB'
      ? 'DynamoDB'
      : random.pick(['SQS', 'KMS', 'ECR']);
}

function anyHostEnd(place: Place, vpc: number, random: Random): FlowEnd {
  return hostEnd(place, subnetOf(place, vpcOf(place, vpc), random.integer(0, SUBNETS - 1)), random);
}

function hostEnd(place: Place, subnet: Subnet, random: Random): FlowEnd {
  const instance = instanceOf(place, subnet, random.integer(0, HOSTS - 1));
  const end: FlowEnd = { ip: instance.ip, region: place.region, az: subnet.az, subnet };
  // Sometimes the service does not know the instance of an address (for example, of a load balancer).
  if (random.chance(0.85)) {
    end.instance = instance;
  }
  if (random.chance(0.4)) {
    const [podNamespace, serviceName] = random.pick(WORKLOADS);
    end.kubernetes = { podNamespace, serviceName, podName: `${serviceName}-${random.hex(9)}-${random.hex(5)}` };
  }
  return end;
}

/** An address of the three blocks reserved for documentation (RFC 5737), which look like public ones. */
function publicAddress(random: Random): string {
  return `${random.pick(['192.0.2', '198.51.100', '203.0.113'])}.${random.integer(1, 254)}`;
}

function gateway(prefix: string, type: string, random: Random): TraversedConstruct {
  return { componentId: `${prefix}-0${random.hex(16)}`, componentType: `AWS::EC2::${type}` };
}

/** The instance and its network interface, from the inside out, if they are known. */
function hostConstructs({ instance }: FlowEnd): TraversedConstruct[] {
  return instance
    ? [
        { componentId: instance.id, componentType: 'AWS::EC2::Instance', componentArn: instance.arn },
        { componentId: instance.eni, componentType: 'AWS::EC2::NetworkInterface' },
      ]
    : [];
}
