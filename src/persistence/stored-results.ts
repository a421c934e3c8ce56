import { background } from '../lib/background.ts';
import { within } from '../lib/clock.ts';
import { textOf } from '../lib/json-values.ts';
import type { Registration, ScheduledQuery } from '../model/query.ts';
import { isSameQuestion } from '../model/question.ts';
import type { ContributorSeries } from '../results/contributors.ts';
import { KeptJson } from '../results/kept-json.ts';
import { DISK_PATIENCE_MS, type QueryRecordsOptions } from './query-records.ts';
import type { RecordDirectory } from './storage/record-directory.ts';
import { ignoreRefusal } from './storage/storage-error.ts';
import { readComplete, readQuestion, readResultsInfo, readSeries, storedResultsInfo } from './stored-values.ts';

/** A query's last results. `series` and `json` are compressed (Base64): they are highly repetitive. */
const RESULTS = {
  question: readQuestion,
  /** How rows became series. Series that were made in another way are discarded. */
  making: textOf,
  results: readResultsInfo,
  series: textOf,
  json: textOf,
};

const KIND = {
  directory: 'results',
  holds: 'the last results of a query',
  read: (value: unknown) => readComplete(RESULTS, value),
  keepTrying: true,
};
type ResultsRecord = NonNullable<ReturnType<typeof KIND.read>>;

export interface StoredResultsOptions extends QueryRecordsOptions {
  /** What decides, beside the query itself, which series its rows become. Can be stored as JSON. */
  readonly making: () => unknown;
}

export class StoredResults {
  readonly #options: StoredResultsOptions;
  readonly #records: RecordDirectory<ResultsRecord>;
  /** Pending writes of each query's newest results. */
  readonly #storing = new WeakMap<Registration, Promise<unknown>>();

  constructor(options: StoredResultsOptions) {
    this.#options = options;
    this.#records = options.storage.records(KIND);
  }

  /** Restores the stored results, unless the query has newer ones by then. */
  async restore(registration: Registration<ScheduledQuery>): Promise<void> {
    const { runStates, questionOf } = this.#options;
    const stored = await this.#records.read(registration.name);
    const { query } = registration;
    const isSame = stored !== undefined && isSameQuestion(stored.question, questionOf(query));
    if (!isSame || stored.making !== this.#making(query)) {
      return;
    }
    const series = readSeries(JSON.parse(await KeptJson.fromBase64(stored.series).text()));
    if (series === undefined || registration.removed || runStates.get(registration)?.results !== undefined) {
      return;
    }
    runStates.restoreResults(registration, { ...stored.results, json: KeptJson.fromBase64(stored.json) }, series);
  }

  /** Stores the newest results of a query, in the background. */
  store(registration: Registration<ScheduledQuery>, series: readonly ContributorSeries[]): void {
    const stored = this.#store(registration, series).catch(ignoreRefusal);
    this.#storing.set(registration, Promise.allSettled([stored]));
    background(this.#options.log, 'storing of results', stored);
  }

  /** Resolves once the query's newest results are stored, or cannot be. */
  async settled(registration: Registration): Promise<void> {
    await within(this.#options.clock, DISK_PATIENCE_MS, this.#storing.get(registration) ?? Promise.resolve());
  }

  forget(name: string): void {
    background(this.#options.log, 'removal of stored results', this.#records.delete(name).catch(ignoreRefusal));
  }

  /** Deletes the results of all other queries. */
  async keepOnly(names: Iterable<string>): Promise<void> {
    await this.#records.keepOnly(names);
  }

  async #store(registration: Registration<ScheduledQuery>, series: readonly ContributorSeries[]): Promise<void> {
    const { query } = registration;
    const results = this.#options.runStates.get(registration)?.results;
    if (results === undefined) {
      return;
    }
    const compressed = await KeptJson.of(series);
    if (!registration.removed) {
      await this.#records.put(query.name, {
        question: this.#options.questionOf(query),
        making: this.#making(query),
        results: storedResultsInfo(results),
        series: compressed.toBase64(),
        json: results.json.toBase64(),
      });
    }
  }

  #making({ contributorLabels }: ScheduledQuery): string {
    return JSON.stringify([contributorLabels, this.#options.making()]);
  }
}
