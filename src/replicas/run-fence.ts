import type { Registration, ScheduledQuery } from '../model/query.ts';
import type { Run, RunEnd } from '../model/run.ts';
import type { EarlierRuns, Permission, RunJournal } from '../scheduler/run-journal.ts';
import { FollowedRun } from './followed-run.ts';
import { ForeignIntents } from './foreign-intents.ts';
import { MOST_CONFLICTS, PendingRuns } from './pending-runs.ts';
import { expectRegisterError } from './registers.ts';
import { type RunFenceOptions, runRegisterOf } from './run-registers.ts';
import type { RunValue } from './values.ts';

type Scheduled = Registration<ScheduledQuery>;

/** The scheduler's side of the fence. */
export interface FencedRuns {
  /** Follows a run that another process has started. Returns false if the query has another run now. */
  resume(registration: Scheduled, run: Run): boolean;
  /** Counts skipped windows. */
  skipped(registration: Scheduled, windows: number): void;
}

/**
 * The journal of runs in shared registers. Each start needs a compare-and-set of the register of its query first, so that no
 * window is started by two processes, whatever their clocks, pauses, and beliefs about the leader. The process whose write of
 * `over` succeeds counts the run.
 */
export class RunFence implements RunJournal<ScheduledQuery> {
  /** Starts that a register has prevented. */
  fencedStarts = 0;
  readonly #options: RunFenceOptions;
  readonly #followed = new WeakMap<Run, FollowedRun>();
  readonly #pending: PendingRuns;
  /** Query id of the last run of each register that this process has counted. */
  readonly #lastCounted = new Map<string, string>();
  readonly #intents: ForeignIntents;
  #runs: FencedRuns = { resume: () => false, skipped: () => undefined };

