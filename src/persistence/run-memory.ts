import { background } from '../lib/background.ts';
import { within } from '../lib/clock.ts';
import type { Registration, ScheduledQuery } from '../model/query.ts';
import { isSameQuestion, type Question } from '../model/question.ts';
import type { Run, RunEnd, Span } from '../model/run.ts';
import type { EarlierRuns, RunJournal } from '../scheduler/run-journal.ts';
import type { ChangedField } from '../state/changed-fields.ts';
import type { RunStates } from '../state/run-state.ts';
import {
  members,
  numberOf,
  readSavedRuns,
  readSavedStatus,
  type SavedRuns,
  type SavedStatus,
  savedRuns,
  savedStatus,
  textOf,
} from '../state/saved.ts';
import { AbsentQueries } from './absent-queries.ts';
import { DISK_PATIENCE_MS, type RecordMemoryOptions } from './record-memory.ts';
import type { RecordFolder, RecordKind } from './storage/record-folder.ts';
import { ignoreRefusal, StorageInUseError } from './storage/storage-error.ts';
import { readQuestion } from './stored-question.ts';

/** A run that was about to be started, or was at the service. Times in milliseconds since the epoch. */
interface StoredRun {
  readonly start: number;
  readonly end: number;
  readonly startedAt: number;
  /** Undefined while the start was not answered: it may be at the service or not. */
  readonly queryId: string | undefined;
}

/** What is stored of a query's runs. */
interface StoredRuns {
  readonly question: Question;
  /** In milliseconds since the epoch. */
  readonly savedAt: number;
  /** As {@link EarlierRuns.covered}. */
  readonly covered: readonly Span[];
  readonly inFlight: StoredRun | undefined;
  readonly runs: SavedRuns;
  readonly status: SavedStatus;
}

const KIND: RecordKind<StoredRuns> = {
  folder: 'runs',
  holds: 'which windows of a query were run, its run in flight, its last outcome',
  read: readStoredRuns,
  keepTrying: true,
};

export interface RunMemoryOptions extends RecordMemoryOptions<StoredRuns> {
  readonly runStates: RunStates;
}

/** Where a query's runs stand, as it is stored. */
interface Entry {
  covered: readonly Span[];
  /** Before the run in flight. */
  coveredBefore: readonly Span[];
  inFlight: StoredRun | undefined;
}

/** Keeps the runs of scheduled queries: which windows were run, what is in flight, how the last one ended. */
export class RunMemory implements RunJournal<ScheduledQuery> {
  readonly #options: RunMemoryOptions;
  readonly #records: RecordFolder<StoredRuns>;
  readonly #entries = new Map<Registration, Entry>();
  /** Of queries that have not come yet. */
  readonly #earlier: AbsentQueries<StoredRuns>;

  constructor(options: RunMemoryOptions) {
    this.#options = options;
    this.#earlier = new AbsentQueries(options.clock);
    this.#records = options.records(KIND);
  }

  /** Reads what an earlier process has left. */
  async load(): Promise<void> {
    this.#addEarlier(await this.#records.load((late) => this.#addEarlier(late)));
  }

