import { type Clock, sleep } from '../lib/clock.ts';
import type { EngineOperation } from './engine-registers.ts';
import { Leadership, type ProbeResult, type TakeoverReason } from './leadership.ts';
import { OwnRegister } from './own-register.ts';
import type { RegisterFailure } from './registers.ts';
import {
  type LeaderValue,
  type MemberIdentity,
  type MemberValue,
  readAll,
  readMember,
  type SharedRegisters,
} from './values.ts';

/** Settings of a member. Times in milliseconds. */
export interface ReplicaSettings {
  /** Name of the group and shard. */
  readonly group: string;
  /** Unique in the group. */
  readonly id: string;
  /** Base URL of this member. */
  readonly url: string | undefined;
  readonly heartbeat: number;
  readonly deadAfter: number;
}

export interface ReplicaGroupOptions extends SharedRegisters {
  readonly clock: Clock;
  readonly settings: ReplicaSettings;
  readonly identity: () => MemberIdentity;
  /** Connects to the port of a URL. */
  readonly probe: (url: string) => Promise<ProbeResult>;
  readonly stats: ReplicaStats;
}

/** Counts of one process, since its start. */
export class ReplicaStats {
  readonly requests: Record<EngineOperation, number> = { get: 0, put: 0, list: 0 };
  readonly errors = new Map<RegisterFailure, number>();
  readonly takeovers: Record<TakeoverReason, number> = { dead: 0, refused: 0, released: 0 };
  /** Whether the last heartbeat was written. */
  isEngineUp = false;
  /** Times at which the engine was found in an earlier state. */
  rollbacks = 0;

  called(operation: EngineOperation, failure: RegisterFailure | undefined): void {
    this.requests[operation] += 1;
    if (failure !== undefined) {
      this.errors.set(failure, (this.errors.get(failure) ?? 0) + 1);
    }
  }
}

/** What is known about a process. `movedAt`: time at which its counter was first seen, on the monotonic clock. */
interface Peer {
  readonly value: MemberValue;
  readonly movedAt: number;
}

/** Time between two connections to a port that refuses them, in milliseconds. */
const REFUSED_AGAIN_MS = 1_000;

/**
 * The group as one of its processes sees and changes it: its own register, the leader, and the other members. A process whose
 * counter does not move for `deadAfter` on the observer's monotonic clock is dead: wall clocks are never compared.
 */
export class ReplicaGroup {
  readonly own: OwnRegister;
  readonly leadership: Leadership;
  /** Why this process has taken the lead last. */
  reason: TakeoverReason = 'released';
  readonly #options: ReplicaGroupOptions;
  #peers: ReadonlyMap<string, Peer> = new Map();
  /** Boots without a register, with the time at which that was first seen. */
  readonly #absent = new Map<string, number>();
  /** Time at which the last list of the members was requested. */
  #observedAt = Number.NEGATIVE_INFINITY;
  #isEnding = false;

  constructor(options: ReplicaGroupOptions) {
    this.#options = options;
    const { clock, settings } = options;
    this.own = new OwnRegister(options);
    this.leadership = new Leadership({
      ...options,
      monotonic: () => clock.monotonic(),
      deadAfter: settings.deadAfter,
      lostUntil: () => this.lostUntil,
      lost: () => this.lost(),
    });
  }

  /** The last known leader, which may be this process. Undefined if none is known. */
  get leader(): LeaderValue | undefined {
    const { leader } = this.leadership;
    return leader?.released === true ? undefined : leader;
  }

