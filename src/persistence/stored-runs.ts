import { background } from '../lib/background.ts';
import { within } from '../lib/clock.ts';
import { members, numberOf, textOf } from '../lib/json-values.ts';
import type { Registration, ScheduledQuery } from '../model/query.ts';
import { isSameQuestion } from '../model/question.ts';
import { newRun, type Run, type RunEnd, type Span } from '../model/run.ts';
import type { EarlierRuns, Permission, RunJournal } from '../scheduler/run-journal.ts';
import type { ChangedField } from '../state/changed-fields.ts';
import { AbsentQueries, DISK_PATIENCE_MS, type QueryRecordsOptions } from './query-records.ts';
import type { RecordDirectory, RecordKind } from './storage/record-directory.ts';
import { ignoreRefusal, StorageInUseError } from './storage/storage-error.ts';
import { readComplete, readQuestion, readRunState, readStatus, storedRunState, storedStatus } from './stored-values.ts';

/** A run that was about to start, or was at the service. Times in milliseconds since the epoch. */
interface StoredRun {
  readonly start: number;
  readonly end: number;
  readonly startedAt: number;
  /** Undefined until the start call has succeeded: the run may or may not be at the service. */
  readonly queryId: string | undefined;
}

type RunsRecord = NonNullable<ReturnType<typeof readRecord>>;

const KIND: RecordKind<RunsRecord> = {
  directory: 'runs',
  holds: 'completed windows, run in flight, and last outcome of a query',
  read: readRecord,
  keepTrying: true,
};

/** The runs of a registered query, as they are stored. */
interface Progress {
  covered: readonly Span[];
  /** Before the run in flight. */
  coveredBefore: readonly Span[];
  inFlight: StoredRun | undefined;
}

/** Stores the runs of scheduled queries: completed windows, the run in flight, and the last outcome. */
export class StoredRuns implements RunJournal<ScheduledQuery> {
  readonly #options: QueryRecordsOptions;
  readonly #records: RecordDirectory<RunsRecord>;
  readonly #progress = new Map<Registration, Progress>();
  readonly #absent: AbsentQueries<RunsRecord>;

  constructor(options: QueryRecordsOptions) {
    this.#options = options;
    this.#absent = new AbsentQueries(options);
    this.#records = options.storage.records(KIND);
  }

  /** Reads the records of an earlier process. */
  async load(): Promise<void> {
    this.#absent.add(await this.#records.load((late) => this.#absent.add(late)));
  }

