import type { TargetClient } from '../aws/client.ts';
import { ApiError, InvalidResponse } from '../aws/errors.ts';
import type { Logger } from '../lib/log.ts';
import type { Registration, ScheduledQuery } from '../model/query.ts';
import type { Run } from '../model/run.ts';
import { PackedPages } from '../results/kept-json.ts';
import { countsOf, resultsPaging } from '../results/paging.ts';
import { readDataPage, readRowPage } from '../results/results.ts';
import type { LastResultReadsOptions } from '../scheduler/last-result-reads.ts';
import type { ResultPage, RunResults } from './run-results.ts';

type ResultsClient = Pick<TargetClient, 'queryResults' | 'refuseResults'>;

/** The results of a run between its requests. */
export class PageReading {
  readonly pages = new PackedPages<ResultPage>();
  readonly #paging = resultsPaging();
  /** Consecutive failures to read the next page. */
  failures = 0;

  /** Reads the next page. Returns whether it is the last one. @throws ApiError */
  async readNext(client: ResultsClient, query: ScheduledQuery, run: Run, signal: AbortSignal): Promise<boolean> {
    await this.#readNext(client, query, run, signal);
    return this.#paging.nextToken === undefined;
  }

  /** This is a separate function, so that nothing references the page once it is packed. */
  async #readNext(client: ResultsClient, query: ScheduledQuery, run: Run, signal: AbortSignal): Promise<void> {
    this.failures += 1;
    const { page, nextToken, bytes } = await client.queryResults<ResultPage>(
      { ...query, queryId: run.queryId },
      this.#paging.nextToken,
      query.type === 'workload-insights-top-contributors-data' ? readDataPage : readRowPage,
      signal,
    );
    this.failures = 0;
    await refusing(client, query, () => this.#paging.add({ ...countsOf(page), bytes }, nextToken));
    await this.pages.add(page);
  }
}

/** Reads results. Converts errors of invalid results to errors of the API. @throws ApiError */
export async function refusing<T>(
  client: ResultsClient,
  query: ScheduledQuery,
  read: () => T | Promise<T>,
): Promise<T> {
  try {
    return await read();
  } catch (thrown) {
    throw thrown instanceof InvalidResponse ? client.refuseResults(query, thrown.message) : thrown;
  }
}

export interface LastResultsOptions {
  readonly log: Logger;
  readonly clientOf: (registration: Registration) => ResultsClient;
  readonly results: RunResults;
}

/** Returns the reading of results that another process has counted, for contributors. Failures are not the query's. */
export function createLastResultsRead(options: LastResultsOptions): LastResultReadsOptions<ScheduledQuery>['read'] {
  const { log, clientOf, results } = options;
  const readings = new WeakMap<Run, PageReading>();
  return async (registration, run, signal) => {
    const { query } = registration;
    const { account, region, name } = query;
    const reading = readings.get(run) ?? new PageReading();
    readings.set(run, reading);
    try {
      const client = clientOf(registration);
      if (!(await reading.readNext(client, query, run, signal))) {
        return 'again';
      }
      await refusing(client, query, () => results.read(registration, run, reading.pages, false));
      return 'done';
    } catch (thrown) {
      if (signal.aborted) {
        return 'silent';
      }
      if (!(thrown instanceof ApiError)) {
        throw thrown;
      }
      log.debug('last results not read', { account, aws_region: region, query: name, error: thrown.error });
      return 'failed';
    }
  };
}
