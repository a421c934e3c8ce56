import type { AccountDefinition } from './accounts.ts';
import type { QueryEntry } from './config.ts';
import { region as regionFormat } from './formats.ts';
import { keyPath } from './reading/nodes.ts';
import type { Reading } from './reading/reading.ts';
import type { Section } from './reading/section.ts';
import { expectedInstead, isKnownRegion } from './regions.ts';
import type { AwsKeys } from './schema.ts';

/**
 * The region of the environment or the AWS profile; undefined where there is none. Asked only when a query needs it: it
 * may have to read files.
 */
export type FallbackRegion = () => Promise<string | undefined>;

/** A region, or what there is instead of one. */
type FoundRegion = { readonly region: string } | { readonly got: string };

/** What was expected where no region is to be had. */
const EXPECTED = `${regionFormat.expected}, here, in aws.region, or in AWS_REGION or the AWS profile`;

/**
 * The region of accounts that give none: `aws.region`, or the environment's, or the profile's. Reports each account for
 * which a query needs one where there is none.
 */
export async function commonRegion(
  aws: Section<AwsKeys>,
  definitions: readonly AccountDefinition[],
  queries: readonly QueryEntry[],
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
    return query === undefined ? [] : [{ account, query }];
  });
  if (needing.length === 0) {
    return undefined;
  }
  const found = await findRegion(fallbackRegion);
  if ('region' in found) {
    if (!isKnownRegion(found.region)) {
      const got = 'a region from the environment or the AWS profile that is not known';
      reading.warn('aws.region', 1, got, expectedInstead(found.region));
    }
    return found.region;
  }
  for (const { account, query } of needing) {
    if (account.path === undefined) {
      reportNoRegion(query, found.got, reading);
    } else {
      reading.report(keyPath(account.path, 'region'), account.line, found.got, EXPECTED);
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
    : { got: 'a region from the environment or the AWS profile that is none' };
}

/** Reports an entry that needs the region of an account that has none. */
export function reportNoRegion({ path, line }: QueryEntry, got: string, reading: Reading): void {
  reading.report(keyPath(path, 'region'), line, got, EXPECTED);
}