  get names(): readonly string[] {
    return [...Array.from(this.#progress.keys(), ({ name }) => name), ...this.#absent.keys()];
  }

  /**
   * Restores the state of a query that was just registered. Returns false if there is no record, or if the query requested
   * something else then.
   */
  restore(registration: Registration<ScheduledQuery>): boolean {
    const { states, runStates, questionOf } = this.#options;
    const stored = this.#absent.get(registration.name);
    if (stored === undefined) {
      return false;
    }
    if (!isSameQuestion(stored.question, questionOf(registration.query))) {
      this.#forget(registration.name);
      return false;
    }
    states.restore(registration, stored.status);
    runStates.restore(registration, stored.runs);
    return true;
  }

  /** The runs of an earlier process for a query that is scheduled from now on. */
  resume(registration: Registration<ScheduledQuery>): EarlierRuns | undefined {
    const { log, runStates } = this.#options;
    const { name, account, region } = registration.query;
    const stored = this.#absent.get(name);
    this.#absent.delete(name);
    if (stored === undefined || stored.covered.length === 0) {
      return undefined;
    }
    const { covered, inFlight } = stored;
    const resumed = this.#resumedRun(registration.query, inFlight);
    this.#progress.set(registration, { covered, coveredBefore: covered, inFlight: resumed && inFlight });
    if (inFlight !== undefined && resumed === undefined) {
      log.info('window of unconfirmed run skipped', {
        account,
        aws_region: region,
        query: name,
        window_end: new Date(inFlight.end).toISOString(),
        reason: 'the exporter stopped during the call that starts the run',
      });
      runStates.skipped(registration, 1);
      this.#writeSoon(registration);
    }
    return { covered, inFlight: resumed };
  }

  #resumedRun({ schedule }: ScheduledQuery, run: StoredRun | undefined): Run | undefined {
    if (run?.queryId === undefined) {
      return undefined;
    }
    const { clock } = this.#options;
    const { start, end, queryId } = run;
    // The wall clock may have jumped since then.
    const age = Math.min(Math.max(0, clock.now() - run.startedAt), schedule.timeout);
    const window = { n: Math.round(end / schedule.every), start, end };
    return { ...newRun({ window, since: clock.monotonic() - age, covered: [] }), queryId };
  }

  async starting(registration: Registration<ScheduledQuery>, run: Run): Promise<Permission> {
    const { clock, log } = this.#options;
    const { start, end } = run.window;
    const progress = this.#progressOf(registration);
    if (progress.inFlight === undefined) {
      progress.coveredBefore = progress.covered;
    }
    progress.covered = run.covered;
    progress.inFlight = { start, end, startedAt: clock.now(), queryId: undefined };
    let isLost = false;
    const written = this.#write(registration).catch((error: unknown) => {
      // A full disk does not stop runs, although the window may then run twice if the exporter is killed now.
      isLost = error instanceof StorageInUseError;
      ignoreRefusal(error);
    });
    background(log, 'storing of a run', written);
    await within(clock, DISK_PATIENCE_MS, Promise.allSettled([written]));
    return isLost ? 'later' : 'stored';
  }

  started(registration: Registration<ScheduledQuery>, run: Run): void {
    const { clock } = this.#options;
    const { start, end } = run.window;
    const startedAt = clock.now() - (clock.monotonic() - run.startedAt);
    this.#progressOf(registration).inFlight = { start, end, startedAt, queryId: run.queryId };
    this.#writeSoon(registration);
  }

  async stopping(): Promise<Permission> {
    return 'stored';
  }

  over(registration: Registration<ScheduledQuery>, _run: Run, end: Exclude<RunEnd, 'left'>, count: () => void): void {
    // The record contains the last outcome.
    count();
    if (end === 'abandoned') {
      return;
    }
    const progress = this.#progressOf(registration);
    if (end === 'refused') {
      progress.covered = progress.coveredBefore;
    }
    progress.inFlight = undefined;
    this.#writeSoon(registration);
  }

  /** Stores the runs of a query again if its status has changed. */
  changed(registration: Registration, fields: readonly ChangedField[]): void {
    if (fields.includes('status') || fields.includes('up')) {
      this.#writeSoon(registration);
    }
  }

  forget(registration: Registration): void {
    this.#progress.delete(registration);
    this.#forget(registration.name);
  }

  /** Deletes runs of queries that are not registered if their records are older than `age` milliseconds. */
  forgetAbsent(age: number): void {
    for (const name of this.#absent.olderThan(age)) {
      this.#forget(name);
    }
  }

  #forget(name: string): void {
    this.#absent.delete(name);
    background(this.#options.log, 'removal of stored runs', this.#records.delete(name).catch(ignoreRefusal));
  }

  #progressOf(registration: Registration): Progress {
    let progress = this.#progress.get(registration);
    if (progress === undefined) {
      progress = { covered: [], coveredBefore: [], inFlight: undefined };
      if (!registration.removed) {
        this.#progress.set(registration, progress);
      }
    }
    return progress;
  }

  #writeSoon(registration: Registration): void {
    background(this.#options.log, 'storing of runs', this.#write(registration).catch(ignoreRefusal));
  }

  /** Does nothing if the query has had no run. @throws StorageError */
  async #write(registration: Registration): Promise<void> {
    const { clock, states, runStates, questionOf } = this.#options;
    const progress = this.#progress.get(registration);
    const state = states.get(registration);
    const runs = runStates.get(registration);
    if (progress === undefined || state === undefined || runs === undefined) {
      return;
    }
    await this.#records.put(registration.name, {
      question: questionOf(registration.query),
      savedAt: clock.now(),
      covered: progress.covered,
      inFlight: progress.inFlight,
      runs: storedRunState(runs),
      status: storedStatus(state),
    });
  }
}

/** Reads the runs of one query. `savedAt`: in milliseconds since the epoch. `covered`: as {@link EarlierRuns.covered}. */
function readRecord(value: unknown) {
  const { covered, coveredUntil, inFlight } = members(value);
  const required = { question: readQuestion, savedAt: numberOf, runs: readRunState, status: readStatus };
  const read = readComplete(required, value);
  return read && { ...read, covered: readSpans(covered, coveredUntil), inFlight: readRun(inFlight) };
}

function readRun(value: unknown): StoredRun | undefined {
  const required = readComplete({ start: numberOf, end: numberOf, startedAt: numberOf }, value);
  return required && { ...required, queryId: textOf(members(value)['queryId']) };
}

/** An earlier version stored only the end of the newest window, as `coveredUntil`. */
function readSpans(value: unknown, coveredUntil: unknown): readonly Span[] {
  const until = numberOf(coveredUntil);
  if (until !== undefined) {
    return [{ start: until - 1, end: until }];
  }
  return Array.isArray(value)
    ? value.flatMap((each) => {
        const { start, end } = members(each);
        return typeof start === 'number' && typeof end === 'number' && start < end ? [{ start, end }] : [];
      })
    : [];
}
