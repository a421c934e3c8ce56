/**
 * The partitions of AWS whose regions are told by how their names begin; any other region is in `aws`. From the
 * partitions of AWS's endpoint rules.
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

/** The partition a region is in: credentials of one are worth nothing in another. */
export function partitionOfRegion(region: string): string {
  return Object.entries(REGION_PREFIXES).find(([, prefix]) => region.startsWith(prefix))?.[0] ?? 'aws';
}

/** The partition that an ARN names. */
export function partitionOfArn(arn: string): string {
  return arn.split(':', 2)[1] ?? '';
}
