import { ApiError } from '../../aws/errors.ts';
import { formatDuration } from '../../config/reading/texts.ts';
import { sleep } from '../../lib/clock.ts';
import { counted } from '../../lib/text.ts';
import { AdHocQuery, type AdHocQueryOptions, explain, GivenUp, Interruption, isTransient } from './ad-hoc-query.ts';
import { DELAY_MS, type RunRequest } from './query-flags.ts';
import { timeOfDay } from './render-results.ts';

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
async function nextWindow(
  { clock, view, interrupted }: AdHocQueryOptions,
  { start, end }: RunRequest['window'],
): Promise<RunRequest['window']> {
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
