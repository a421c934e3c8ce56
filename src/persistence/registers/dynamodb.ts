import { type Item, TableClient } from '../../aws/dynamodb/table-client.ts';
import type { TableClientOptions } from '../../aws/dynamodb/table-sdk.ts';
import { ApiError, type ApiErrorName } from '../../aws/errors.ts';
import {
  Conflict,
  type Register,
  type RegisterEngine,
  RegisterError,
  type RegisterFailure,
  type RegisterKey,
} from '../../replicas/registers.ts';

/** Key and attributes of the table that `storage create` creates. */
export const TABLE_KEYS = { hash: 'partition', range: 'name', expiry: 'expiresAt' } as const;

/** Whole seconds of the header `Date` are counted from their middle. */
const HALF_SECOND_MS = 500;

/**
 * Registers in a DynamoDB table: one item each, with the partition as hash key, and the name as range key. The connections belong
 * to the exporter's network.
 */
export function dynamodbEngine(options: TableClientOptions): RegisterEngine {
  const client = new TableClient(options);
  const description = `table ${options.table} in ${options.region}`;
  const attempt = async <T>(call: () => Promise<T>): Promise<T> => {
    try {
      return await call();
    } catch (error) {
      throw error instanceof ApiError ? failureOf(error, description) : error;
    }
  };
  return {
    kind: 'dynamodb',
    description,
    get: (key, signal) =>
      attempt(async () => {
        const { result, date } = await client.get(keyOf(key), signal);
        return { result: result && registerOf(result), time: middleOf(date) };
      }),
    put({ key, value, version, ifVersion, expiresAt }, signal) {
      // DynamoDB deletes an item after the second of its attribute for expiry.
      const expiry: Readonly<Record<string, number>> =
        expiresAt === undefined ? {} : { [TABLE_KEYS.expiry]: Math.ceil(expiresAt / 1_000) };
      const item = { ...keyOf(key), value, version, ...expiry };
      return attempt(async () => {
        const { date } = await client.put(item, { attribute: 'version', equals: ifVersion }, signal);
        return { result: undefined, time: middleOf(date) };
      });
    },
    page: (partition, after, signal) =>
      attempt(async () => {
        const start = after === undefined ? undefined : keyOf({ partition, name: after });
        const { result, date } = await client.query([TABLE_KEYS.hash, partition], start, signal);
        const registers = result.items.map((item) => ({ name: textOf(item, TABLE_KEYS.range), ...registerOf(item) }));
        const next = result.end && textOf(result.end, TABLE_KEYS.range);
        return { result: { registers, next }, time: middleOf(date) };
      }),
    close: async () => undefined,
  };
}

function failureOf(error: ApiError, description: string): RegisterError {
  const name = error.cause instanceof Error ? error.cause.name : '';
  if (name === 'ConditionalCheckFailedException') {
    return new Conflict(undefined, { cause: error });
  }
  const advice =
    name === 'ResourceNotFoundException' ? `; create the ${description} with nfm-exporter storage create` : '';
  return new RegisterError(FAILURES[error.error] ?? 'other', `${error.message}${advice}`, { cause: error });
}

/** Kinds of failures by the name of the error. All others are `other`. */
const FAILURES: Readonly<Partial<Record<ApiErrorName, RegisterFailure>>> = {
  ThrottlingException: 'throttled',
  TimeoutError: 'timeout',
  NetworkError: 'unreachable',
  AccessDeniedException: 'denied',
  CredentialsError: 'denied',
  ExpiredTokenException: 'denied',
  IncompleteSignatureException: 'denied',
  InvalidSignatureException: 'denied',
  MissingAuthenticationTokenException: 'denied',
  UnrecognizedClientException: 'denied',
  InvalidResponse: 'invalid',
};

function keyOf({ partition, name }: RegisterKey): Item {
  return { [TABLE_KEYS.hash]: partition, [TABLE_KEYS.range]: name };
}

function registerOf(item: Item): Register {
  return { value: textOf(item, 'value'), version: textOf(item, 'version') };
}

/** Returns an attribute. @throws RegisterError if it is not a text: another program has written the item */
function textOf(item: Item, attribute: string): string {
  const value = item[attribute];
  if (typeof value !== 'string') {
    throw new RegisterError('invalid', `an item without the text ${attribute} was not written by an exporter`);
  }
  return value;
}

function middleOf(date: number | undefined): number | undefined {
  return date === undefined ? undefined : date + HALF_SECOND_MS;
}
