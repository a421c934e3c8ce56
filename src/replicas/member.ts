import { randomUUID } from 'node:crypto';
import { background } from '../lib/background.ts';
import { sleep } from '../lib/clock.ts';
import { Turns } from '../lib/concurrency.ts';
import { Conditions } from '../lib/conditions.ts';
import type { ScheduledQuery } from '../model/query.ts';
import type { Question } from '../model/question.ts';
import { EngineClock } from './engine-clock.ts';
import { type EngineCall, EngineRegisters } from './engine-registers.ts';
import { ReplicaGroup, type ReplicaGroupOptions, ReplicaStats } from './group.ts';
import { startHeartbeats } from './heartbeats.ts';
import { IdInUseError } from './own-register.ts';
import { type RegisterEngine, RegisterError } from './registers.ts';
import type { FenceGroup } from './run-registers.ts';
import { SharedState } from './shared-state.ts';
import type { LeaderValue, MemberIdentity, SharedRegisters } from './values.ts';

export interface ReplicaMemberOptions extends Pick<ReplicaGroupOptions, 'clock' | 'log' | 'settings' | 'probe'> {
  readonly engine: RegisterEngine;
  readonly version: string;
  /** Hash of the configuration in effect. */
  readonly config: () => string;
  readonly questionOf: (query: ScheduledQuery) => Question;
  /** How long an intent of another living process is left alone, in milliseconds. */
  readonly patience: () => number;
}

/** What the daemon does when its role changes. Calls do not overlap. */
export interface ReplicaHandlers {
  /** Starts polls and runs. The registers are loaded. If the lead is lost in the meantime, `follow` is called afterward. */
  lead(): Promise<void>;
  /** Called when another process leads. Stops polls, and leaves runs at the service. */
  follow(): Promise<void>;
  /**
   * Called when the leader has had no acknowledged heartbeat for `deadAfter`, and another process may lead: it uses half of each
   * budget. Called with false afterward.
   */
  cutOff(isCutOff: boolean): void;
}

/** Attempts to reach the engine in `deadAfter`: a heartbeat has several, so that one slow reply does not end the lead. */
const ATTEMPTS_PER_DEATH = 6;
/** Attempts to write pending changes before this process ends, and the time between them in milliseconds. */
const LAST_ATTEMPTS = 3;
const LAST_PAUSE_MS = 1_000;
const NOT_LOADED_HINT =
  'this replica starts no polls and runs until it can read the shared storage; retried at each heartbeat; check the database and its permissions';
const INVALID_HINT = 'check whether another program writes to the table';

/** One process of a group of replicas: its heartbeat, the election of the leader, and the registers of the group. */
export class ReplicaMember {
  /** The wall time of this clock is that of the engine. Windows, retention, and expiry use it. */
  readonly clock: EngineClock;
  readonly boot = randomUUID();
  /** What the members share beside the lead. */
  readonly shared: SharedState;
  readonly stats = new ReplicaStats();
  /** Its connections are closed by the caller, after {@link stop}. */
  readonly engine: RegisterEngine;
  /** Whether this process has read the registers: a standby is ready then. */
  isReady = false;
  /** Resolves if this process must exit, because another one uses its id. */
  readonly failed: Promise<Error>;
  readonly #options: ReplicaMemberOptions;
  readonly #group: ReplicaGroup;
  readonly #unreachable: Conditions;
  readonly #roles = new Turns();
  #heartbeats: ReturnType<typeof startHeartbeats> | undefined;
  #handlers: ReplicaHandlers | undefined;
  #fail: (error: Error) => void = () => undefined;
  /** The epoch for which polls and runs are started, or being started. */
  #ledEpoch: number | undefined;
  /** The epoch for which the registers are loaded. */
  #loadedEpoch: number | undefined;
  #isCutOff = false;
  #isMeasured = false;
  #stopped = false;

  constructor(options: ReplicaMemberOptions) {
    this.#options = options;
    this.engine = options.engine;
    const { clock, log, engine, settings, questionOf, patience } = options;
    const { boot, stats } = this;
    this.failed = new Promise((resolve) => {
      this.#fail = resolve;
    });
    this.clock = new EngineClock(clock);
    const registers = new EngineRegisters({
      engine,
      clock,
      boot,
      timeout: settings.deadAfter / ATTEMPTS_PER_DEATH,
      ended: (call) => this.#called(call),
    });
    const shared: SharedRegisters = {
      registers,
      group: settings.group,
      boot,
      now: () => this.clock.now(),
      log,
      refused: ({ message: reason }) =>
        log.warn('invalid entry of the shared storage ignored', { reason, hint: INVALID_HINT }),
    };
    const replicas = new ReplicaGroup({ ...options, ...shared, identity: () => this.#identity(), stats });
    this.#group = replicas;
    const fence: FenceGroup = {
      boot,
      mayStart: () => this.isLeader && !this.#stopped && this.#group.leadership.age < settings.deadAfter,
      epoch: () => this.epoch,
      isDead: (other) => replicas.isDead(other),
      lostUntil: () => replicas.lostUntil,
      lost: () => replicas.lost(),
    };
    this.shared = new SharedState({ ...shared, fence, clock: this.clock, questionOf, patience });
    this.#unreachable = new Conditions({
      clock,
      log,
      begun: 'shared storage unreachable',
      ended: 'shared storage reachable',
    });
  }

