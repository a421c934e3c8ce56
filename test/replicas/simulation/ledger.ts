import type { Registration, ScheduledQuery } from '../../../src/model/query.ts';
import type { Run, RunOutcome } from '../../../src/model/run.ts';
import type { RunValue } from '../../../src/replicas/values.ts';
import { EPOCH, type World } from './world.ts';

/** A call that starts a query. */
interface Start {
  /** Query and metric. */
  readonly what: string;
  readonly windowEnd: number;
  readonly boot: string;
  readonly at: number;
  /** Ids at the service: none if the request was lost, several if it was repeated. */
  readonly ids: string[];
  isReplyLost: boolean;
  /** The process was killed before a register had the id. */
  isKilled: boolean;
}

/** Tolerance for starts before the data of the window is complete: errors of the offset to the engine's clock. */
const EARLY_MS = 2_000;

/** Longest time of a call with its repetitions. */
const IN_FLIGHT_MS = 45_000;

/** Shortest time for which an intent of a living process is left alone. */
const PATIENCE_MS = 55_000;

/** What all processes have done, as an observer sees it who knows everything. */
export class Ledger {
  readonly #world: World;
  readonly #starts: Start[] = [];
  /** Windows by query and metric, with the boots that have started them. */
  readonly #startedBy = new Map<string, Set<string>>();
  readonly #registered = new Set<string>();
  readonly #followed = new Set<string>();
  readonly #counts = new Map<string, string[]>();
  /** Ids whose register shows an outcome, with it. */
  readonly #over = new Map<string, { readonly register: string; readonly value: RunValue; readonly at: number }>();
  readonly #early: string[] = [];
  skips = 0;
  readonly #hasty: string[] = [];
  /** The last intent of each register. */
  readonly #intents = new Map<string, { readonly intent: RunValue; readonly at: number }>();

  constructor(world: World) {
    this.#world = world;
  }

  get runs(): number {
    return this.#starts.filter(({ ids }) => ids.length > 0).length;
  }

  get countedRuns(): number {
    return this.#counts.size;
  }

  starting({ query }: Registration<ScheduledQuery>, { window }: Run, boot: string): Start {
    const start: Start = {
      what: `${query.name} ${query.metricName}`,
      windowEnd: window.end,
      boot,
      at: this.#world.now,
      ids: [],
      isReplyLost: false,
      isKilled: false,
    };
    this.#starts.push(start);
    if (EPOCH + this.#world.now < window.end + query.schedule.delay - EARLY_MS) {
      this.#early.push(`${start.what} ${window.end}`);
    }
    return start;
  }

  started(start: Start, id: string): void {
    start.ids.push(id);
    const key = `${start.what} ${start.windowEnd - EPOCH}`;
    const boots = this.#startedBy.get(key) ?? new Set();
    this.#startedBy.set(key, boots.add(start.boot));
  }

  /** Notes that a process has followed a query to its end, or attempts to stop it. */
  followed(id: string): void {
    this.#followed.add(id);
  }

  /** Notes the new content of a register of runs. */
  written(register: string, value: RunValue, isHealthy: (boot: string) => boolean): void {
    const { intent, at = 0 } = this.#intents.get(register) ?? {};
    const isSkip = value.state === 'over' && value.outcome === 'skipped' && value.end === intent?.end;
    if (value.state === 'intent') {
      this.#intents.set(register, { intent: value, at: this.#world.now });
    } else if (isSkip && value.by !== intent.by && this.#world.now - at < PATIENCE_MS && isHealthy(intent.by)) {
      this.#hasty.push(`${value.query} ${value.end - EPOCH}`);
    }
    if (value.queryId !== undefined) {
      this.#registered.add(value.queryId);
      if (value.state === 'over') {
        this.#excuse(register, value);
        this.#over.set(value.queryId, { register, value, at: this.#world.now });
      }
    }
  }

  counted({ name }: Registration<ScheduledQuery>, { queryId, window }: Run, outcome: RunOutcome, boot: string): void {
    if (queryId === undefined) {
      this.skips += 1;
      return;
    }
    const counts = this.#counts.get(queryId) ?? [];
    this.#counts.set(queryId, counts);
    counts.push(`${name} ${window.end - EPOCH} ${outcome} by ${boot}`);
  }

  skipped(_registration: Registration<ScheduledQuery>, windows: number): void {
    this.skips += windows;
  }

  /** Notes that a process was killed: starts whose id is in no register may be lost. */
  killed(boot: string): void {
    for (const start of this.#starts) {
      if (start.boot === boot && !start.ids.some((id) => this.#registered.has(id))) {
        start.isKilled = true;
      }
    }
  }

  /** Windows that two processes have started. */
  doubled(): string[] {
    return [...this.#startedBy].flatMap(([window, boots]) =>
      boots.size > 1 ? [`${window} started by ${[...boots].join(', ')}`] : [],
    );
  }

  /** Queries at the service that neither a register nor a process has known, without an excuse. */
  orphans(): string[] {
    return this.#starts.flatMap(({ what, windowEnd, boot, at, ids, isReplyLost, isKilled }) => {
      const isKnown = ids.length === 0 || ids.some((id) => this.#registered.has(id) || this.#followed.has(id));
      return isKnown || isReplyLost || isKilled || this.#isRecent(at)
        ? []
        : [`${what} ${windowEnd - EPOCH} of ${boot}: ${ids.join(', ')}`];
    });
  }

  /** Windows that were skipped although the process that was about to start them was healthy. */
  hasty(): readonly string[] {
    return this.#hasty;
  }

  /** Orphans with or without an excuse. */
  get orphaned(): number {
    return this.#starts.filter(
      ({ ids }) => ids.length > 0 && !ids.some((id) => this.#registered.has(id) || this.#followed.has(id)),
    ).length;
  }

  /** Runs that were counted more than once. */
  countedTwice(): string[] {
    return [...this.#counts].flatMap(([id, counts]) => (counts.length > 1 ? [`${id}: ${counts.join('; ')}`] : []));
  }

  /** Runs whose register shows an outcome that a living process has written, and that were not counted. */
  uncounted(isAlive: (boot: string) => boolean): string[] {
    return [...this.#over].flatMap(
      ([
        id,
        {
          at,
          value: { isCounted, by, outcome, query, end },
        },
      ]) =>
        this.#isRecent(at) ||
        isCounted ||
        outcome === 'abandoned' ||
        outcome === 'skipped' ||
        this.#counts.has(id) ||
        !isAlive(by)
          ? []
          : [`${id}: ${query} ${end - EPOCH} ${outcome}`],
    );
  }

  /**
   * Excuses uncounted ends of a query, because another process has ended a later run: a process whose write had no reply only
   * finds its last end in the register.
   */
  #excuse(register: string, { by }: RunValue): void {
    for (const [id, { register: other, value }] of this.#over) {
      if (other === register && value.by !== by && !this.#counts.has(id)) {
        this.#over.delete(id);
      }
    }
  }

  /** Returns whether replies and repeated attempts may be in flight still. */
  #isRecent(at: number): boolean {
    return this.#world.now - at < IN_FLIGHT_MS;
  }

  /** Starts before the end of the window and its delay. */
  early(): readonly string[] {
    return this.#early;
  }
}
