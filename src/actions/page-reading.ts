import type { TargetClient } from '../aws/client.ts';
import { InvalidResponse } from '../aws/errors.ts';
import type { ScheduledQuery } from '../model/query.ts';
import type { Run } from '../model/run.ts';
import { PackedPages } from '../results/kept-json.ts';
import { countsOf, resultsPaging } from '../results/paging.ts';
import { readDataPage, readRowPage } from '../results/results.ts';
import type { ResultPage } from './run-results.ts';

export type ResultsClient = Pick<TargetClient, 'queryResults' | 'refuseResults'>;

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
