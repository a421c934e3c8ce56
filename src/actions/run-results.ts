import type { Config } from '../config/config.ts';
import { nextTurn, Turns } from '../lib/concurrency.ts';
import type { LogFields, Logger } from '../lib/log.ts';
import type { Registration, ScheduledQuery } from '../model/query.ts';
import type { Run, Window } from '../model/run.ts';
import { type ContributorSeries, mergeRows, newestDatapoints } from '../results/contributors.ts';
import { digestOf } from '../results/flow-digest.ts';
import { KeptJson, type PackedPages } from '../results/kept-json.ts';
import { datapointsForJson, rowsForJson, worstRows } from '../results/kept-rows.ts';
import { countsOf } from '../results/paging.ts';
import {
  type DataPage,
  type DataResults,
  joinDataPages,
  joinRowPages,
  type RowPage,
  type RowResults,
} from '../results/results.ts';
import { type DatapointsJson, datapointsJson, type RowsJson, rowsJson } from '../results/results-json.ts';
import { type UnitConversion, unitConversion } from '../results/units.ts';
import type { ReadResults, RunStates } from '../state/run-state.ts';

export interface RunResultsOptions {
  readonly log: Logger;
  readonly runStates: Pick<RunStates, 'get' | 'resultsRead'>;
  /** Called for each result, because a reload may change these. */
  readonly contributors: () => Pick<Config['contributors'], 'mirrorRows' | 'maxSeriesPerQuery' | 'roundTripTimeUnit'>;
}

export type ResultPage = RowPage | DataPage;
type Scheduled = Registration<ScheduledQuery>;

/** What of a run's results is exported as series, and shown as JSON. */
interface Converted {
  readonly results: Pick<ReadResults, 'at' | 'length' | 'rows' | 'dropped'>;
  readonly series: readonly ContributorSeries[];
  readonly total: number | undefined;
  readonly truncated: number;
  readonly json: RowsJson | DatapointsJson;
  /** Items that `json` does not have. */
  readonly omitted: number;
  /** Counts of what is logged once per query. */
  readonly notes: readonly (readonly [msg: string, count: number, fields?: LogFields])[];
}

/** Converts the pages of a run to what is exported and shown. */
export class RunResults {
  readonly #options: RunResultsOptions;
  readonly #assumedUnits = new Set<string>();
  readonly #logged = new WeakMap<Registration, Set<string>>();
  /** Converting results takes milliseconds, and megabytes in the meantime. Results of many runs may arrive at once. */
  readonly #turns = new Turns();

  constructor(options: RunResultsOptions) {
    this.#options = options;
  }

  /**
   * Stores the results of a run whose pages were all read. Resolves to the sum of the values of all rows; undefined for a metric
   * without a sum. The sum counts once the run does.
   *
   * @param isNew false if another process has counted the run: its results are shown unless the query has others
   * @throws InvalidResponse if pages, units, or values do not match
   */
  read(registration: Scheduled, run: Run, packed: PackedPages<ResultPage>, isNew = true): Promise<number | undefined> {
    return this.#turns.take(async () => {
      const pages = await packed.unpack();
      const { query } = registration;
      const { queryId, window } = run;
      const joined = joinPages(pages);
      const conversion = unitConversion(query.metricName, joined.unit, this.#options.contributors().roundTripTimeUnit);
      this.#logAssumedUnit(query, conversion);
      await nextTurn();
      const { results, json, omitted, series, total, truncated, notes } =
        'datapoints' in joined
          ? this.#convertDatapoints(joined, window, conversion)
          : this.#convertRows(query, joined, window, conversion);
      const kind = 'datapoints' in joined ? 'series' : 'rows';
      const repeated = pages.reduce((sum, page) => sum + countsOf(page)[kind], 0) - results.rows;
      const kept = await KeptJson.of({
        name: query.name,
        queryId,
        windowStart: new Date(window.start).toISOString(),
        windowEnd: new Date(window.end).toISOString(),
        ...json,
        omitted,
      });
      const { runStates } = this.#options;
      if (!registration.removed && (isNew || runStates.get(registration)?.results === undefined)) {
        for (const [msg, count, fields] of [[`repeated ${kind} ignored`, repeated] as const, ...notes]) {
          this.#logOnce(registration, msg, count, fields);
        }
        const flows = 'rows' in json ? JSON.stringify(digestOf(query.metricName, json)) : undefined;
        const read = { ...results, windowEnd: window.end, flows, json: kept };
        runStates.resultsRead(registration, read, series, isNew ? truncated : 0);
      }
      return total;
    });
  }

  #convertDatapoints(joined: DataResults, window: Window, conversion: UnitConversion): Converted {
    const { maxSeriesPerQuery } = this.#options.contributors();
    const newest = newestDatapoints(joined.datapoints, conversion, maxSeriesPerQuery);
    const { newestAt, step, rows, dropped, tooLarge } = newest;
    const datapoints = datapointsForJson(joined.datapoints);
    const omitted = rows - datapoints.length;
    return {
      ...newest,
      results: { at: newestAt ?? window.end, length: step, rows, dropped },
      total: undefined,
      json: datapointsJson({ ...joined, datapoints }, conversion),
      omitted,
      notes: [
        ['series beyond size limit dropped', tooLarge],
        ['series beyond size limit omitted from the API', omitted],
      ],
    };
  }

  #convertRows(
    { metricName, contributorLabels: labels, limit }: ScheduledQuery,
    joined: RowResults,
    window: Window,
    conversion: UnitConversion,
  ): Converted {
    const { mirrorRows, maxSeriesPerQuery } = this.#options.contributors();
    const options = { metricName, conversion, labels, mirrorRows, maxSeriesPerQuery, limit };
    const merged = mergeRows(joined.rows, options);
    const { rows, dropped, beyondLimit, tooLarge } = merged;
    const shown = rowsForJson(worstRows(joined.rows, limit ?? rows));
    const omitted = rows - shown.length;
    return {
      ...merged,
      results: { at: window.end, length: window.end - window.start, rows, dropped },
      json: rowsJson({ ...joined, rows: shown }, conversion),
      omitted,
      notes: [
        ['rows beyond limit dropped', beyondLimit, { limit }],
        ['series beyond size limit dropped', tooLarge],
        ['rows beyond size limit omitted from the API', omitted - beyondLimit],
      ],
    };
  }

  /** Logs a count about a query's results the first time that it is not 0. */
  #logOnce(registration: Registration, msg: string, count: number, fields: LogFields = {}): void {
    const logged = this.#logged.get(registration) ?? new Set<string>();
    if (count > 0 && !logged.has(msg)) {
      this.#logged.set(registration, logged.add(msg));
      const { account, region, name } = registration.query;
      this.#options.log.warn(msg, { account, aws_region: region, query: name, count, ...fields });
    }
  }

  #logAssumedUnit({ account, region, name, metricName }: ScheduledQuery, { assumed, unit }: UnitConversion): void {
    if (assumed && !this.#assumedUnits.has(metricName)) {
      this.#assumedUnits.add(metricName);
      const fields = { account, aws_region: region, query: name };
      this.#options.log.info('unit assumed for results without unit', { ...fields, metric: metricName, unit });
    }
  }
}

function joinPages(pages: readonly ResultPage[]): RowResults | DataResults {
  const rowPages = pages.filter((page) => 'rows' in page);
  return rowPages.length > 0 ? joinRowPages(rowPages) : joinDataPages(pages.filter((page) => 'datapoints' in page));
}
