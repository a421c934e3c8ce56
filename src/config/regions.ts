import { nearestOf } from './reading/nearest.ts';
import { type ConfigNode, elementsOf, showNode } from './reading/nodes.ts';
import type { Reading } from './reading/reading.ts';

/** Date on which {@link REGIONS} was updated. */
const AS_OF = '2026-11-29';

/**
 * The regions of all partitions, without the pseudo regions for global services. Source: the partitions of the endpoint
 * rules in @aws-sdk/core 3.981.1. A test compares them with the installed version. They are copied because loading the
 * rules takes longer than reading a configuration.
 */
const REGIONS: Readonly<Record<string, string>> = {
  aws: 'af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-south-2 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7 ca-central-1 ca-west-1 eu-central-1 eu-central-2 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-2 eu-west-3 il-central-1 me-central-1 me-south-1 me-west-1 mx-central-1 sa-east-1 sa-west-1 us-east-1 us-east-2 us-west-1 us-west-2',
  'aws-cn': 'cn-north-1 cn-northwest-1',
  'aws-eusc': 'eusc-de-east-1',
  'aws-iso': 'us-iso-east-1 us-iso-west-1',
  'aws-iso-b': 'us-isob-east-1 us-isob-west-1',
  'aws-iso-e': 'eu-isoe-west-1',
  'aws-iso-f': 'us-isof-east-1 us-isof-south-1',
  'aws-us-gov': 'us-gov-east-1 us-gov-west-1',
};

export const KNOWN_REGIONS: readonly string[] = Object.values(REGIONS).flatMap((regions) => regions.split(' '));

/**
 * Warns of regions that are in no partition: they are probably misspelled, or newer than the list.
 * @param regions the value of `node`: one region, or one for each element
 */
export function warnOfUnknownRegions(
  regions: string | readonly string[] | undefined,
  path: string,
  node: ConfigNode | undefined,
  reading: Reading,
): void {
  for (const element of elementsOf(path, node, [regions ?? []].flat())) {
    if (!isKnownRegion(element.value)) {
      reading.warn(element.path, element.node.line, showNode(element.node), expectedInstead(element.value));
    }
  }
}

export function isKnownRegion(region: string): boolean {
  return KNOWN_REGIONS.includes(region);
}

export function expectedInstead(region: string): string {
  return `a Region that AWS had on ${AS_OF}, or a newer one; did you mean "${nearestOf(region, KNOWN_REGIONS)}"?`;
}

/**
 * Prefixes of the region names of each partition. All other regions are in `aws`. Source: the partitions of AWS's endpoint
 * rules.
 */
const REGION_PREFIXES: Readonly<Record<string, string>> = {
  'aws-cn': 'cn-',
  'aws-us-gov': 'us-gov-',
  'aws-eusc': 'eusc-',
  'aws-iso': 'us-iso-',
  'aws-iso-b': 'us-isob-',
  'aws-iso-e': 'eu-isoe-',
  'aws-iso-f': 'us-isof-',
};

/** All partitions, as ARNs name them. */
export const PARTITIONS: readonly string[] = ['aws', ...Object.keys(REGION_PREFIXES)];

/** Returns the partition of a region. Credentials are valid in one partition only. */
export function partitionOfRegion(region: string): string {
  return Object.entries(REGION_PREFIXES).find(([, prefix]) => region.startsWith(prefix))?.[0] ?? 'aws';
}

export function partitionOfArn(arn: string): string {
  return arn.split(':', 2)[1] ?? '';
}
