import type { DescribeTableCommandOutput } from '@aws-sdk/client-dynamodb';
import { type Clock, sleep } from '../../lib/clock.ts';
import { toApiError } from '../errors.ts';
import { createTableSdk, type TableClientOptions, type TableSdk } from './table-sdk.ts';

/** The keys of a table, all of them texts, and the attribute with the time of its items' expiry, in seconds. */
export interface TableKeys {
  readonly hash: string;
  readonly range: string;
  readonly expiry: string;
}

export interface TableSetupOptions extends TableClientOptions {
  readonly keys: TableKeys;
  readonly clock: Clock;
  readonly report: (step: string) => void;
}

/** Time limit for a new table to become usable, in milliseconds, and the interval between checks. */
const CREATION_MS = 300_000;
const INTERVAL_MS = 1_000;

/** The table exists with other keys. */
export class OtherTableError extends Error {
  override readonly name = 'OtherTableError';
}

/**
 * Creates a table that is billed per request, with expiry of items and continuous backups. Changes only what differs,
 * so that it can be repeated.
 * @throws ApiError; OtherTableError
 */
export async function setUpTable(options: TableSetupOptions): Promise<void> {
  const sdk = createTableSdk(options);
  const found = await describeTable(sdk, options);
  if (found === undefined) {
    await createTable(sdk, options);
  }
  const usable = await untilUsable(sdk, options);
  checkKeys(usable, options);
  options.report(found === undefined ? 'created' : 'exists');
  const expiry = await call('UpdateTimeToLive', () => enableExpiry(sdk, options), /already enabled/);
  options.report(`expiry of items ${expiry === undefined ? 'is enabled' : 'enabled'}`);
  await untilAvailable(options, () => call('UpdateContinuousBackups', () => enableBackups(sdk, options)));
  options.report('continuous backups enabled');
}

type Described = DescribeTableCommandOutput['Table'];

/** Returns undefined if the table does not exist. */
async function describeTable({ client, commands }: TableSdk, { table }: TableSetupOptions): Promise<Described> {
  const described = await call(
    'DescribeTable',
    () => client.send(new commands.DescribeTableCommand({ TableName: table })),
    /^ResourceNotFoundException/,
  );
  return described?.Table;
}

async function createTable({ client, commands }: TableSdk, { table, keys }: TableSetupOptions): Promise<void> {
  const command = new commands.CreateTableCommand({
    TableName: table,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [keys.hash, keys.range].map((name) => ({ AttributeName: name, AttributeType: 'S' })),
    KeySchema: [
      { AttributeName: keys.hash, KeyType: 'HASH' },
      { AttributeName: keys.range, KeyType: 'RANGE' },
    ],
  });
  // Another process may create it at the same time.
  await call('CreateTable', () => client.send(command), /^ResourceInUseException/);
}

async function untilUsable(sdk: TableSdk, options: TableSetupOptions): Promise<NonNullable<Described>> {
  const deadline = options.clock.monotonic() + CREATION_MS;
  for (;;) {
    const table = await describeTable(sdk, options);
    if (table?.TableStatus === 'ACTIVE' || table?.TableStatus === 'UPDATING') {
      return table;
    }
    if (options.clock.monotonic() > deadline) {
      throw new OtherTableError(`it is ${table?.TableStatus ?? 'missing'} after ${CREATION_MS / 1_000} s`);
    }
    await sleep(options.clock, INTERVAL_MS);
  }
}

function checkKeys({ KeySchema = [] }: NonNullable<Described>, { keys }: TableSetupOptions): void {
  const names = (type: string) => KeySchema.find(({ KeyType }) => KeyType === type)?.AttributeName;
  if (names('HASH') !== keys.hash || names('RANGE') !== keys.range) {
    const got = KeySchema.map(({ AttributeName }) => AttributeName).join(', ');
    throw new OtherTableError(
      `got a table with the keys ${got}, expected ${keys.hash}, ${keys.range}: use another name`,
    );
  }
}

function enableExpiry({ client, commands }: TableSdk, { table, keys }: TableSetupOptions): Promise<object> {
  const TimeToLiveSpecification = { Enabled: true, AttributeName: keys.expiry };
  return client.send(new commands.UpdateTimeToLiveCommand({ TableName: table, TimeToLiveSpecification }));
}

function enableBackups({ client, commands }: TableSdk, { table }: TableSetupOptions): Promise<object> {
  const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: true };
  return client.send(
    new commands.UpdateContinuousBackupsCommand({ TableName: table, PointInTimeRecoverySpecification }),
  );
}

/** Repeats a call that a new table rejects for a short time. */
async function untilAvailable({ clock }: TableSetupOptions, update: () => Promise<unknown>): Promise<void> {
  const deadline = clock.monotonic() + CREATION_MS;
  for (;;) {
    try {
      await update();
      return;
    } catch (error) {
      const cause = error instanceof Error ? error.cause : undefined;
      const isNew = cause instanceof Error && cause.name === 'ContinuousBackupsUnavailableException';
      if (!isNew || clock.monotonic() > deadline) {
        throw error;
      }
      await sleep(clock, INTERVAL_MS);
    }
  }
}

/** Returns undefined for an error whose name and message match `expected`. @throws ApiError */
async function call<T>(operation: string, send: () => Promise<T>, expected?: RegExp): Promise<T | undefined> {
  try {
    return await send();
  } catch (thrown) {
    if (thrown instanceof Error && expected?.test(`${thrown.name}: ${thrown.message}`)) {
      return undefined;
    }
    throw toApiError(operation, thrown);
  }
}
