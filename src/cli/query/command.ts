import { UNOBSERVED } from '../../aws/attempts.ts';
import { TargetClient } from '../../aws/client.ts';
import { AccountCredentials } from '../../aws/credentials/account-credentials.ts';
import { fallbackRegion } from '../../aws/credentials/fallback-region.ts';
import { ApiError } from '../../aws/errors.ts';
import { BoundedHandler } from '../../aws/network/bounded-handler.ts';
import { createNetwork } from '../../aws/network/network.ts';
import { NetworkConfigError } from '../../aws/network/proxy-routes.ts';
import { formatDuration } from '../../config/reading/texts.ts';
import { type Clock, sleep } from '../../lib/clock.ts';
import { counted } from '../../lib/text.ts';
import { Targets } from '../../scheduler/target.ts';
import { UsageError } from '../flags.ts';
import { AdHocQuery, type AdHocQueryOptions, explain, GivenUp, Interruption, isTransient } from './ad-hoc-query.ts';
import { DELAY_MS, type QueryRequest, type RunRequest } from './query-flags.ts';
import { PlainView, type QueryView, ScreenView, type Terminal } from './query-view.ts';
import { timeOfDay } from './render-results.ts';

export interface QueryCommandOptions {
  readonly request: QueryRequest;
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

export interface QueryRunOptions extends AdHocQueryOptions {
  /** Receives the error that ends the command, after the end of the view. */
  readonly writeError: (text: string) => void;
}

/**
 * Starts a query or follows an existing one, and shows its results. With `--watch`, repeats this for each window. A query that
 * the command has started and abandons is stopped. Returns the exit code: 0, that of an {@link Interruption}, otherwise 1.
 */
export async function runQueries(options: QueryRunOptions): Promise<number> {
  const { request, view, writeError } = options;
  try {
    await (request.command === 'run' && request.watch ? repeat(options, request) : runOne(options));
    return 0;
  } catch (thrown) {
    view.end();
    writeError(`nfm-exporter: ${explain(thrown)}\n`);
    return thrown instanceof Interruption ? thrown.exitCode : 1;
  } finally {
    view.end();
  }
}

/** @throws {ApiError | InvalidResponse | GivenUp | Interruption} after the query was stopped */
async function runOne(options: AdHocQueryOptions): Promise<void> {
  const { request, region, clock, view, interrupted } = options;
  const late = new AbortController();
  const cancelTimer = clock.setTimer(request.timeout, () =>
    late.abort(new GivenUp(`no result after ${formatDuration(request.timeout)}; set a longer --timeout`)),
  );
  const signal = AbortSignal.any([interrupted, late.signal]);
  const query = new AdHocQuery(options, signal);
  try {
    view.showResults({ request, region, ...(await query.run()) });
  } catch (thrown) {
    await query.stopIfStarted();
    throw signal.aborted ? signal.reason : thrown;
  } finally {
    cancelTimer();
  }
}

/** Runs the query for one window after the other until it is interrupted, or fails in a way that a later window would, too. */
async function repeat(options: AdHocQueryOptions, request: RunRequest): Promise<never> {
  const { view } = options;
  for (let current = request; ; ) {
    try {
      await runOne({ ...options, request: current });
    } catch (thrown) {
      const isOfWindow = thrown instanceof GivenUp || isTransient(thrown);
      if (!isOfWindow && !(thrown instanceof ApiError && thrown.error === 'ServiceQuotaExceededException')) {
        throw thrown;
      }
      view.print(`${explain(thrown)}; continuing with the next window`);
    }
    current = { ...request, window: await nextWindow(options, current.window) };
    view.restart();
  }
}

/** Longest sleep, so that the time is right soon after a suspend of the machine. */
const LONGEST_SLEEP_MS = 10_000;

/** Waits until the data of the next window is complete. Skips windows that ended while a query ran. */
async function nextWindow({ clock, view, interrupted }: AdHocQueryOptions, { start, end }: RunRequest['window']) {
  const length = end - start;
  const skipped = Math.max(0, Math.floor((clock.now() - DELAY_MS - end) / length) - 1);
  if (skipped > 0) {
    view.print(`skipped ${counted(skipped, 'window')}, because the query took too long`);
  }
  const next = { start: end + skipped * length, end: end + (skipped + 1) * length };
  const due = next.end + DELAY_MS;
  if (due > clock.now()) {
    view.showWait(`next query at ${timeOfDay(due)} UTC`);
  }
  while (clock.now() < due) {
    await sleep(clock, Math.min(due - clock.now(), LONGEST_SLEEP_MS), interrupted);
  }
  return next;
}
