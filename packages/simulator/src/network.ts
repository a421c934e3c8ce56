import { Random } from './random.ts';

/** Number of subnets of a VPC, and of hosts in each, that flows are distributed over. */
export const SUBNETS = 8;
export const HOSTS = 24;

/** The seed and the target from which all IDs of a network are drawn. */
export interface Place {
  seed: string;
  account: string;
  region: string;
}

export type Vpc = ReturnType<typeof vpcOf>;
export type Subnet = ReturnType<typeof subnetOf>;
export type Instance = ReturnType<typeof instanceOf>;

/** The zone IDs of a region, in the order of its subnets. */
export function zonesOf(region: string): readonly string[] {
  const prefix = zonePrefix(region);
  return [1, 2, 4, 6].map((n) => `${prefix}-az${n}`);
}

export function vpcOf(place: Place, index: number) {
  const id = `vpc-0${draw(place, 'vpc', index).hex(16)}`;
  return { index, id, arn: arn('ec2', place.region, place.account, `vpc/${id}`) };
}

/**
 * The subnet 10.v.s.0/24, where v is the VPC's index plus 20, and s is the subnet's index. Subnets of one VPC cycle through
 * the region's zones: `az` is a zone ID (for example, use1-az6).
 */
export function subnetOf(place: Place, vpc: Vpc, index: number) {
  const id = `subnet-0${draw(place, 'subnet', vpc.index, index).hex(16)}`;
  const zones = zonesOf(place.region);
  return {
    index,
    id,
    arn: arn('ec2', place.region, place.account, `subnet/${id}`),
    az: zones[index % zones.length] ?? '',
    vpc,
  };
}

/** A host of a subnet, with its private IPv4 address and its network interface. */
export function instanceOf(place: Place, subnet: Subnet, index: number) {
  const random = draw(place, 'instance', subnet.vpc.index, subnet.index, index);
  const id = `i-0${random.hex(16)}`;
  return {
    id,
    arn: arn('ec2', place.region, place.account, `instance/${id}`),
    ip: `10.${20 + subnet.vpc.index}.${subnet.index}.${10 + index}`,
    eni: `eni-0${random.hex(16)}`,
    subnet,
  };
}

function draw(place: Place, ...parts: readonly (string | number)[]) {
  return new Random([place.seed, place.account, place.region, ...parts].join('/'));
}

export function arn(service: string, region: string, account: string, resource: string): string {
  const partition = region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
  return `arn:${partition}:${service}:${region}:${account}:${resource}`;
}

/** The short form of a region in its zone IDs: use1 for us-east-1, apne1 for ap-northeast-1. */
export function zonePrefix(region: string): string {
  const [area = '', ...rest] = region.split('-');
  const short = rest.map((word) => {
    const second = /^(?:north|south)(east|west)$/.exec(word)?.[1] ?? '';
    return /^\d+$/.test(word) ? word : word.charAt(0) + second.charAt(0);
  });
  return [area, ...short].join('');
}
