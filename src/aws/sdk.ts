import * as commands from '@aws-sdk/client-networkflowmonitor';
import { type Call, limitAttempts } from './attempts.ts';
import type { TargetClientOptions } from './client.ts';
import { forSdkClient, reportVerdicts } from './credentials/credentials.ts';
import { SelectiveRetries } from './selective-retries.ts';

/** The SDK's client in a target, and the commands that it sends. */
export interface Sdk {
  readonly client: commands.NetworkFlowMonitorClient;
  readonly commands: typeof commands;
}

/**
 * Makes the SDK's client in a target. `callOf` finds the call that a command's input belongs to.
 *
 * This module is loaded with the first call: the SDK takes longer to load than all else that a start needs.
 */
export function createSdk(options: TargetClientOptions, callOf: (input: object) => Call | undefined): Sdk {
  const { target, handler, credentials, endpoint, maxAttempts, version, clock, observer } = options;
  const place = `${target.account} ${target.region}`;
  const finalErrors = new WeakSet<object>();
  const client = new commands.NetworkFlowMonitorClient({
    region: target.region,
    credentials: forSdkClient(credentials, place),
    requestHandler: handler,
    maxAttempts,
    retryStrategy: new SelectiveRetries(maxAttempts, (error) => !isIn(finalErrors, error)),
    customUserAgent: [['nfm-exporter', version]],
    ...(endpoint === undefined ? {} : { endpoint }),
  });
  client.middlewareStack.use(reportVerdicts(credentials, place));
  limitAttempts(client, target, clock, observer, callOf, finalErrors);
  return { client, commands };
}

function isIn(set: WeakSet<object>, value: unknown): boolean {
  return typeof value === 'object' && value !== null && set.has(value);
}
