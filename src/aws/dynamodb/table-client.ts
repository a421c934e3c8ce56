import { lazy } from '../../lib/concurrency.ts';
import { toApiError } from '../errors.ts';
import type * as Sdk from './table-sdk.ts';

/** Attributes of an item: texts, and whole numbers. Others are omitted when an item is read. */
export type Item = Readonly<Record<string, string | number>>;

/** A response with its time. */
export interface Dated<T> {
  readonly result: T;
  /** The header `Date`, in milliseconds since the epoch: the start of a second. Undefined if it is missing or invalid. */
  readonly date: number | undefined;
}

/** What a stored item must be to be replaced. */
export interface Condition {
  readonly attribute: string;
  /** Value of the attribute. Undefined: the attribute must not exist. */
  readonly equals: string | undefined;
}

export interface ItemPage {
  readonly items: readonly Item[];
  /** Key of the last item that was read. Undefined on the last page. */
  readonly end: Item | undefined;
}

/** Most items of a page, since a response has a limited number of values. A page has at most 1 MiB. */
const PAGE_ITEMS = 1_000;

/**
 * Client of one DynamoDB table, with strongly consistent reads. Each method makes one attempt, because a retry of a write
 * whose reply was lost fails its own condition. All methods reject with ApiError.
 */
export class TableClient {
  readonly #options: Sdk.TableClientOptions;
  /** Loaded with the first call: the SDK takes longer to load than the rest of the startup. */
  readonly #sdk = lazy(async () => {
    const { createTableSdk } = await import('./table-sdk.ts');
    return createTableSdk(this.#options);
  });

  constructor(options: Sdk.TableClientOptions) {
    this.#options = options;
  }

  get(key: Item, abortSignal: AbortSignal): Promise<Dated<Item | undefined>> {
    const input = { TableName: this.#options.table, Key: encoded(key), ConsistentRead: true };
    return this.#call('GetItem', async ({ client, commands, dateOf }) => {
      const output = await client.send(new commands.GetItemCommand(input), { abortSignal });
      return { result: output.Item && decoded(output.Item), date: dateOf(output) };
    });
  }

  /** Writes an item in one atomic step if the stored one meets the condition. */
  put(item: Item, { attribute, equals }: Condition, abortSignal: AbortSignal): Promise<Dated<undefined>> {
    const input = {
      TableName: this.#options.table,
      Item: encoded(item),
      ConditionExpression: equals === undefined ? 'attribute_not_exists(#a)' : '#a = :a',
      ExpressionAttributeNames: { '#a': attribute },
      ...(equals === undefined ? {} : { ExpressionAttributeValues: { ':a': { S: equals } } }),
    };
    return this.#call('PutItem', async ({ client, commands, dateOf }) => {
      const output = await client.send(new commands.PutItemCommand(input), { abortSignal });
      return { result: undefined, date: dateOf(output) };
    });
  }

  /** Returns one page of the items whose hash key has this name and value. `after` is the end of the previous page. */
  query(
    [name, value]: readonly [name: string, value: string],
    after: Item | undefined,
    abortSignal: AbortSignal,
  ): Promise<Dated<ItemPage>> {
    const input = {
      TableName: this.#options.table,
      KeyConditionExpression: '#k = :k',
      ExpressionAttributeNames: { '#k': name },
      ExpressionAttributeValues: { ':k': { S: value } },
      ConsistentRead: true,
      Limit: PAGE_ITEMS,
      ...(after === undefined ? {} : { ExclusiveStartKey: encoded(after) }),
    };
    return this.#call('Query', async ({ client, commands, dateOf }) => {
      const output = await client.send(new commands.QueryCommand(input), { abortSignal });
      const { Items: items = [], LastEvaluatedKey: end } = output;
      return { result: { items: items.map(decoded), end: end && decoded(end) }, date: dateOf(output) };
    });
  }

  async #call<T>(operation: string, send: (sdk: Sdk.TableSdk) => Promise<T>): Promise<T> {
    try {
      return await send(await this.#sdk());
    } catch (thrown) {
      throw toApiError(operation, thrown);
    }
  }
}

type Attributes = Record<string, Sdk.AttributeValue>;

function encoded(item: Item): Attributes {
  const entries = Object.entries(item).map(
    ([name, value]) => [name, typeof value === 'number' ? { N: String(value) } : { S: value }] as const,
  );
  return Object.fromEntries(entries);
}

function decoded(attributes: Attributes): Item {
  const entries = Object.entries(attributes).flatMap(([name, { S: text, N: number }]) => {
    const value = text ?? (number === undefined ? undefined : Number(number));
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(entries);
}
