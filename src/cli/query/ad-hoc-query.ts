import { type TargetClient, UNKNOWN_AT_FIRST_MS } from '../../aws/client.ts';
import { ApiError, type ApiErrorName, InvalidResponse } from '../../aws/errors.ts';
import type { QueryReference } from '../../aws/operations.ts';
import { formatDuration } from '../../config/reading/texts.ts';
import { type Clock, sleep } from '../../lib/clock.ts';
import { isTerminal, type QueryStatus, type QueryType } from '../../model/vocabulary.ts';
import { countsOf, resultsPaging } from '../../results/paging.ts';
import {
  type DataPage,
  type DataResults,
  joinDataPages,
  joinRowPages,
  type RowPage,
  type RowResults,
  readDataPage,
  readRowPage,
} from '../../results/results.ts';
import { STATUS_WAITS, waitAfter } from '../../scheduler/status-waits.ts';
import { explainFailure } from '../error-advice.ts';
import { Progress, type ProgressStream } from './progress.ts';
import type { QueryRequest, RunRequest } from './query-flags.ts';
import { type OutputStream, writeResults } from './write-results.ts';

export interface AdHocQueryOptions {
  readonly request: QueryRequest;
  readonly region: string;
  readonly client: Pick<TargetClient, 'startQuery' | 'queryStatus' | 'queryResults' | 'stopQuery'>;
  readonly clock: Clock;
  /** Receives results, and nothing else. */
  readonly stdout: OutputStream;
  /** Receives what happens. */
  readonly stderr: ProgressStream;
  /** Aborts when the user wants no more; its reason is an {@link Interruption}. */
  readonly interrupted: AbortSignal;
}

/** A signal told the process to end. */
export class Interruption extends Error {
  override readonly name = 'Interruption';
  /** The exit code: 128 and the signal's number, as shells have it. */
  readonly exitCode: number;

  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super(`interrupted by ${signal}`);
    this.exitCode = signal === 'SIGINT' ? 130 : 143;
  }
}

/** Why a query is given up, in words for the user. */
class GivenUp extends Error {
  override readonly name = 'GivenUp';
}

const WAITS = STATUS_WAITS.terminal;
/** Calls in a row that may fail, each after all of its attempts. */
const MOST_FAILURES = 3;
const RETRY_WAIT_MS = 1_000;
const STOP_TIMEOUT_MS = 10_000;

/** A query of the service, with what its operations are chosen by. */
type Reference = QueryReference & { readonly type: QueryType; readonly queryId: string };

/**
 * Starts a query, or takes one that is there, follows it to its end and writes its results. A query that was started
 * here and is given up is stopped at the service.
 *
 * @returns the exit code: 0 after SUCCEEDED, that of an {@link Interruption}, else 1
 */
export async function runAdHocQuery(options: AdHocQueryOptions): Promise<number> {
  const { request, region, clock, stdout, interrupted } = options;
  const progress = new Progress(options.stderr, clock);
  const end = endOf(request, clock, interrupted);
  let underWay: Reference | undefined;
  try {
    const reference = await begin(options, progress);
    underWay = request.command === 'run' ? reference : undefined;
    end.signal.throwIfAborted();
    const status = await untilTerminal(options, reference, progress, end.signal);
    underWay = undefined;
    if (status !== 'SUCCEEDED') {
      throw new GivenUp(status === 'FAILED' ? FAILED : CANCELED);
    }
    const results = await readResults(options, reference, progress, end.signal);
    progress.stop();
    const notes = writeResults({ request, region, queryId: reference.queryId, results, stdout });
    for (const note of notes) {
      progress.tell(note);
    }
    return 0;
  } catch (thrown) {
    if (underWay !== undefined) {
      await stop(options, underWay, progress);
    }
    const reason: unknown = end.signal.aborted ? end.signal.reason : thrown;
    progress.stop();
    progress.tell(`nfm-exporter: ${explain(reason)}`);
    return reason instanceof Interruption ? reason.exitCode : 1;
  } finally {
    end.cancel();
    progress.stop();
  }
}

/** Aborts when the user interrupts, or when the time is over. */
function endOf(
  { timeout }: QueryRequest,
  clock: Clock,
  interrupted: AbortSignal,
): { readonly signal: AbortSignal; readonly cancel: () => void } {
  const late = new AbortController();
  const cancel = clock.setTimer(timeout, () =>
    late.abort(new GivenUp(`no end after ${formatDuration(timeout)}: --timeout=DURATION gives it more time`)),
  );
  return { signal: AbortSignal.any([interrupted, late.signal]), cancel };
}

