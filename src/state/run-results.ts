import {
  type DataPage,
  type DataResults,
  joinDataPages,
  joinRowPages,
  type RowPage,
  type RowResults,
} from '../api/results.ts';
import type { RoundTripTimeUnit } from '../config/round-trip-time-unit.ts';
import type { ScheduledQuery } from '../queries/query.ts';
import type { Logger } from '../runtime/log.ts';
import { Turns } from '../runtime/turns.ts';
import type { Run } from '../scheduler/run.ts';
import { mergeRows } from './contributors.ts';
import { newestDatapoints } from './datapoints.ts';
import { KeptJson } from './kept-json.ts';
import type { PackedPages } from './packed-pages.ts';
import type { QueryStates } from './query-state.ts';
import { datapointsJson, rowsJson } from './results-json.ts';
import type { RunStates } from './run-state.ts';
import { type UnitConversion, unitConversion } from './units.ts';

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
    return this.#turns.take(async () => this.#read(query, run, joinPages(await pages.unpack())));
  }

  async #read(query: ScheduledQuery, run: Run, answer: RowResults | DataResults): Promise<void> {
    const { states, runStates, contributors } = this.#options;
    const { maxSeriesPerQuery, mirrorRows, roundTripTimeUnit } = contributors();
    const { metricName, contributorLabels, name } = query;
    const conversion = unitConversion(metricName, answer.unit, roundTripTimeUnit);
    this.#tellAssumption(query, conversion);
    const { start, end } = run.window;
    const about = {
      name,
      queryId: run.queryId,
      windowStart: new Date(start).toISOString(),
      windowEnd: new Date(end).toISOString(),
    };
    if ('datapoints' in answer) {
      const { newestAt, step, rows, series, dropped } = newestDatapoints(
        answer.datapoints,
        conversion,
        maxSeriesPerQuery,
      );
      const json = await KeptJson.of({ ...about, ...datapointsJson(answer, conversion) });
      if (!states.has(query)) {
        return;
      }
      runStates.resultsRead(
        name,
        { at: newestAt ?? end, windowEnd: end, length: step, rows, dropped, json },
        series,
        undefined,
      );
      return;
    }
    const { rows, series, dropped, total } = mergeRows(answer.rows, {
      metricName,
      conversion,
      labels: contributorLabels,
      mirrorRows,
      maxSeriesPerQuery,
    });
    const json = await KeptJson.of({ ...about, ...rowsJson(answer, conversion) });
    if (!states.has(query)) {
      return;
    }
    runStates.resultsRead(name, { at: end, windowEnd: end, length: end - start, rows, dropped, json }, series, total);
  }

  #tellAssumption({ account, region, name, metricName }: ScheduledQuery, { assumed, unit }: UnitConversion): void {
    if (assumed && !this.#unitsAssumed.has(metricName)) {
      this.#unitsAssumed.add(metricName);
      const fields = { account, aws_region: region, query: name };
      this.#options.log.info('an answer names no unit', { ...fields, metric: metricName, assumed: unit });
    }
  }
}

function joinPages(pages: readonly ResultPage[]): RowResults | DataResults {
  const rowPages = pages.filter((page) => 'rows' in page);
  return rowPages.length > 0 ? joinRowPages(rowPages) : joinDataPages(pages.filter((page) => 'datapoints' in page));
}
