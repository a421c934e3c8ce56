import type { AccountDefinition } from './accounts.ts';
import type { QueryEntry } from './config.ts';
import { region as regionFormat } from './formats.ts';
import { keyPath } from './reading/nodes.ts';
import type { Reading } from './reading/reading.ts';
import type { Section } from './reading/section.ts';
import { expectedInstead, isKnownRegion } from './regions.ts';
import type { AwsKeys } from './schema.ts';

/**
 * Returns the region of the environment or the AWS profile, or undefined if they have none. Called only if a query needs
 * it, because it may read files.
 */
export type FallbackRegion = () => Promise<string | undefined>;

/** A region, or a description of the missing or invalid one. */
type FoundRegion = { readonly region: string } | { readonly got: string };

const EXPECTED = `${regionFormat.expected}: here, in aws.region, in AWS_REGION, or in the AWS profile`;

/** What needs the regions of accounts. */
export interface RegionUses {
  readonly queries: readonly QueryEntry[];
  /** Accounts whose regions are called even without queries. */
  readonly others: ReadonlySet<AccountDefinition>;
}

/**
 * Returns the region of accounts without a region: `aws.region`, or the region of the environment or the profile. If there
 * is none, reports each account for which a query or `cloudwatch` needs it.
 */
export async function commonRegion(
  aws: Section<AwsKeys>,
  definitions: readonly AccountDefinition[],
  { queries, others }: RegionUses,
  fallbackRegion: FallbackRegion,
  reading: Reading,
): Promise<string | undefined> {
  const region = aws.values.region;
  if (region !== undefined || aws.faulty('region')) {
    return region;
  }
  const needing = definitions.flatMap((account) => {
    if (account.regions !== undefined || account.regionsFaulty) {
      return [];
    }
    const query = queries.find((entry) => entry.regions === undefined && entry.accounts.includes(account.name ?? ''));
    return query === undefined && !others.has(account) ? [] : [{ account, query }];
  });
  if (needing.length === 0) {
    return undefined;
  }
  const found = await findRegion(fallbackRegion);
  if ('region' in found) {
    if (!isKnownRegion(found.region)) {
      const got = 'an unknown Region from the environment or the AWS profile';
      reading.warn('aws.region', 1, got, expectedInstead(found.region));
    }
    return found.region;
  }
  for (const { account, query } of needing) {
    if (account.path !== undefined) {
      reading.report(keyPath(account.path, 'region'), account.line, found.got, EXPECTED);
    } else if (query !== undefined) {
      reportNoRegion(query, found.got, reading);
    } else {
      const expected = `${regionFormat.expected} for cloudwatch, or one in AWS_REGION or the AWS profile`;
      reading.report('aws.region', 1, found.got, expected);
    }
  }
  return undefined;
}

export async function findRegion(fallbackRegion: FallbackRegion): Promise<FoundRegion> {
  const region = await fallbackRegion();
  if (region === undefined) {
    return { got: 'nothing' };
  }
  return regionFormat.mismatches(region).length === 0
    ? { region }
    : { got: 'an invalid Region from the environment or the AWS profile' };
}

export function reportNoRegion({ path, line }: QueryEntry, got: string, reading: Reading): void {
  reading.report(keyPath(path, 'region'), line, got, EXPECTED);
}
