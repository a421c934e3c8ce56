import { background } from '../lib/background.ts';
import { within } from '../lib/clock.ts';
import type { Registration, ScheduledQuery } from '../model/query.ts';
import { isSameQuestion, type Question } from '../model/question.ts';
import type { ContributorSeries } from '../results/contributor-series.ts';
import { KeptJson } from '../results/kept-json.ts';
import type { RunStates } from '../state/run-state.ts';
import { members, readSavedResults, readSavedSeries, type SavedResults, savedResults, textOf } from '../state/saved.ts';
import { DISK_PATIENCE_MS, type RecordMemoryOptions } from './record-memory.ts';
import type { RecordFolder, RecordKind } from './storage/record-folder.ts';
import { ignoreRefusal } from './storage/storage-error.ts';
import { readQuestion } from './stored-question.ts';

/** What is stored of a query's last results. Series and JSON are compressed: they repeat themselves a lot. */
interface StoredResults {
  readonly question: Question;
  /** How rows were made series; series that were made otherwise are of no use. */
  readonly making: string;
  readonly results: SavedResults;
  readonly series: string;
  readonly json: string;
}

const KIND: RecordKind<StoredResults> = {
  folder: 'results',
  holds: 'the last results of a query',
  read: readStoredResults,
  keepTrying: true,
};

export interface ResultMemoryOptions extends RecordMemoryOptions<StoredResults> {
  readonly runStates: RunStates;
  /** What decides, beside the query itself, which series rows make. Can be stored as JSON. */
  readonly making: () => unknown;
}

/** Keeps the last results of scheduled queries. */
export class ResultMemory {
  readonly #options: ResultMemoryOptions;
  readonly #records: RecordFolder<StoredResults>;
  /** The storing of each query's newest results. */
  readonly #storing = new WeakMap<Registration, Promise<unknown>>();

  constructor(options: ResultMemoryOptions) {
    this.#options = options;
    this.#records = options.records(KIND);
  }

  /** Shows what was stored, unless the query has newer results by then. */
  async restore(registration: Registration<ScheduledQuery>): Promise<void> {
    const { runStates, questionOf } = this.#options;
    const stored = await this.#records.read(registration.name);
    const { query } = registration;
    if (
      stored === undefined ||
      !isSameQuestion(stored.question, questionOf(query)) ||
      stored.making !== this.#making(query)
    ) {
      return;
    }
    const series = readSavedSeries(JSON.parse(await KeptJson.fromBase64(stored.series).text()));
    if (series === undefined || registration.removed || runStates.get(registration)?.results !== undefined) {
      return;
    }
    runStates.restoreResults(registration, { ...stored.results, json: KeptJson.fromBase64(stored.json) }, series);
  }

  /** A query has new results. */
  read(registration: Registration<ScheduledQuery>, series: readonly ContributorSeries[]): void {
    const stored = this.#store(registration, series).catch(ignoreRefusal);
    this.#storing.set(registration, Promise.allSettled([stored]));
    background(this.#options.log, 'storing of results', stored);
  }

  /** Resolves when the query's newest results are stored, or cannot be. */
  async settled(registration: Registration): Promise<void> {
    await within(this.#options.clock, DISK_PATIENCE_MS, this.#storing.get(registration) ?? Promise.resolve());
  }

  /** A query has left. */
  forget(name: string): void {
    background(this.#options.log, 'removal of stored results', this.#records.delete(name).catch(ignoreRefusal));
  }

  /** Removes what is stored of other queries. */
  async keepOnly(names: Iterable<string>): Promise<void> {
    await this.#records.keepOnly(names);
  }

  async #store(registration: Registration<ScheduledQuery>, series: readonly ContributorSeries[]): Promise<void> {
    const { query } = registration;
    const results = this.#options.runStates.get(registration)?.results;
    if (results === undefined) {
      return;
    }
    const packed = await KeptJson.of(series);
    if (!registration.removed) {
      await this.#records.put(query.name, {
        question: this.#options.questionOf(query),
        making: this.#making(query),
        results: savedResults(results),
        series: packed.toBase64(),
        json: results.json.toBase64(),
      });
    }
  }

  #making({ contributorLabels }: ScheduledQuery): string {
    return JSON.stringify([contributorLabels, this.#options.making()]);
  }
}

function readStoredResults(value: unknown): StoredResults | undefined {
  const stored = members(value);
  const question = readQuestion(stored['question']);
  const making = textOf(stored['making']);
  const results = readSavedResults(stored['results']);
  const series = textOf(stored['series']);
  const json = textOf(stored['json']);
  return question === undefined ||
    making === undefined ||
    results === undefined ||
    series === undefined ||
    json === undefined
    ? undefined
    : { question, making, results, series, json };
}
