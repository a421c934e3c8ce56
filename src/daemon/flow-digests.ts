import type { FlowSubject, QueryFlows } from '../http/app-options.ts';
import type { Clock } from '../lib/clock.ts';
import { nextTurn, slicing } from '../lib/concurrency.ts';
import { isScheduled } from '../model/query.ts';
import type { MetricName } from '../model/vocabulary.ts';
import { digestOf, type FlowDigest } from '../results/flow-digest.ts';
import type { KeptJson } from '../results/kept-json.ts';
import type { DatapointsJson, RowsJson } from '../results/results-json.ts';
import { areStale, type QueryResults } from '../state/run-state.ts';
import type { ExporterState } from './exporter-state.ts';

/**
 * Returns a function that iterates over the digests of the last results of wanted queries, except stale ones. It yields to the
 * event loop between slices.
 */
export function flowDigests(
  { registry, runs }: Pick<ExporterState, 'registry' | 'runs'>,
  clock: Pick<Clock, 'monotonic'>,
) {
  /** Digests of results of an earlier process, which were restored without one. */
  const restored = new WeakMap<KeptJson, FlowDigest | undefined>();

  /** Returns undefined for the `-data` type, whose results have no flows. */
  async function digestIn(metricName: MetricName, { flows, json }: QueryResults): Promise<FlowDigest | undefined> {
    if (flows !== undefined) {
      return JSON.parse(flows);
    }
    if (!restored.has(json)) {
      // The JSON is from `rowsJson` or `datapointsJson`.
      const results: RowsJson | DatapointsJson = JSON.parse(await json.text());
      await nextTurn();
      restored.set(json, 'rows' in results ? digestOf(metricName, results) : undefined);
    }
    return restored.get(json);
  }

  return async function* (isWanted: (query: FlowSubject) => boolean = () => true): AsyncGenerator<QueryFlows> {
    const sliced = slicing();
    for (const registration of registry.all()) {
      await sliced();
      const run = isScheduled(registration) ? runs.get(registration) : undefined;
      if (run?.results === undefined || !isWanted(run.registration.query) || areStale(run, clock.monotonic())) {
        continue;
      }
      const { query } = run.registration;
      const { name, metricName, account, region, monitorName, scopeId, destinationCategory } = query;
      const digest = await digestIn(metricName, run.results);
      const { length } = run.results;
      if (digest !== undefined && length !== undefined) {
        const subject = { metricName, account, region, monitorName, scopeId, destinationCategory };
        yield { name, ...subject, seconds: length / 1_000, digest };
      }
    }
  };
}