  constructor(options: RunFenceOptions) {
    this.#options = options;
    this.#pending = new PendingRuns(options);
    this.#intents = new ForeignIntents({
      ...options,
      resume: (registration, value) => this.#runs.resume(registration, this.#resumed(registration, value).run),
      skipped: (registration) => this.#runs.skipped(registration, 1),
    });
  }

  attach(runs: FencedRuns): void {
    this.#runs = runs;
  }

  /** Reads the registers, before this process leads. @throws RegisterError */
  async load(): Promise<void> {
    await this.#options.registers.load();
  }

  /** Leaves the intents of other processes to another leader. */
  follow(): void {
    this.#intents.watched.clear();
  }

  /** Repeats failed writes, and settles intents of dead processes. Called after each heartbeat. Never rejects. */
  async tick(): Promise<void> {
    const names = this.#options.group.mayStart() ? this.#intents.watched.keys() : [];
    const checks = Array.from(names, (name) =>
      this.#pending.atOnce(() => this.#pending.turns.run(name, () => this.#intents.check(name))),
    );
    await Promise.allSettled([this.#pending.flush(), ...checks]);
  }

  /** Writes all changes. Resolves to false if some cannot be written now. */
  async settled(): Promise<boolean> {
    await this.#pending.turns.idle();
    await this.tick();
    return this.#pending.byRegister.size === 0;
  }

  /** The runs of other processes, and of this one before it lost the lead, for a query that is scheduled from now on. */
  resume(registration: Scheduled): EarlierRuns | undefined {
    const name = this.#nameOf(registration);
    const value = this.#options.registers.get(name);
    if (value === undefined) {
      return undefined;
    }
    const { coveredUntil, state } = value;
    if (state === 'intent') {
      this.#intents.watch(name, registration, value);
    }
    const isAtService = state === 'running' || state === 'stopping';
    return {
      covered: coveredUntil > 0 ? [{ start: coveredUntil - 1, end: coveredUntil }] : [],
      inFlight: isAtService && !this.#pending.byRegister.has(name) ? this.#resumed(registration, value).run : undefined,
    };
  }

  /** Returns the last run of a query if it has succeeded: its results can be read again. */
  lastSucceeded(registration: Scheduled): Run | undefined {
    const name = this.#nameOf(registration);
    const value = this.#options.registers.get(name);
    return value?.state === 'over' && value.outcome === 'succeeded' && value.queryId !== undefined
      ? FollowedRun.resumed(name, registration, value, this.#options.clock).run
      : undefined;
  }

  starting(registration: Scheduled, run: Run): Promise<Permission> {
    const followed = this.#follow(registration, run);
    return this.#inTurn(followed, () => this.#intend(followed));
  }

  started(registration: Scheduled, run: Run, abandon: () => void): void {
    const { clock } = this.#options;
    const followed = this.#follow(registration, run);
    followed.hasStarted(abandon, clock.now() - (clock.monotonic() - run.startedAt));
    this.#pending.add(followed);
  }

  stopping(registration: Scheduled, run: Run): Promise<Permission> {
    const followed = this.#follow(registration, run);
    return followed.isLost ? Promise.resolve('stored') : this.#inTurn(followed, () => this.#stop(followed));
  }

  over(registration: Scheduled, run: Run, end: Exclude<RunEnd, 'left'>, count: () => void): void {
    const followed = this.#follow(registration, run);
    const once = () => this.#countOnce(followed, count);
    if (!followed.isSent && run.queryId === undefined) {
      followed.countAs(end, once);
    } else if (!followed.isLost) {
      followed.hasEnded(end, once);
      this.#pending.add(followed);
    }
  }

  /** A process that has lost the lead and taken it again may follow a run twice, if its stop was in progress. */
  #countOnce({ name, run: { queryId } }: FollowedRun, count: () => void): void {
    if (queryId === undefined || this.#lastCounted.get(name) !== queryId) {
      count();
    }
    if (queryId !== undefined) {
      this.#lastCounted.set(name, queryId);
    }
  }

  async #intend(followed: FollowedRun): Promise<Permission> {
    const { group, registers } = this.#options;
    for (let conflicts = 0; conflicts < MOST_CONFLICTS; conflicts += 1) {
      if (!group.mayStart()) {
        return 'later';
      }
      const held = this.#held(followed);
      if (held !== undefined) {
        return held;
      }
      followed.isSent = true;
      const before = registers.get(followed.name);
      const written = await registers.write(followed.name, followed.value('intent', before, group), followed.every);
      if (written.outcome === 'written') {
        return 'stored';
      }
      this.fencedStarts += 1;
    }
    return 'later';
  }

  /** Returns why a run must not start, according to what is known of its register; undefined if it may. */
  #held(followed: FollowedRun): Permission | undefined {
    const { group, registers } = this.#options;
    const { registration, run, name } = followed;
    if (followed.isDueUntil(group.lostUntil())) {
      this.#runs.skipped(registration, 1);
      return 'taken';
    }
    const value = registers.get(name);
    if (value === undefined) {
      return undefined;
    }
    const isOwn = value.by === group.boot;
    if (isOwn && value.state === 'intent' && value.end === run.window.end && followed.isSent) {
      // An earlier attempt of this start has been written after all.
      return 'stored';
    }
    const isForeign = value.state !== 'over' && !isOwn;
    if (isForeign) {
      this.#intents.watch(name, registration, value);
    }
    if (value.coveredUntil >= run.window.end) {
      return 'taken';
    }
    if (!isForeign) {
      return undefined;
    }
    if (value.state === 'intent') {
      return 'later';
    }
    this.#runs.skipped(registration, 1);
    return 'taken';
  }

  async #stop(followed: FollowedRun): Promise<Permission> {
    const { group, registers } = this.#options;
    for (let conflicts = 0; conflicts < MOST_CONFLICTS; conflicts += 1) {
      const before = registers.get(followed.name);
      if (followed.isOverIn(before)) {
        followed.isLost = true;
        return 'taken';
      }
      const written = await registers.write(followed.name, followed.value('stopping', before, group), followed.every);
      if (written.outcome === 'written') {
        return 'stored';
      }
      if (!written.isOlder && !followed.isIn(written.current)) {
        followed.isLost = true;
        return 'taken';
      }
    }
    return 'later';
  }

  /** Does `work` after pending writes of the register. Resolves to `later` if the engine cannot be used now. */
  #inTurn({ name }: FollowedRun, work: () => Promise<Permission>): Promise<Permission> {
    return this.#pending.inTurn(name, work).catch((error: unknown) => {
      expectRegisterError(error);
      return 'later';
    });
  }

  #follow(registration: Scheduled, run: Run): FollowedRun {
    let followed = this.#followed.get(run);
    if (followed === undefined) {
      followed = new FollowedRun(this.#nameOf(registration), registration, run);
      this.#followed.set(run, followed);
    }
    return followed;
  }

  /** Returns the run of a register, for this process to follow. */
  #resumed(registration: Scheduled, value: RunValue): FollowedRun {
    const { clock, group } = this.#options;
    const followed = FollowedRun.resumed(this.#nameOf(registration), registration, value, clock);
    // Whether a run of before the loss was counted is unknown: it is counted at most once.
    followed.isCounted = value.isCounted || followed.isDueUntil(group.lostUntil());
    this.#followed.set(followed.run, followed);
    return followed;
  }

  #nameOf({ name, query }: Scheduled): string {
    return runRegisterOf(name, this.#options.questionOf(query));
  }
}
