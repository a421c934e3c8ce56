import type { FlowSubject, QueryFlows } from '../http/app-options.ts';
import type { Clock } from '../lib/clock.ts';
import { nextTurn, slicing } from '../lib/concurrency.ts';
import { isScheduled, type ScheduledQuery } from '../model/query.ts';
import { digestOf, type FlowDigest } from '../results/flow-digest.ts';
import type { KeptJson } from '../results/kept-json.ts';
import type { DatapointsJson, RowsJson } from '../results/results-json.ts';
import { areStale, type QueryResults } from '../state/run-state.ts';
import type { ExporterState } from './exporter-state.ts';

/** The digests of the last results of all queries. */
export class FlowDigests {
  readonly #state: Pick<ExporterState, 'registry' | 'runs'>;
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** Digests of results of an earlier process, which were restored without one. */
  readonly #restored = new WeakMap<KeptJson, FlowDigest | undefined>();

  constructor(state: Pick<ExporterState, 'registry' | 'runs'>, clock: Pick<Clock, 'monotonic'>) {
    this.#state = state;
    this.#clock = clock;
  }

  /** Iterates over the wanted queries that have results which are not stale. Yields to the event loop between slices. */
  async *all(isWanted: (query: FlowSubject) => boolean = () => true): AsyncGenerator<QueryFlows> {
    const sliced = slicing();
    for (const registration of this.#state.registry.all()) {
      await sliced();
      const run = isScheduled(registration) ? this.#state.runs.get(registration) : undefined;
      if (run?.results === undefined || !isWanted(run.registration.query) || areStale(run, this.#clock.monotonic())) {
        continue;
      }
      const { query } = run.registration;
      const digest = await this.#digest(query.metricName, run.results);
      const { length } = run.results;
      if (digest !== undefined && length !== undefined) {
        yield { name: query.name, ...subjectOf(query), seconds: length / 1_000, digest };
      }
    }
  }

  /** Returns undefined for the `-data` type, whose results have no flows. */
  async #digest(metricName: QueryFlows['metricName'], { flows, json }: QueryResults): Promise<FlowDigest | undefined> {
    if (flows !== undefined) {
      return JSON.parse(flows);
    }
    if (!this.#restored.has(json)) {
      // The JSON is from `rowsJson` or `datapointsJson`.
      const results: RowsJson | DatapointsJson = JSON.parse(await json.text());
      await nextTurn();
      this.#restored.set(json, 'rows' in results ? digestOf(metricName, results) : undefined);
    }
    return this.#restored.get(json);
  }
}

function subjectOf(query: ScheduledQuery): FlowSubject {
  const { metricName, account, region, monitorName, scopeId, destinationCategory } = query;
  return { metricName, account, region, monitorName, scopeId, destinationCategory };
}
