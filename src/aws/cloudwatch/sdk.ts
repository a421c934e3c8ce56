import { CloudWatchClient, GetMetricDataCommand, type GetMetricDataCommandInput } from '@aws-sdk/client-cloudwatch';
import { type Call, limitAttempts } from '../attempts.ts';
import { forSdkClient, reportVerdicts } from '../credentials/credentials.ts';
import { TolerantJsonRpc } from '../protocol/tolerant-protocol.ts';
import type { TargetClientOptions } from '../sdk.ts';
import { SelectiveRetries } from '../selective-retries.ts';

export interface CloudwatchSdk {
  getMetricData(input: GetMetricDataCommandInput, signal: AbortSignal): Promise<object>;
}

/**
 * Creates the SDK's client of CloudWatch in a target. `callOf` returns the call of a command's input. This module is
 * loaded with the first call: an exporter without `cloudwatch` never loads it.
 */
export function createCloudwatchSdk(options: TargetClientOptions, callOf: (input: object) => Call): CloudwatchSdk {
  const { target, handler, credentials, endpoint, maxAttempts, version, clock, observer } = options;
  const place = `${target.account} ${target.region} cloudwatch`;
  const client = new CloudWatchClient({
    region: target.region,
    credentials: forSdkClient(credentials, place),
    requestHandler: handler,
    protocol: TolerantJsonRpc,
    maxAttempts,
    retryStrategy: new SelectiveRetries(maxAttempts, () => true),
    customUserAgent: [['nfm-exporter', version]],
    ...(endpoint === undefined ? {} : { endpoint }),
  });
  client.middlewareStack.use(reportVerdicts(credentials, place));
  limitAttempts(client, target, clock, observer, callOf, new WeakSet());
  return {
    getMetricData: (input, signal) => client.send(new GetMetricDataCommand(input), { abortSignal: signal }),
  };
}
