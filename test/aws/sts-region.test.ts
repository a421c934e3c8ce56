import { expect, test } from 'vitest';
import { stsRegionOf } from '../../src/aws/credentials/sts.ts';

test.for<[stsRegion: string | undefined, region: string | undefined, regions: [string, ...string[]], sts: string]>([
  ['eu-central-1', 'eu-west-1', ['us-east-1', 'us-west-2'], 'eu-central-1'],
  [undefined, 'eu-west-1', ['us-east-1', 'us-west-2'], 'eu-west-1'],
  [undefined, undefined, ['us-east-1', 'us-west-2'], 'us-east-1'],
  ['eu-central-1', 'eu-west-1', ['cn-north-1', 'cn-northwest-1'], 'cn-north-1'],
  ['eu-central-1', 'cn-northwest-1', ['cn-north-1'], 'cn-northwest-1'],
  ['cn-north-1', undefined, ['us-gov-west-1'], 'us-gov-west-1'],
  ['us-gov-east-1', 'us-east-1', ['us-gov-west-1'], 'us-gov-east-1'],
  ['us-iso-east-1', 'us-isob-east-1', ['us-iso-west-1'], 'us-iso-east-1'],
  ['eu-isoe-west-1', undefined, ['eusc-de-east-1'], 'eusc-de-east-1'],
])('stsRegion %s, region %s: accounts in %s call STS in %s', ([stsRegion, region, regions, sts]) => {
  expect(stsRegionOf({ stsRegion, region }, regions)).toBe(sts);
});
