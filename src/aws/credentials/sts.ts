import { partitionOfRegion } from '../../config/regions.ts';
import type { BoundedHandler } from '../network/bounded-handler.ts';

/** How an account calls the Security Token Service. */
export interface StsSettings {
  readonly handler: BoundedHandler;
  readonly region: string;
  /** Undefined: the SDK's own endpoint rules and variables. */
  readonly endpoint: string | undefined;
}

/** The place of STS: see {@link Credentials}. */
export function stsPlace({ region, endpoint }: Pick<StsSettings, 'region' | 'endpoint'>): string {
  return `sts ${region} ${endpoint ?? ''}`;
}

/**
 * Returns the region whose STS an account calls: `aws.stsRegion`, `aws.region`, or the account's first region. It is
 * always in the partition of the account, because credentials are not valid in another one.
 * @param regions the account's regions in use; at least one
 */
export function stsRegionOf(
  aws: { readonly stsRegion: string | undefined; readonly region: string | undefined },
  regions: readonly [string, ...string[]],
): string {
  const [first] = regions;
  const wanted = [aws.stsRegion, aws.region].find(
    (region) => region !== undefined && partitionOfRegion(region) === partitionOfRegion(first),
  );
  return wanted ?? first;
}