  /** A query that is there already goes on without: it has begun anew. */
  #addEarlier(records: ReadonlyMap<string, StoredRuns>): void {
    for (const [name, stored] of records) {
      if (!this.#options.isRegistered(name)) {
        this.#earlier.add(name, stored);
      }
    }
  }

  /** Queries of which anything is stored. */
  get names(): readonly string[] {
    return [...Array.from(this.#entries.keys(), ({ name }) => name), ...this.#earlier.names()];
  }

  /** Shows what is known of a query that was just registered. Returns whether it asks what it asked then. */
  restore(registration: Registration<ScheduledQuery>): boolean {
    const { states, runStates, questionOf } = this.#options;
    const earlier = this.#earlier.get(registration.name);
    if (earlier === undefined) {
      return false;
    }
    if (!isSameQuestion(earlier.question, questionOf(registration.query))) {
      this.#forget(registration.name);
      return false;
    }
    states.restore(registration, earlier.status);
    runStates.restore(registration, earlier.runs);
    return true;
  }

  /** What an earlier process has left of the runs of a query that begins to be run now. */
  resume(registration: Registration<ScheduledQuery>): EarlierRuns | undefined {
    const { log, runStates } = this.#options;
    const { name, account, region } = registration.query;
    const earlier = this.#earlier.get(name);
    this.#earlier.delete(name);
    if (earlier === undefined || earlier.covered.length === 0) {
      return undefined;
    }
    const { covered, inFlight } = earlier;
    const takenUp = this.#takenUp(registration.query, inFlight);
    this.#entries.set(registration, {
      covered,
      coveredBefore: covered,
      inFlight: takenUp === undefined ? undefined : inFlight,
    });
    if (inFlight !== undefined && takenUp === undefined) {
      log.info('a run may have been started just before the last end of the exporter: its window is skipped', {
        account,
        aws_region: region,
        query: name,
        window_end: new Date(inFlight.end).toISOString(),
      });
      runStates.skipped(registration, 1);
      this.#writeSoon(registration);
    }
    return { covered, inFlight: takenUp };
  }

  #takenUp({ schedule }: ScheduledQuery, run: StoredRun | undefined): Run | undefined {
    if (run?.queryId === undefined) {
      return undefined;
    }
    const { clock } = this.#options;
    const { start, end, queryId } = run;
    // The wall clock may have jumped since.
    const age = Math.min(Math.max(0, clock.now() - run.startedAt), schedule.timeout);
    const startedAt = clock.monotonic() - age;
    const window = { n: Math.round(end / schedule.every), start, end };
    return {
      window,
      queryId,
      startedAt,
      terminalAt: undefined,
      wantedAt: startedAt,
      covered: [],
      isUnconfirmed: false,
    };
  }

  async starting(registration: Registration<ScheduledQuery>, run: Run): Promise<boolean> {
    const { clock, log } = this.#options;
    const { start, end } = run.window;
    const entry = this.#entry(registration);
    if (entry.inFlight === undefined) {
      entry.coveredBefore = entry.covered;
    }
    entry.covered = run.covered;
    entry.inFlight = { start, end, startedAt: clock.now(), queryId: undefined };
    let isLost = false;
    const written = this.#write(registration).catch((error: unknown) => {
      // A disk that is full stops no runs: the window may be run twice if the exporter is killed now, too.
      isLost = error instanceof StorageInUseError;
      ignoreRefusal(error);
    });
    background(log, 'storing of a run', written);
    await within(clock, DISK_PATIENCE_MS, Promise.allSettled([written]));
    return !isLost;
  }

  started(registration: Registration<ScheduledQuery>, run: Run): void {
    const { clock } = this.#options;
    const { start, end } = run.window;
    const startedAt = clock.now() - (clock.monotonic() - run.startedAt);
    this.#entry(registration).inFlight = { start, end, startedAt, queryId: run.queryId };
    this.#writeSoon(registration);
  }

  over(registration: Registration<ScheduledQuery>, _run: Run, end: RunEnd): void {
    const entry = this.#entry(registration);
    if (end === 'refused') {
      entry.covered = entry.coveredBefore;
    }
    entry.inFlight = undefined;
    this.#writeSoon(registration);
  }

  /** What is known of a query has changed. */
  changed(registration: Registration, fields: readonly ChangedField[]): void {
    if (fields.includes('status') || fields.includes('up')) {
      this.#writeSoon(registration);
    }
  }

  /** A query is removed. */
  forget(registration: Registration): void {
    this.#entries.delete(registration);
    this.#forget(registration.name);
  }

  /** Forgets queries that have not come, if what is stored of them is older than `age` milliseconds. */
  forgetAbsent(age: number): void {
    for (const name of this.#earlier.olderThan(age)) {
      this.#forget(name);
    }
  }

  #forget(name: string): void {
    this.#earlier.delete(name);
    background(this.#options.log, 'removal of stored runs', this.#records.delete(name).catch(ignoreRefusal));
  }

  #entry(registration: Registration): Entry {
    let entry = this.#entries.get(registration);
    if (entry === undefined) {
      entry = { covered: [], coveredBefore: [], inFlight: undefined };
      if (!registration.removed) {
        this.#entries.set(registration, entry);
      }
    }
    return entry;
  }

  #writeSoon(registration: Registration): void {
    background(this.#options.log, 'storing of runs', this.#write(registration).catch(ignoreRefusal));
  }

  /** Nothing of a query that has had no run. @throws StorageError */
  async #write(registration: Registration): Promise<void> {
    const { clock, states, runStates, questionOf } = this.#options;
    const entry = this.#entries.get(registration);
    const state = states.get(registration);
    const runs = runStates.get(registration);
    if (entry === undefined || state === undefined || runs === undefined) {
      return;
    }
    await this.#records.put(registration.name, {
      question: questionOf(registration.query),
      savedAt: clock.now(),
      covered: entry.covered,
      inFlight: entry.inFlight,
      runs: savedRuns(runs),
      status: savedStatus(state),
    });
  }
}

function readStoredRuns(value: unknown): StoredRuns | undefined {
  const stored = members(value);
  const question = readQuestion(stored['question']);
  const savedAt = numberOf(stored['savedAt']);
  return question === undefined || savedAt === undefined
    ? undefined
    : {
        question,
        savedAt,
        covered: readSpans(stored['covered'], stored['coveredUntil']),
        inFlight: readStoredRun(stored['inFlight']),
        runs: readSavedRuns(stored['runs']),
        status: readSavedStatus(stored['status']),
      };
}

function readStoredRun(value: unknown): StoredRun | undefined {
  const stored = members(value);
  const start = numberOf(stored['start']);
  const end = numberOf(stored['end']);
  const startedAt = numberOf(stored['startedAt']);
  return start === undefined || end === undefined || startedAt === undefined
    ? undefined
    : { start, end, startedAt, queryId: textOf(stored['queryId']) };
}

/** An earlier version has stored the end of the newest window alone. */
function readSpans(value: unknown, coveredUntil: unknown): readonly Span[] {
  const until = numberOf(coveredUntil);
  if (until !== undefined) {
    return [{ start: until - 1, end: until }];
  }
  return Array.isArray(value)
    ? value.flatMap((each) => {
        const { start, end } = { start: undefined, end: undefined, ...members(each) };
        return typeof start === 'number' && typeof end === 'number' && start < end ? [{ start, end }] : [];
      })
    : [];
}
