import type { MemberValue } from './values.ts';

/** What is known about another process. `movedAt`: time at which its counter was first seen, on the observer's monotonic clock. */
interface Peer {
  readonly value: MemberValue;
  readonly movedAt: number;
}

/**
 * The members of the group, as this process has observed them. A process whose counter does not move for `deadAfter` on the
 * observer's monotonic clock is dead: wall clocks are never compared.
 */
export class Peers {
  readonly #deadAfter: number;
  #byBoot: ReadonlyMap<string, Peer> = new Map();
  /** Boots without a register, with the time at which that was first seen. */
  readonly #absent = new Map<string, number>();
  /** Time at which the last list was requested. */
  #observedAt = Number.NEGATIVE_INFINITY;

  /** @param deadAfter in milliseconds */
  constructor(deadAfter: number) {
    this.#deadAfter = deadAfter;
  }

  /**
   * Stores a list of the members.
   *
   * @param sentAt time at which it was requested: a reply may be read much later, after a pause of this process
   * @param now time at which it was received
   */
  observe(members: Iterable<MemberValue>, sentAt: number, now: number): void {
    // If the engine was out of reach for this process, it may have been for the others, which have as long to return.
    const wasBlind = sentAt - this.#observedAt >= this.#deadAfter;
    const observed = Array.from(members, (value): [string, Peer] => {
      this.#absent.delete(value.boot);
      const known = this.#byBoot.get(value.boot);
      const hasMoved = wasBlind || known === undefined || known.value.counter !== value.counter;
      return [value.boot, { value, movedAt: hasMoved ? now : known.movedAt }];
    });
    this.#byBoot = new Map(observed);
    this.#observedAt = sentAt;
  }

  /** Returns true if the process with a boot has shut down or is dead. */
  isDead(boot: string): boolean {
    const peer = this.#byBoot.get(boot);
    if (peer !== undefined) {
      return peer.value.released || this.#observedAt - peer.movedAt >= this.#deadAfter;
    }
    if (this.#observedAt === Number.NEGATIVE_INFINITY) {
      return false;
    }
    const since = this.#absent.get(boot) ?? this.#observedAt;
    this.#absent.set(boot, since);
    return this.#observedAt - since >= this.#deadAfter;
  }

  /** The living members, with the milliseconds since their last observed heartbeat. */
  living(now: number): { readonly value: MemberValue; readonly age: number }[] {
    const living = [...this.#byBoot.values()].filter(({ value }) => !this.isDead(value.boot));
    return living.map(({ value, movedAt }) => ({ value, age: now - movedAt }));
  }

  /** The latest time until which a member knows that registers were lost. */
  get lostUntil(): number {
    return Math.max(0, ...Array.from(this.#byBoot.values(), ({ value }) => value.lostUntil));
  }
}
