import { type Clock, sleep } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import { Leadership, type ProbeResult, type TakeoverReason } from './leadership.ts';
import { OwnRegister } from './own-register.ts';
import { Peers } from './peers.ts';
import type { RegisterError, Registers } from './registers.ts';
import type { ReplicaStats } from './replica-stats.ts';
import { type LeaderValue, type MemberIdentity, type MemberValue, readAll, readMember } from './values.ts';

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

export interface ReplicaGroupOptions {
  readonly registers: Registers;
  readonly clock: Clock;
  readonly log: Logger;
  readonly settings: ReplicaSettings;
  readonly identity: () => MemberIdentity;
  /** Milliseconds of the engine's clock. */
  readonly now: () => number;
  /** Connects to the port of a URL. */
  readonly probe: (url: string) => Promise<ProbeResult>;
  readonly stats: ReplicaStats;
  readonly refused: (error: RegisterError) => void;
}

/** Time between two connections to a port that refuses them, in milliseconds. */
const REFUSED_AGAIN_MS = 1_000;

/** The group as one of its processes sees and changes it: its own register, the leader, and the other members. */
export class ReplicaGroup {
  readonly #options: ReplicaGroupOptions;
  readonly #own: OwnRegister;
  readonly #leadership: Leadership;
  readonly #peers: Peers;
  #reason: TakeoverReason = 'released';
  #isEnding = false;

  constructor(options: ReplicaGroupOptions) {
    this.#options = options;
    const { registers, clock, settings, identity, now } = options;
    const { group, deadAfter } = settings;
    this.#own = new OwnRegister({ registers, group, identity, now });
    this.#peers = new Peers(deadAfter);
    this.#leadership = new Leadership({
      registers,
      group,
      identity,
      monotonic: () => clock.monotonic(),
      deadAfter,
      lostUntil: () => this.lostUntil,
      lost: () => this.lost(),
    });
  }

  /** Whether the register of this process is written. */
  get hasJoined(): boolean {
    return this.#own.hasJoined;
  }

  /** The epoch of this process if it leads. */
  get epoch(): number | undefined {
    return this.#leadership.epoch;
  }

  /** Why this process has taken the lead last. */
  get reason(): TakeoverReason {
    return this.#reason;
  }

  /** The last known leader, which may be this process. Undefined if none is known. */
  get leader(): LeaderValue | undefined {
    const { leader } = this.#leadership;
    return leader?.released === true ? undefined : leader;
  }

  /** As {@link Leadership.age}. */
  get leaderAge(): number {
    return this.#leadership.age;
  }

  /** The living members, with the milliseconds since the last heartbeat that was observed. */
  get members(): readonly { readonly value: MemberValue; readonly age: number }[] {
    return this.#peers.living(this.#options.clock.monotonic());
  }

  /** Windows that were due until this time may have been run, because registers were lost. In milliseconds of the engine's clock. */
  get lostUntil(): number {
    return Math.max(this.#own.lostUntil, this.#peers.lostUntil, this.#leadership.leader?.lostUntil ?? 0);
  }

  /** Returns true if the process with a boot has shut down or is dead. */
  isDead(boot: string): boolean {
    return this.#peers.isDead(boot);
  }

  /** Handles that the engine has returned to an earlier state: windows until now may have been run. */
  lost(): void {
    const { stats, log, settings } = this.#options;
    this.#own.markLost();
    stats.rollbacks += 1;
    log.error('shared storage returned to an earlier state', { group: settings.group });
  }

  /** Time on the monotonic clock at which a heartbeat of this standby finds the leader dead, if it does not move. */
  get leaderDeadAt(): number {
    return this.#isStandby ? this.#leadership.deadAt : Number.POSITIVE_INFINITY;
  }

  /** Returns whether the leader's port refuses a connection of this standby, after it has accepted one. */
  async isLeaderRefused(): Promise<boolean> {
    const url = this.#leadership.leader?.url;
    return this.#isStandby && url !== undefined && this.#leadership.probed(await this.#options.probe(url));
  }

  /** Writes the heartbeat, and reads the others. May take the lead or lose it. @throws RegisterError, IdInUseError */
  async heartbeat(): Promise<void> {
    const { clock, registers, refused, settings } = this.#options;
    if (await this.#own.beat()) {
      this.lost();
    }
    if (this.#leadership.epoch === undefined) {
      await this.#standBy();
    } else {
      await this.#leadership.beat();
    }
    const sentAt = clock.monotonic();
    const partition = `${settings.group}/members`;
    const members = readAll(partition, await registers.list(partition), readMember, refused);
    const values = Array.from(members.values(), ({ value }) => value);
    this.#peers.observe(values, sentAt, clock.monotonic());
  }

  /** From now on, this process does not take the lead. */
  end(): void {
    this.#isEnding = true;
  }

  /** Gives the lead up, and shows the others that this process ends. @throws RegisterError */
  async release(): Promise<void> {
    await this.#leadership.release();
    await this.#own.release();
  }

  /** Whether this process may take the lead. */
  get #isStandby(): boolean {
    return this.#leadership.epoch === undefined && this.#own.hasJoined && !this.#isEnding;
  }

  async #standBy(): Promise<void> {
    const observed = await this.#leadership.observe();
    if (!this.#isStandby) {
      return;
    }
    const reason = observed ?? (await this.#refused());
    if (reason !== undefined && (await this.#leadership.take())) {
      this.#reason = reason;
      this.#options.stats.takeover(reason);
    }
  }

  /** Returns `refused` if the leader's port has refused two connections. */
  async #refused(): Promise<TakeoverReason | undefined> {
    if (!(await this.isLeaderRefused())) {
      return undefined;
    }
    await sleep(this.#options.clock, REFUSED_AGAIN_MS);
    return (await this.isLeaderRefused()) ? 'refused' : undefined;
  }
}
