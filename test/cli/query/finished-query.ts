import type { RunRequest } from '../../../src/cli/query/query-flags.ts';
import type { FinishedQuery } from '../../../src/cli/query/render-results.ts';

const REQUEST: RunRequest = {
  command: 'run',
  region: undefined,
  type: 'monitor-top-contributors',
  monitorName: 'checkout',
  scopeId: undefined,
  metricName: 'ROUND_TRIP_TIME',
  destinationCategory: 'INTER_AZ',
  limit: 100,
  window: { start: Date.UTC(2026, 0, 31, 23, 50), end: Date.UTC(2026, 1, 1, 0, 5) },
  profile: undefined,
  endpoint: undefined,
  output: 'table',
  noMirror: false,
  watch: false,
  timeout: 600_000,
};

/** A finished query over midnight, in the table's format unless `request` changes it. */
export function finishedQuery(results: FinishedQuery['results'], request: Partial<RunRequest> = {}): FinishedQuery {
  return { request: { ...REQUEST, ...request }, region: 'eu-west-1', queryId: 'q', results };
}