async function begin(options: AdHocQueryOptions, progress: Progress): Promise<Reference> {
  const { request, region, client, interrupted } = options;
  const subject = request.monitorName === undefined ? `scope ${request.scopeId}` : `monitor ${request.monitorName}`;
  const { type, monitorName, scopeId } = request;
  if (request.command === 'watch') {
    progress.tell(`following query ${request.queryId} of ${subject} in ${region}`);
    return { type, monitorName, scopeId, queryId: request.queryId };
  }
  progress.tell(
    `asking ${subject} in ${region}: ${request.metricName}, ${request.destinationCategory}, ${windowText(request)}`,
  );
  progress.show('starting');
  // Were this call cut off, nobody would know the id by which to stop what it may have started.
  const whole = new AbortController();
  const onInterrupt = () => progress.show('waiting for the id, to stop the query; once more leaves at once');
  interrupted.addEventListener('abort', onInterrupt, { once: true });
  try {
    const queryId = await client.startQuery(request, request.window, whole.signal);
    progress.tell(`query ${queryId}`);
    return { type, monitorName, scopeId, queryId };
  } catch (thrown) {
    if (thrown instanceof ApiError && thrown.mayHaveTakenEffect) {
      progress.tell('the service may have started the query; it ends there without further action');
    }
    throw thrown;
  } finally {
    interrupted.removeEventListener('abort', onInterrupt);
  }
}

function windowText({ window: { start, end } }: RunRequest): string {
  return `${new Date(start).toISOString()} to ${new Date(end).toISOString()}`;
}

async function untilTerminal(
  options: AdHocQueryOptions,
  reference: Reference,
  progress: Progress,
  signal: AbortSignal,
): Promise<QueryStatus> {
  const { request, client, clock } = options;
  const startedAt = clock.monotonic();
  const isYoung = () => request.command === 'run' && clock.monotonic() - startedAt < UNKNOWN_AT_FIRST_MS;
  progress.show('waiting for the first status');
  for (let wait = WAITS.first; ; wait = waitAfter(WAITS, wait)) {
    const status = await persistently(options, progress, signal, async () => {
      try {
        return await client.queryStatus(reference, signal);
      } catch (thrown) {
        if (thrown instanceof ApiError && thrown.error === 'ResourceNotFoundException' && isYoung()) {
          return undefined;
        }
        throw thrown;
      }
    });
    if (status !== undefined) {
      progress.show(status);
      if (isTerminal(status)) {
        return status;
      }
    }
    await sleep(clock, wait, signal);
  }
}

async function readResults(
  options: AdHocQueryOptions,
  reference: Reference,
  progress: Progress,
  signal: AbortSignal,
): Promise<RowResults | DataResults> {
  return reference.type === 'workload-insights-top-contributors-data'
    ? joinDataPages(await readPages(options, reference, readDataPage, progress, signal))
    : joinRowPages(await readPages(options, reference, readRowPage, progress, signal));
}

/** @throws InvalidResponse for pages that do not end. */
async function readPages<Page extends RowPage | DataPage>(
  options: AdHocQueryOptions,
  reference: Reference,
  read: (answer: unknown) => Page,
  progress: Progress,
  signal: AbortSignal,
): Promise<readonly Page[]> {
  const pages: Page[] = [];
  const paging = resultsPaging();
  do {
    progress.show(`reading results, page ${pages.length + 1}`);
    const { page, nextToken, bytes } = await persistently(options, progress, signal, () =>
      options.client.queryResults(reference, paging.nextToken, read, signal),
    );
    paging.add({ ...countsOf(page), bytes }, nextToken);
    pages.push(page);
  } while (paging.nextToken !== undefined);
  return pages;
}

/** Failures that may pass by themselves. */
const PASSING: ReadonlySet<ApiErrorName> = new Set([
  'ConflictException',
  'ExpiredTokenException',
  'InternalServerException',
  'InvalidResponse',
  'NetworkError',
  'OtherError',
  'ThrottlingException',
  'TimeoutError',
]);

/** Makes a call anew when it fails in a way that may pass. */
async function persistently<T>(
  { clock }: AdHocQueryOptions,
  progress: Progress,
  signal: AbortSignal,
  call: () => Promise<T>,
): Promise<T> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await call();
    } catch (thrown) {
      signal.throwIfAborted();
      if (!(thrown instanceof ApiError) || !PASSING.has(thrown.error) || failures >= MOST_FAILURES) {
        throw thrown;
      }
      progress.tell(`${thrown.operation}: ${thrown.error}: ${thrown.message}: trying again`);
      await sleep(clock, RETRY_WAIT_MS, signal);
    }
  }
}

async function stop({ client, clock }: AdHocQueryOptions, reference: Reference, progress: Progress): Promise<void> {
  progress.show('stopping the query at the service');
  const patience = new AbortController();
  const cancel = clock.setTimer(STOP_TIMEOUT_MS, () => patience.abort(new GivenUp('no answer in time')));
  try {
    await client.stopQuery(reference, patience.signal);
    progress.tell('stopped at the service');
  } catch (thrown) {
    progress.tell(`could not be stopped at the service, where it ends by itself: ${explain(thrown)}`);
  } finally {
    cancel();
  }
}

const FAILED = 'FAILED: the service gives no reason; try a shorter window, another time or a smaller --limit';
const CANCELED = 'CANCELED: somebody stopped the query; run it again';

function explain(thrown: unknown): string {
  if (thrown instanceof ApiError) {
    return explainFailure(thrown);
  }
  if (thrown instanceof InvalidResponse) {
    return `InvalidResponse: ${thrown.message}`;
  }
  if (thrown instanceof GivenUp || thrown instanceof Interruption) {
    return thrown.message;
  }
  throw thrown;
}
