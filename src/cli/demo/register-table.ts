import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';

/** A DynamoDB table in memory, for the replicas of the demo. */
export interface RegisterTable {
  readonly url: string;
  close(): void;
}

type Item = Readonly<Record<string, { readonly S?: string }>>;

/** The used members of requests: those of the exporter's client. */
interface TableRequest {
  readonly Key?: Item;
  readonly Item?: Item;
  /** The version that the item must have. Without it, the item must not exist. */
  readonly ExpressionAttributeValues?: Item;
}

/** Returns undefined if the condition of a write is not met. */
type Operation = (request: TableRequest) => object | undefined;

/** Serves the operations that replicas use on a free port of a loopback address. Tables are not distinguished. */
export async function startRegisterTable(host = '127.0.0.1'): Promise<RegisterTable> {
  const operations = operationsOn(new Map());
  const server = createServer(async (request, response) => {
    // For example, `GetItem` of the header `DynamoDB_20120810.GetItem`.
    const operation = operations.get(String(request.headers['x-amz-target']).replace(/^.*\./, ''));
    const output = operation?.(JSON.parse(await text(request)));
    const error = operation === undefined ? 'UnknownOperationException' : 'ConditionalCheckFailedException';
    response.writeHead(output === undefined ? 400 : 200, { 'Content-Type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify(output ?? { __type: `com.amazonaws.dynamodb.v20120810#${error}`, message: error }));
  });
  await once(server.listen(0, host), 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return {
    url: `http://${host}:${port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function operationsOn(partitions: Map<string, Map<string, Item>>): ReadonlyMap<string, Operation> {
  const itemsOf = (partition = '') => {
    const items = partitions.get(partition) ?? new Map<string, Item>();
    partitions.set(partition, items);
    return items;
  };
  return new Map<string, Operation>([
    ['GetItem', ({ Key: key }) => ({ Item: itemsOf(key?.['partition']?.S).get(key?.['name']?.S ?? '') })],
    ['Query', ({ ExpressionAttributeValues: values }) => ({ Items: [...itemsOf(values?.[':k']?.S).values()] })],
    [
      'PutItem',
      ({ Item: item = {}, ExpressionAttributeValues: values }) => {
        const items = itemsOf(item['partition']?.S);
        const name = item['name']?.S ?? '';
        if (items.get(name)?.['version']?.S !== values?.[':a']?.S) {
          return undefined;
        }
        items.set(name, item);
        return {};
      },
    ],
  ]);
}
