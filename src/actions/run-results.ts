import { nextTurn, Turns } from '../lib/concurrency.ts';
import type { LogFields, Logger } from '../lib/log.ts';
import type { Registration, ScheduledQuery } from '../model/query.ts';
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
import type { RunStates } from '../state/run-state.ts';

export interface RunResultsOptions {
  readonly log: Logger;
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
  readonly #told = new WeakMap<Registration, Set<string>>();
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
  read(registration: Registration<ScheduledQuery>, run: Run, pages: PackedPages<ResultPage>): Promise<void> {
    return this.#turns.take(async () => this.#read(registration, run, await pages.unpack()));
  }

  async #read(registration: Registration<ScheduledQuery>, run: Run, pages: readonly ResultPage[]): Promise<void> {
    const answer = joinPages(pages);
    const { metricName } = registration.query;
    const conversion = unitConversion(metricName, answer.unit, this.#options.contributors().roundTripTimeUnit);
    this.#tellAssumption(registration.query, conversion);
    if ('datapoints' in answer) {
      const repeated = pages.reduce((sum, page) => sum + countsOf(page).series, 0) - answer.datapoints.length;
      this.#tellOnce(registration, 'repeated series ignored', repeated);
      await this.#readDatapoints(registration, run, answer, conversion);
    } else {
      const repeated = pages.reduce((sum, page) => sum + countsOf(page).rows, 0) - answer.rows.length;
      this.#tellOnce(registration, 'repeated rows ignored', repeated);
      await this.#readRows(registration, run, answer, conversion);
    }
  }

  async #readDatapoints(
    registration: Registration<ScheduledQuery>,
    { queryId, window }: Run,
    answer: DataResults,
    conversion: UnitConversion,
  ): Promise<void> {
    const { runStates, contributors } = this.#options;
    const { newestAt, step, rows, series, dropped, tooLarge, truncated } = newestDatapoints(
      answer.datapoints,
      conversion,
      contributors().maxSeriesPerQuery,
    );
    await nextTurn();
    const datapoints = datapointsForJson(answer.datapoints);
    const omitted = rows - datapoints.length;
    const json = await KeptJson.of({
      ...about(registration, queryId, window),
      ...datapointsJson({ ...answer, datapoints }, conversion),
      omitted,
    });
    if (!registration.removed) {
      this.#tellOnce(registration, 'series beyond size limit dropped', tooLarge);
      this.#tellOnce(registration, 'series beyond size limit omitted from the API', omitted);
      const results = { at: newestAt ?? window.end, windowEnd: window.end, length: step, rows, dropped, json };
      runStates.resultsRead(registration, results, series, undefined, truncated);
    }
  }

  async #readRows(
    registration: Registration<ScheduledQuery>,
    { queryId, window }: Run,
    answer: RowResults,
    conversion: UnitConversion,
  ): Promise<void> {
    const { runStates, contributors } = this.#options;
    const { mirrorRows, maxSeriesPerQuery } = contributors();
    const { metricName, contributorLabels: labels, limit } = registration.query;
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
      ...about(registration, queryId, window),
      ...rowsJson({ ...answer, rows: shown }, conversion),
      omitted,
    });
    if (!registration.removed) {
      this.#tellOnce(registration, 'rows beyond limit dropped', beyondLimit, { limit });
      this.#tellOnce(registration, 'series beyond size limit dropped', tooLarge);
      this.#tellOnce(registration, 'rows beyond size limit omitted from the API', omitted - beyondLimit);
      const results = {
        at: window.end,
        windowEnd: window.end,
        length: window.end - window.start,
        rows,
        dropped,
        json,
      };
      runStates.resultsRead(registration, results, series, total, truncated);
    }
  }

  /** Logs what is odd about a query's results the first time that there is any of it. */
  #tellOnce(registration: Registration, msg: string, count: number, more: LogFields = {}): void {
    const told = this.#told.get(registration) ?? new Set<string>();
    if (count > 0 && !told.has(msg)) {
      this.#told.set(registration, told.add(msg));
      const { account, region, name } = registration.query;
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
function about({ name }: Registration, queryId: string | undefined, { start, end }: Window) {
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
