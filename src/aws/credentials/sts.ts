import { partitionOfRegion } from '../../config/regions.ts';
import type { BoundedHandler } from '../network/bounded-handler.ts';

/** How an account calls the Security Token Service. */
export interface StsSettings {
  readonly handler: BoundedHandler;
  readonly region: string;
  /** Undefined: the SDK's own endpoint rules and variables. */
  readonly endpoint: string | undefined;
}

/** Where STS is called, as credentials know it. */
export function stsPlace({ region, endpoint }: Pick<StsSettings, 'region' | 'endpoint'>): string {
  return `sts ${region} ${endpoint ?? ''}`;
}

/**
 * The region whose STS an account calls: `aws.stsRegion`, else `aws.region`, else the account's first region, but never
 * one of another partition than the account's, where its credentials are worth nothing.
 *
 * @param regions those of the account that are in use; at least one
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
