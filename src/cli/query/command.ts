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
import { Interruption } from './ad-hoc-query.ts';
import type { QueryRequest } from './query-flags.ts';
import { PlainView, type QueryView, ScreenView, type Terminal } from './query-view.ts';
import { runQueries } from './run-queries.ts';

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

/** Runs the commands `query run` and `query watch`. Returns the exit code. @throws {UsageError} if no region is configured */
export async function runQueryCommand(options: QueryCommandOptions): Promise<number> {
  const { request, version, env, clock } = options;
  const region = request.region ?? (await fallbackRegion(request.profile));
  if (region === undefined) {
    throw new UsageError('--region is required: neither AWS_REGION nor the profile has a Region');
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
    const writeError = (text: string) => process.stderr.write(text);
    return await runQueries({ request, region, client, clock, view: viewOf(options), writeError, interrupted });
  } catch (thrown) {
    if (!(thrown instanceof NetworkConfigError)) {
      throw thrown;
    }
    process.stderr.write(`nfm-exporter: ${thrown.message}\n`);
    return 1;
  }
}

/** Windows are repeated on the alternate screen if the command has a terminal of its own. */
function viewOf({ request, env, clock }: QueryCommandOptions): QueryView {
  const { stdout, stderr } = process;
  const isRepeated = request.command === 'run' && request.watch;
  const isSmart = env['TERM'] !== 'dumb';
  if (isRepeated && request.output === 'table' && stdout.isTTY && stderr.isTTY && isSmart) {
    const screen = new ScreenView(terminalOf(stdout), clock);
    // A second signal exits without the end of the command.
    process.once('exit', () => screen.end());
    return screen;
  }
  const progress = { ...outputOf(stderr), isTerminal: stderr.isTTY && isSmart };
  return new PlainView(outputOf(stdout), progress, clock, { isRepeated });
}

function outputOf(stream: NodeJS.WriteStream) {
  return {
    write: (text: string) => stream.write(text),
    columns: () => (stream.isTTY && stream.columns > 0 ? stream.columns : undefined),
  };
}

function terminalOf(stream: NodeJS.WriteStream): Terminal {
  return {
    write: (text) => stream.write(text),
    columns: () => stream.columns || 80,
    rows: () => stream.rows || 24,
    onResize(listener) {
      stream.on('resize', listener);
      return () => stream.off('resize', listener);
    },
  };
}

/** Returns a signal that the first SIGINT or SIGTERM aborts, or a closed stdout. A second signal exits the process at once. */
function interruptions(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      const interruption = new Interruption(`interrupted by ${signal}`, signal === 'SIGINT' ? 130 : 143);
      if (controller.signal.aborted) {
        process.exit(interruption.exitCode);
      }
      controller.abort(interruption);
    });
  }
  process.stdout.on('error', () => controller.abort(new Interruption('standard output is closed', 0)));
  return controller.signal;
}
