import { type Clock, sleep } from '../lib/clock.ts';
import { Leadership, type ProbeResult, type TakeoverReason } from './leadership.ts';
import { OwnRegister } from './own-register.ts';
import { Peers } from './peers.ts';
import type { ReplicaStats } from './replica-stats.ts';
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

/** Time between two connections to a port that refuses them, in milliseconds. */
const REFUSED_AGAIN_MS = 1_000;

/** The group as one of its processes sees and changes it: its own register, the leader, and the other members. */
export class ReplicaGroup {
  readonly own: OwnRegister;
  readonly leadership: Leadership;
  readonly peers: Peers;
  /** Why this process has taken the lead last. */
  reason: TakeoverReason = 'released';
  readonly #options: ReplicaGroupOptions;
  #isEnding = false;

  constructor(options: ReplicaGroupOptions) {
    this.#options = options;
    const { clock, settings } = options;
    const { deadAfter } = settings;
    this.own = new OwnRegister(options);
    this.peers = new Peers(deadAfter);
    this.leadership = new Leadership({
      ...options,
      monotonic: () => clock.monotonic(),
      deadAfter,
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
    return this.peers.living(this.#options.clock.monotonic());
  }

  /** Windows that were due until this time may have been run, because registers were lost. In milliseconds of the engine's clock. */
  get lostUntil(): number {
    return Math.max(this.own.lostUntil, this.peers.lostUntil, this.leadership.leader?.lostUntil ?? 0);
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
    const { clock, group } = this.#options;
    if (await this.own.beat()) {
      this.lost();
    }
    const { epoch } = this.leadership;
    await (epoch === undefined ? this.#standBy() : this.leadership.beat(epoch));
    const sentAt = clock.monotonic();
    const members = await readAll(this.#options, `${group}/members`, readMember);
    const values = Array.from(members.values(), ({ value }) => value);
    this.peers.observe(values, sentAt, clock.monotonic());
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
