import { arn, zonePrefix } from './names.ts';
import { createRandom } from './random.ts';

/** Where a network is: what all its ids are drawn from. */
export interface Place {
  seed: string;
  account: string;
  region: string;
}

export interface Subnet {
  /** Also the second half of the CIDR block: 10.v.s.0/24. */
  index: number;
  id: string;
  arn: string;
  /** A zone id such as use1-az6. */
  az: string;
  vpc: Vpc;
}

export interface Vpc {
  index: number;
  id: string;
  arn: string;
}

/** A host of a subnet. */
export interface Instance {
  id: string;
  arn: string;
  /** Private IPv4 address. */
  ip: string;
  eni: string;
  subnet: Subnet;
}

/** The zone ids of a region, in the order of its subnets. */
export function zonesOf(region: string): readonly string[] {
  return [1, 2, 4, 6].map((n) => `${zonePrefix(region)}-az${n}`);
}

export function vpcOf(place: Place, index: number): Vpc {
  const id = `vpc-0${draw(place, 'vpc', index).hex(16)}`;
  return { index, id, arn: arn('ec2', place.region, place.account, `vpc/${id}`) };
}

/** Subnets of one VPC go round the region's zones. */
export function subnetOf(place: Place, vpc: Vpc, index: number): Subnet {
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

export function instanceOf(place: Place, subnet: Subnet, index: number): Instance {
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
  return createRandom([place.seed, place.account, place.region, ...parts].join('/'));
}