  /** What this member writes about itself, and its group. */
  get identity(): MemberIdentity & { readonly group: string } {
    return { ...this.#identity(), group: this.#options.settings.group };
  }

  /** Whether polls and runs of this process are started. */
  get isLeader(): boolean {
    return this.#loadedEpoch !== undefined && this.#loadedEpoch === this.#group.leadership.epoch;
  }

  /** The epoch of this process if it leads, otherwise 0. */
  get epoch(): number {
    return this.#group.leadership.epoch ?? 0;
  }

  /** The last known leader: this or another process. Undefined if none is known. */
  get leader(): LeaderValue | undefined {
    return this.#group.leader;
  }

  /** The living members, with the milliseconds since the last heartbeat that was observed. */
  get members(): ReplicaGroup['members'] {
    return this.#group.members;
  }

  /** Whether this process has another configuration than the leader. */
  get hasOtherConfig(): boolean {
    const { leader } = this;
    return leader !== undefined && leader.config !== this.#options.config();
  }

  /** Begins with the first heartbeat at once. @param handlers follow the role */
  start(handlers: ReplicaHandlers): void {
    this.#handlers = handlers;
    const { clock, settings } = this.#options;
    this.#heartbeats = startHeartbeats({
      clock,
      heartbeat: settings.heartbeat,
      beat: () => this.#beat(),
      leaderDeadAt: () => this.#group.leaderDeadAt,
      isLeaderRefused: () => this.#group.isLeaderRefused(),
    });
  }

  /**
   * Writes pending changes of runs, and gives the lead up. The caller has stopped polls and runs. Failures are logged: the other
   * members then find out after `deadAfter`.
   */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#group.end();
    this.#heartbeats?.end();
    await this.#heartbeats?.ended;
    for (let attempt = 1; attempt < LAST_ATTEMPTS && !(await this.shared.runs.settled()); attempt += 1) {
      await sleep(this.#options.clock, LAST_PAUSE_MS);
    }
    try {
      await this.#group.release();
    } catch (error) {
      const fields = { reason: reasonOf(error), hint: 'another replica leads after replicas.deadAfter' };
      this.#options.log.warn('shutdown not announced to the other replicas', fields);
    }
  }

  #identity(): MemberIdentity {
    const { settings, version, config } = this.#options;
    const { id, url } = settings;
    return { id, boot: this.boot, url, version, config: config() };
  }

  /** A heartbeat and what depends on it. Never rejects. */
  async #beat(): Promise<void> {
    const { engine } = this;
    try {
      this.#isMeasured = false;
      await this.#group.heartbeat();
      this.stats.isEngineUp = true;
      this.isReady ||= this.#group.own.hasJoined;
      this.#unreachable.over('engine');
    } catch (error) {
      if (error instanceof IdInUseError) {
        this.#stopped = true;
        this.#heartbeats?.end();
        this.#fail(error);
        return;
      }
      this.stats.isEngineUp = false;
      const kind = error instanceof RegisterError ? error.kind : 'internal';
      this.#unreachable.found('engine', { engine: engine.description, reason: reasonOf(error) }, { kind });
    }
    this.#updateRole();
    background(this.#options.log, 'pending changes', this.shared.tick());
  }

  /** Starts or stops polls and runs if the role has changed. */
  #updateRole(): void {
    const { epoch, age } = this.#group.leadership;
    if (epoch !== this.#ledEpoch) {
      const had = this.#ledEpoch !== undefined;
      this.#ledEpoch = epoch;
      const change = this.#roles.take(() => this.#changeRole(had, epoch));
      background(this.#options.log, 'change of the role', change);
    }
    const isCutOff = epoch !== undefined && age >= this.#options.settings.deadAfter;
    if (isCutOff !== this.#isCutOff) {
      this.#isCutOff = isCutOff;
      this.#handlers?.cutOff(isCutOff);
    }
  }

  async #changeRole(hadLead: boolean, epoch: number | undefined): Promise<void> {
    const { log, settings } = this.#options;
    const { id, group } = settings;
    if (hadLead) {
      log.info('replica no longer leads', { group, id, leader: this.leader?.id });
      this.shared.runs.follow();
      await this.#handlers?.follow();
    }
    if (epoch !== undefined && (await this.#load(epoch))) {
      log.info('replica leads', { group, id, epoch, reason: this.#group.reason });
      await this.#handlers?.lead();
    }
  }

  /** Reads the registers of the group. Returns false if the lead was lost in the meantime. */
  async #load(epoch: number): Promise<boolean> {
    const { clock, log, settings } = this.#options;
    while (this.#group.leadership.epoch === epoch && !this.#stopped) {
      try {
        await this.shared.load();
        this.#loadedEpoch = epoch;
        return true;
      } catch (error) {
        log.warn('shared storage not loaded', { reason: reasonOf(error), hint: NOT_LOADED_HINT });
        await sleep(clock, settings.heartbeat);
      }
    }
    return false;
  }

  #called(call: EngineCall): void {
    this.stats.called(call.operation, call.failure);
    const { sentAt, endedAt, time } = call;
    // One call of each heartbeat: the best of the last ten must span a minute rather than a burst.
    if (time !== undefined && !this.#isMeasured) {
      this.#isMeasured = true;
      this.clock.observe({ sentAt, endedAt, time });
    }
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
