import { AccountCredentials } from '../../aws/credentials/account-credentials.ts';
import { stsRegionOf } from '../../aws/credentials/sts.ts';
import type { TableClientOptions } from '../../aws/dynamodb/table-sdk.ts';
import type { BoundedHandler } from '../../aws/network/bounded-handler.ts';
import type { Config, DynamodbStorage } from '../../config/config.ts';
import { parsePostgresqlUrl } from '../../config/postgresql-url.ts';
import type { Clock } from '../../lib/clock.ts';
import type { RegisterEngine } from '../../replicas/registers.ts';
import { dynamodbEngine } from './dynamodb.ts';
import { postgresqlEngine } from './postgresql.ts';

export interface EngineOptions {
  readonly config: Pick<Config, 'aws' | 'storage'>;
  readonly handler: BoundedHandler;
  readonly clock: Clock;
  /** Variables with files of certificate authorities. */
  readonly env: NodeJS.ProcessEnv;
  /** Version of this exporter. */
  readonly version: string;
}

/**
 * Opens the configured engine, or returns undefined if there is none. Its libraries are loaded with the first call.
 *
 * @throws NetworkConfigError if a file of certificate authorities is invalid
 */
export function openEngine(options: EngineOptions): RegisterEngine | undefined {
  const { dynamodb, postgresql } = options.config.storage;
  if (dynamodb !== undefined) {
    return dynamodbEngine(tableOptions(dynamodb, options));
  }
  const address = postgresql && parsePostgresqlUrl(postgresql.url);
  return address && postgresqlEngine(address, options.env);
}

/** How to call the table, with the credentials of the default chain. */
export function tableOptions(
  { table, region, endpoint }: DynamodbStorage,
  { config: { aws }, handler, clock, version }: EngineOptions,
): TableClientOptions {
  const sts = { handler, region: stsRegionOf(aws, [region]), endpoint: aws.stsEndpoint };
  const credentials = new AccountCredentials(clock).of({ profile: undefined, role: undefined }, sts);
  return { table, region, endpoint, credentials, handler, version };
}
