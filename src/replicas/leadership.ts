import { conflictOf, type Register } from './registers.ts';
import { type LeaderValue, type MemberIdentity, readLeader, type SharedRegisters } from './values.ts';

/** Why a member has taken the lead. `released`: no member had it, or the leader has shut down. */
export type TakeoverReason = 'dead' | 'refused' | 'released';

/** Result of a connection to another member's port. */
export type ProbeResult = 'accepted' | 'refused' | 'unknown';

export interface LeadershipOptions extends Pick<SharedRegisters, 'registers' | 'group'> {
  readonly identity: () => MemberIdentity;
  readonly monotonic: () => number;
  /** In milliseconds. */
  readonly deadAfter: number;
  /** The latest time until which registers were lost, as far as this process knows. */
  readonly lostUntil: () => number;
  /** Called when the leader's register is older than this process's last acknowledged write. */
  readonly lost: () => void;
}

/** The leader as this process has observed it. Times are on the monotonic clock. */
interface Observed {
  readonly leader: LeaderValue;
  readonly version: string;
  /** Time at which this heartbeat was first seen. */
  readonly movedAt: number;
  /** Its port has accepted a connection, so that a refused connection means that the process has ended. */
  hasAccepted: boolean;
}

/**
 * The register of the leader. The leader moves its counter with each heartbeat; a standby takes the lead when the counter has not
 * moved for `deadAfter`, or the leader has released it. This is for efficiency only: what keeps windows from being started twice
 * are the registers of runs.
 */
export class Leadership {
  /** The epoch of this process, while it leads. */
  epoch: number | undefined;
  readonly #options: LeadershipOptions;
  #observed: Observed | undefined;
  #version: string | undefined;
  #counter = 0;
  #acknowledged = 0;
  /** Time at which the last acknowledged heartbeat of the leader was sent. */
  #acknowledgedAt = Number.NEGATIVE_INFINITY;
  #highestEpoch = 0;
  /** Time at which this process, as a standby, has last requested the register with success. */
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(options: LeadershipOptions) {
    this.#options = options;
  }

  /** The last known leader, which may be this process. */
  get leader(): LeaderValue | undefined {
    return this.#observed?.leader;
  }

  /** Milliseconds since the last acknowledged heartbeat of this process as the leader; since the leader's last observed one otherwise. */
  get age(): number {
    const since = this.epoch === undefined ? this.#observed?.movedAt : this.#acknowledgedAt;
    return this.#options.monotonic() - (since ?? Number.NEGATIVE_INFINITY);
  }

  /** Time on the monotonic clock at which the leader is dead, if its counter does not move. Infinity if no leader is known. */
  get deadAt(): number {
    return (this.#observed?.movedAt ?? Number.POSITIVE_INFINITY) + this.#options.deadAfter;
  }

  /** Moves the counter of the leader. Another process may have taken the lead: then this one is a standby. @throws RegisterError */
  async beat(epoch: number): Promise<void> {
    const conflict = await conflictOf(this.#write(epoch, this.#version));
    if (conflict !== undefined) {
      await this.#conflicted(epoch, conflict.current);
    }
  }

  /**
   * Reads the register, as a standby whose id is used by no other process. Returns why this process should take the lead, or undefined.
   *
   * @throws RegisterError
   */
  async observe(): Promise<Exclude<TakeoverReason, 'refused'> | undefined> {
    const { monotonic, registers, deadAfter } = this.#options;
    const sentAt = monotonic();
    const register = await registers.get(this.#key);
    const wasBlind = sentAt - this.#readAt >= deadAfter;
    this.#readAt = sentAt;
    if (register === undefined) {
      this.#observed = undefined;
      return 'released';
    }
    // If the engine was out of reach for this process, it may have been for the leader, which has as long to return.
    const { leader, movedAt } = this.#see(register, wasBlind);
    const { id, boot } = this.#options.identity();
    if (leader.released || leader.boot === boot) {
      return 'released';
    }
    // Only one living process has an id. The request counts, not the reply: one that was received before a pause is old.
    return leader.id === id || sentAt - movedAt >= deadAfter ? 'dead' : undefined;
  }

  /** Stores the result of a connection to the leader's port. Returns whether it means that the leader has ended. */
  probed(result: ProbeResult): boolean {
    if (this.#observed === undefined) {
      return false;
    }
    this.#observed.hasAccepted ||= result === 'accepted';
    return result === 'refused' && this.#observed.hasAccepted;
  }

  /** Takes the lead, unless another process has been faster, or the leader has moved. @throws RegisterError */
  async take(): Promise<boolean> {
    const epoch = Math.max(this.#highestEpoch, this.#observed?.leader.epoch ?? 0) + 1;
    const conflict = await conflictOf(this.#write(epoch, this.#observed?.version));
    if (conflict?.current !== undefined) {
      this.#see(conflict.current);
    }
    return conflict === undefined;
  }

  /** Gives the lead up, so that another member takes it at once. @throws RegisterError */
  async release(): Promise<void> {
    if (this.epoch !== undefined) {
      await this.#write(this.epoch, this.#version, true);
      this.epoch = undefined;
    }
  }

  async #conflicted(epoch: number, current: Register | undefined): Promise<void> {
    const { boot } = this.#options.identity();
    const value = current && readLeader(this.#key, current.value);
    const isOwn = value?.boot === boot && value.epoch === epoch;
    const isLost = value === undefined || value.epoch < epoch || (isOwn && value.counter < this.#acknowledged);
    if (current !== undefined && !isLost && !isOwn) {
      this.epoch = undefined;
      this.#see(current);
      return;
    }
    if (isLost) {
      this.#options.lost();
    }
    await this.#write(epoch, current?.version);
  }

  #see({ value, version }: Register, countsAsMoved = false): Observed {
    const leader = readLeader(this.#key, value);
    this.#highestEpoch = Math.max(this.#highestEpoch, leader.epoch);
    const before = this.#observed;
    const isSame = before?.leader.boot === leader.boot;
    const hasMoved = countsAsMoved || !isSame || before.version !== version;
    this.#observed = {
      leader,
      version,
      movedAt: hasMoved ? this.#options.monotonic() : before.movedAt,
      hasAccepted: isSame && before.hasAccepted,
    };
    return this.#observed;
  }

  async #write(epoch: number, ifVersion: string | undefined, released = false): Promise<void> {
    const { identity, registers, monotonic, lostUntil } = this.#options;
    this.#counter += 1;
    const counter = this.#counter;
    const known = Math.max(lostUntil(), this.#observed?.leader.lostUntil ?? 0);
    const leader: LeaderValue = { ...identity(), epoch, counter, released, lostUntil: known };
    const sentAt = monotonic();
    const version = await registers.put(this.#key, JSON.stringify(leader), { ifVersion });
    this.#version = version;
    this.epoch = epoch;
    this.#highestEpoch = Math.max(this.#highestEpoch, epoch);
    this.#acknowledged = counter;
    this.#acknowledgedAt = sentAt;
    this.#observed = { leader, version, movedAt: monotonic(), hasAccepted: false };
  }

  get #key() {
    return leaderKey(this.#options.group);
  }
}

/** Reads from the engine whether a process leads. @throws RegisterError */
export async function hasLead({ registers, group, boot }: SharedRegisters): Promise<boolean> {
  const key = leaderKey(group);
  const register = await registers.get(key);
  return register !== undefined && readLeader(key, register.value).boot === boot;
}

function leaderKey(group: string) {
  return { partition: group, name: 'leader' };
}
