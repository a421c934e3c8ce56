import { ApiError } from '../aws/errors.ts';
import type { Logger } from '../lib/log.ts';
import type { Registration, ScheduledQuery } from '../model/query.ts';
import type { Run } from '../model/run.ts';
import type { LastResultReadsOptions } from '../scheduler/last-result-reads.ts';
import { PageReading, type ResultsClient, refusing } from './page-reading.ts';
import type { RunResults } from './run-results.ts';

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