  /** The living members, with the milliseconds since the last heartbeat that was observed. */
  get members(): readonly { readonly value: MemberValue; readonly age: number }[] {
    const now = this.#options.clock.monotonic();
    const living = [...this.#peers.values()].filter(({ value }) => !this.isDead(value.boot));
    return living.map(({ value, movedAt }) => ({ value, age: now - movedAt }));
  }

  /** Returns true if the process with a boot has shut down or is dead. */
  isDead(boot: string): boolean {
    const { deadAfter } = this.#options.settings;
    const peer = this.#peers.get(boot);
    if (peer !== undefined) {
      return peer.value.released || this.#observedAt - peer.movedAt >= deadAfter;
    }
    if (this.#observedAt === Number.NEGATIVE_INFINITY) {
      return false;
    }
    const since = this.#absent.get(boot) ?? this.#observedAt;
    this.#absent.set(boot, since);
    return this.#observedAt - since >= deadAfter;
  }

  /** Windows that were due until this time may have been run, because registers were lost. In milliseconds of the engine's clock. */
  get lostUntil(): number {
    const ofPeers = Array.from(this.#peers.values(), ({ value }) => value.lostUntil);
    return Math.max(this.own.lostUntil, this.leadership.leader?.lostUntil ?? 0, ...ofPeers);
  }

  /** Handles that the engine has returned to an earlier state: windows until now may have been run. */
  lost(): void {
    const { stats, log, group } = this.#options;
    this.own.markLost();
    stats.rollbacks += 1;
    log.error('shared storage returned to an earlier state', { group });
  }

  /** Time on the monotonic clock at which a heartbeat of this standby finds the leader dead, if it does not move. */
  get leaderDeadAt(): number {
    return this.#isStandby ? this.leadership.deadAt : Number.POSITIVE_INFINITY;
  }

  /** Returns whether the leader's port refuses a connection of this standby, after it has accepted one. */
  async isLeaderRefused(): Promise<boolean> {
    const url = this.leadership.leader?.url;
    return this.#isStandby && url !== undefined && this.leadership.probed(await this.#options.probe(url));
  }

  /** Writes the heartbeat, and reads the others. May take the lead or lose it. @throws RegisterError, IdInUseError */
  async heartbeat(): Promise<void> {
    const { clock, group, settings } = this.#options;
    if (await this.own.beat()) {
      this.lost();
    }
    const { epoch } = this.leadership;
    await (epoch === undefined ? this.#standBy() : this.leadership.beat(epoch));
    // The request counts, not the reply, which may be read much later, after a pause of this process.
    const sentAt = clock.monotonic();
    const members = await readAll(this.#options, `${group}/members`, readMember);
    const now = clock.monotonic();
    // If the engine was out of reach for this process, it may have been for the others, which have as long to return.
    const wasBlind = sentAt - this.#observedAt >= settings.deadAfter;
    const observed = Array.from(members.values(), ({ value }): [string, Peer] => {
      this.#absent.delete(value.boot);
      const known = this.#peers.get(value.boot);
      const hasMoved = wasBlind || known === undefined || known.value.counter !== value.counter;
      return [value.boot, { value, movedAt: hasMoved ? now : known.movedAt }];
    });
    this.#peers = new Map(observed);
    this.#observedAt = sentAt;
  }

  /** From now on, this process does not take the lead. */
  end(): void {
    this.#isEnding = true;
  }

  /** Gives the lead up, and shows the others that this process ends. @throws RegisterError */
  async release(): Promise<void> {
    await this.leadership.release();
    await this.own.release();
  }

  /** Whether this process may take the lead. */
  get #isStandby(): boolean {
    return this.leadership.epoch === undefined && this.own.hasJoined && !this.#isEnding;
  }

  async #standBy(): Promise<void> {
    const observed = await this.leadership.observe();
    if (!this.#isStandby) {
      return;
    }
    const reason = observed ?? (await this.#refused());
    if (reason !== undefined && (await this.leadership.take())) {
      this.reason = reason;
      this.#options.stats.takeovers[reason] += 1;
    }
  }

  /** Returns `refused` if the leader's port has refused two connections. */
  async #refused(): Promise<'refused' | undefined> {
    if (!(await this.isLeaderRefused())) {
      return undefined;
    }
    await sleep(this.#options.clock, REFUSED_AGAIN_MS);
    return (await this.isLeaderRefused()) ? 'refused' : undefined;
  }
}
