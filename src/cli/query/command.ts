import { UNOBSERVED } from '../../aws/attempts.ts';
import { TargetClient } from '../../aws/client.ts';
import { AccountCredentials } from '../../aws/credentials/account-credentials.ts';
import { fallbackRegion } from '../../aws/credentials/fallback-region.ts';
import { BoundedHandler } from '../../aws/network/bounded-handler.ts';
import { createNetwork } from '../../aws/network/network.ts';
import { NetworkConfigError } from '../../aws/network/proxy-routes.ts';
import type { Clock } from '../../lib/clock.ts';
import { Targets } from '../../scheduler/target.ts';
import { UsageError } from '../flags.ts';
import { Interruption, runAdHocQuery } from './ad-hoc-query.ts';
import type { QueryRequest } from './query-flags.ts';

export interface QueryCommandOptions {
  readonly request: QueryRequest;
  /** Version of the exporter, for the user agent. */
  readonly version: string;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
}

/** Equal to the defaults of the daemon. */
const LIMITS = { requestsPerSecond: 5, maxConcurrentRequests: 8 };
const REQUEST_TIMEOUT_MS = 10_000;
const MAX_ATTEMPTS = 3;

/**
 * Runs the commands `query run` and `query watch` with the streams and signals of the process.
 *
 * @returns the exit code
 * @throws {UsageError} if no region is configured
 */
export async function runQueryCommand(options: QueryCommandOptions): Promise<number> {
  const { request, version, env, clock } = options;
  const region = request.region ?? (await fallbackRegion(request.profile));
  if (region === undefined) {
    throw new UsageError('--region is required: neither AWS_REGION nor the profile has a region');
  }
  const interrupted = interruptions();
  try {
    const network = createNetwork({ env, clock });
    const handler = new BoundedHandler({ network, clock, timeout: REQUEST_TIMEOUT_MS });
    const sts = { handler, region, endpoint: undefined };
    const client = new TargetClient({
      target: new Targets(clock).add('query', region, LIMITS),
      clock,
      handler,
      credentials: new AccountCredentials(clock).of({ profile: request.profile, role: undefined }, sts),
      observer: UNOBSERVED,
      endpoint: request.endpoint?.replaceAll('{region}', region),
      maxAttempts: MAX_ATTEMPTS,
      version,
    });
    return await runAdHocQuery({
      request,
      region,
      client,
      clock,
      stdout: { write: (text) => process.stdout.write(text), columns: () => columnsOf(process.stdout) },
      stderr: {
        write: (text) => process.stderr.write(text),
        isTerminal: process.stderr.isTTY && env['TERM'] !== 'dumb',
        columns: () => columnsOf(process.stderr),
      },
      interrupted,
    });
  } catch (thrown) {
    if (!(thrown instanceof NetworkConfigError)) {
      throw thrown;
    }
    process.stderr.write(`nfm-exporter: ${thrown.message}\n`);
    return 1;
  }
}

/** Returns a signal that aborts at the first SIGINT or SIGTERM. A second one exits the process immediately. */
function interruptions(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      const interruption = new Interruption(signal);
      if (controller.signal.aborted) {
        process.exit(interruption.exitCode);
      }
      controller.abort(interruption);
    });
  }
  return controller.signal;
}

/** Returns undefined if the stream is not a terminal or its size is unknown. */
function columnsOf({ isTTY, columns }: NodeJS.WriteStream): number | undefined {
  return isTTY && columns > 0 ? columns : undefined;
}
