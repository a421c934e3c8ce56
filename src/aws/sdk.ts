import * as commands from '@aws-sdk/client-networkflowmonitor';
import type { Clock } from '../lib/clock.ts';
import type { Target } from '../scheduler/target.ts';
import { type AttemptObserver, type Call, limitAttempts } from './attempts.ts';
import { type Credentials, forSdkClient, reportVerdicts } from './credentials/credentials.ts';
import type { BoundedHandler } from './network/bounded-handler.ts';
import { TolerantProtocol } from './protocol/tolerant-protocol.ts';
import { SelectiveRetries } from './selective-retries.ts';

export interface TargetClientOptions {
  readonly target: Target;
  readonly clock: Clock;
  readonly handler: BoundedHandler;
  readonly credentials: Credentials;
  readonly observer: AttemptObserver;
  /** URL without `{region}`. Undefined: the SDK's own endpoint rules and variables. */
  readonly endpoint: string | undefined;
  /** Attempts per call, including retries. */
  readonly maxAttempts: number;
  /** Version of this exporter, for the user agent. */
  readonly version: string;
}

export interface Sdk {
  readonly client: commands.NetworkFlowMonitorClient;
  readonly commands: typeof commands;
}

/**
 * Creates the SDK's client in a target. `callOf` returns the call of a command's input. This module is loaded with the
 * first call: the SDK takes longer to load than the rest of the startup.
 */
export function createSdk(options: TargetClientOptions, callOf: (input: object) => Call): Sdk {
  const { target, handler, credentials, endpoint, maxAttempts, version, clock, observer } = options;
  const place = `${target.account} ${target.region}`;
  const finalErrors = new WeakSet<object>();
  const client = new commands.NetworkFlowMonitorClient({
    region: target.region,
    credentials: forSdkClient(credentials, place),
    requestHandler: handler,
    protocol: TolerantProtocol,
    maxAttempts,
    retryStrategy: new SelectiveRetries(maxAttempts, (error) => !finalErrors.has(Object(error))),
    customUserAgent: [['nfm-exporter', version]],
    ...(endpoint === undefined ? {} : { endpoint }),
  });
  client.middlewareStack.use(reportVerdicts(credentials, place));
  limitAttempts(client, target, clock, observer, callOf, finalErrors);
  return { client, commands };
}
