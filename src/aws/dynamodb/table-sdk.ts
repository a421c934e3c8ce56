import * as commands from '@aws-sdk/client-dynamodb';
import { HttpResponse } from '@smithy/core/protocols';
import { forSdkClient, reportVerdicts } from '../credentials/credentials.ts';
import type { TargetClientOptions } from '../sdk.ts';

export type { AttributeValue } from '@aws-sdk/client-dynamodb';

export interface TableClientOptions
  extends Pick<TargetClientOptions, 'endpoint' | 'credentials' | 'handler' | 'version'> {
  readonly table: string;
  readonly region: string;
}

/** The SDK's client of DynamoDB, and its commands. */
export interface TableSdk {
  readonly client: commands.DynamoDBClient;
  readonly commands: typeof commands;
  /** Returns the header `Date` of the response with this output, in milliseconds since the epoch. */
  dateOf(output: object): number | undefined;
}

/** Creates a client that makes one attempt per call. */
export function createTableSdk(options: Omit<TableClientOptions, 'table'>): TableSdk {
  const { region, endpoint, credentials, handler, version } = options;
  const place = `dynamodb ${region}`;
  const dates = new WeakMap<object, number>();
  const client = new commands.DynamoDBClient({
    region,
    credentials: forSdkClient(credentials, place),
    requestHandler: handler,
    maxAttempts: 1,
    // Endpoints with the ID of the AWS account would differ from the name in policies of the network.
    accountIdEndpointMode: 'disabled',
    customUserAgent: [['nfm-exporter', version]],
    ...(endpoint === undefined ? {} : { endpoint }),
  });
  client.middlewareStack.use(reportVerdicts(credentials, place));
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { response, output } = result;
      const date = HttpResponse.isInstance(response) ? Date.parse(response.headers['date'] ?? '') : Number.NaN;
      if (output !== undefined && !Number.isNaN(date)) {
        dates.set(output, date);
      }
      return result;
    },
    // Around the SDK's own middleware, so that the output exists.
    { step: 'deserialize', priority: 'high', name: 'dateMiddleware' },
  );
  return { client, commands, dateOf: (output) => dates.get(output) };
}
