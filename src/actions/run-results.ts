import { nextTurn, Turns } from '../lib/concurrency.ts';
import type { LogFields, Logger } from '../lib/log.ts';
import type { ScheduledQuery } from '../model/query.ts';
import type { Run, Window } from '../model/run.ts';
import type { RoundTripTimeUnit } from '../model/vocabulary.ts';
import { mergeRows } from '../results/contributors.ts';
import { newestDatapoints } from '../results/datapoints.ts';
import { KeptJson } from '../results/kept-json.ts';
import { datapointsForJson, rowsForJson, worstRows } from '../results/kept-rows.ts';
import type { PackedPages } from '../results/packed-pages.ts';
import { countsOf } from '../results/paging.ts';
import {
  type DataPage,
  type DataResults,
  joinDataPages,
  joinRowPages,
  type RowPage,
  type RowResults,
} from '../results/results.ts';
import { datapointsJson, rowsJson } from '../results/results-json.ts';
import { type UnitConversion, unitConversion } from '../results/units.ts';
import type { QueryStates } from '../state/query-state.ts';
import type { RunStates } from '../state/run-state.ts';

export interface RunResultsOptions {
  readonly log: Logger;
  readonly states: Pick<QueryStates, 'has'>;
  readonly runStates: Pick<RunStates, 'resultsRead'>;
  /** Asked for each result: a reload may have changed them. */
  readonly contributors: () => {
    readonly mirrorRows: 'keep' | 'drop';
    readonly maxSeriesPerQuery: number;
    readonly roundTripTimeUnit: RoundTripTimeUnit;
  };
}

export type ResultPage = RowPage | DataPage;

/** Makes of a run's pages what is exported and shown. */
export class RunResults {
  readonly #options: RunResultsOptions;
  readonly #unitsAssumed = new Set<string>();
  readonly #told = new WeakMap<ScheduledQuery, Set<string>>();
  /** Results take milliseconds to work through, and megabytes meanwhile; those of many runs may come at once. */
  readonly #turns = new Turns();

  constructor(options: RunResultsOptions) {
    this.#options = options;
  }

  /**
   * Writes down the results of a run, all of whose pages have been read.
   *
   * @throws InvalidResponse for pages, units or values that do not fit.
   */
  read(query: ScheduledQuery, run: Run, pages: PackedPages<ResultPage>): Promise<void> {
    return this.#turns.take(async () => this.#read(query, run, await pages.unpack()));
  }

  async #read(query: ScheduledQuery, run: Run, pages: readonly ResultPage[]): Promise<void> {
    const answer = joinPages(pages);
    const { metricName } = query;
    const conversion = unitConversion(metricName, answer.unit, this.#options.contributors().roundTripTimeUnit);
    this.#tellAssumption(query, conversion);
    if ('datapoints' in answer) {
      const repeated = pages.reduce((sum, page) => sum + countsOf(page).series, 0) - answer.datapoints.length;
      this.#tellOnce(query, 'repeated series ignored', repeated);
      await this.#readDatapoints(query, run, answer, conversion);
    } else {
      const repeated = pages.reduce((sum, page) => sum + countsOf(page).rows, 0) - answer.rows.length;
      this.#tellOnce(query, 'repeated rows ignored', repeated);
      await this.#readRows(query, run, answer, conversion);
    }
  }

  async #readDatapoints(
    query: ScheduledQuery,
    { queryId, window }: Run,
    answer: DataResults,
    conversion: UnitConversion,
  ): Promise<void> {
    const { states, runStates, contributors } = this.#options;
    const { newestAt, step, rows, series, dropped, tooLarge, truncated } = newestDatapoints(
      answer.datapoints,
      conversion,
      contributors().maxSeriesPerQuery,
    );
    await nextTurn();
    const datapoints = datapointsForJson(answer.datapoints);
    const omitted = rows - datapoints.length;
    const json = await KeptJson.of({
      ...about(query, queryId, window),
      ...datapointsJson({ ...answer, datapoints }, conversion),
      omitted,
    });
    if (states.has(query)) {
      this.#tellOnce(query, 'series beyond size limit dropped', tooLarge);
      this.#tellOnce(query, 'series beyond size limit omitted from the API', omitted);
      const results = { at: newestAt ?? window.end, windowEnd: window.end, length: step, rows, dropped, json };
      runStates.resultsRead(query.name, results, series, undefined, truncated);
    }
  }

  async #readRows(
    query: ScheduledQuery,
    { queryId, window }: Run,
    answer: RowResults,
    conversion: UnitConversion,
  ): Promise<void> {
    const { states, runStates, contributors } = this.#options;
    const { mirrorRows, maxSeriesPerQuery } = contributors();
    const { metricName, contributorLabels: labels, limit } = query;
    const { rows, series, dropped, total, beyondLimit, tooLarge, truncated } = mergeRows(answer.rows, {
      metricName,
      conversion,
      labels,
      mirrorRows,
      maxSeriesPerQuery,
      limit,
    });
    const shown = rowsForJson(worstRows(answer.rows, limit ?? rows));
    const omitted = rows - shown.length;
    const json = await KeptJson.of({
      ...about(query, queryId, window),
      ...rowsJson({ ...answer, rows: shown }, conversion),
      omitted,
    });
    if (states.has(query)) {
      this.#tellOnce(query, 'rows beyond limit dropped', beyondLimit, { limit });
      this.#tellOnce(query, 'series beyond size limit dropped', tooLarge);
      this.#tellOnce(query, 'rows beyond size limit omitted from the API', omitted - beyondLimit);
      const results = {
        at: window.end,
        windowEnd: window.end,
        length: window.end - window.start,
        rows,
        dropped,
        json,
      };
      runStates.resultsRead(query.name, results, series, total, truncated);
    }
  }

  /** Logs what is odd about a query's results the first time that there is any of it. */
  #tellOnce(query: ScheduledQuery, msg: string, count: number, more: LogFields = {}): void {
    const told = this.#told.get(query) ?? new Set<string>();
    if (count > 0 && !told.has(msg)) {
      this.#told.set(query, told.add(msg));
      const { account, region, name } = query;
      this.#options.log.warn(msg, { account, aws_region: region, query: name, count, ...more });
    }
  }

  #tellAssumption({ account, region, name, metricName }: ScheduledQuery, { assumed, unit }: UnitConversion): void {
    if (assumed && !this.#unitsAssumed.has(metricName)) {
      this.#unitsAssumed.add(metricName);
      const fields = { account, aws_region: region, query: name };
      this.#options.log.info('an answer names no unit', { ...fields, metric: metricName, assumed: unit });
    }
  }
}

/** What the JSON of results says beside them. */
function about({ name }: ScheduledQuery, queryId: string | undefined, { start, end }: Window) {
  return {
    name,
    queryId,
    windowStart: new Date(start).toISOString(),
    windowEnd: new Date(end).toISOString(),
  };
}

function joinPages(pages: readonly ResultPage[]): RowResults | DataResults {
  const rowPages = pages.filter((page) => 'rows' in page);
  return rowPages.length > 0 ? joinRowPages(rowPages) : joinDataPages(pages.filter((page) => 'datapoints' in page));
}
