import type { ServerResponse } from 'node:http';
import type { Clock } from '../../lib/clock.ts';

/** A response without progress for this long can be ended in favor of others, in milliseconds. */
const STALLED_AFTER = 2_000;

interface Held {
  readonly parts: readonly Uint8Array[];
  /** Monotonic milliseconds. */
  progressAt: number;
}

/**
 * The bodies that clients have not received yet. Parts that several of them share count once. The total size is limited:
 * beyond it, the responses without progress for the longest time are ended.
 */
export class HeldBodies {
  readonly #most: number;
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #held = new Map<ServerResponse, Held>();
  /** Number of responses per body. */
  readonly #sharers = new Map<readonly Uint8Array[], number>();
  /** Number of bodies per part. */
  readonly #holders = new Map<Uint8Array, number>();
  #bytes = 0;

  /** @param most bytes */
  constructor(most: number, clock: Pick<Clock, 'monotonic'>) {
    this.#most = most;
    this.#clock = clock;
  }

  /**
   * Holds the parts until the response is closed.
   *
   * @returns false, and holds nothing, if the limit is reached by clients that receive at a normal rate. A single body may
   * have any size.
   */
  hold(response: ServerResponse, parts: readonly Uint8Array[]): boolean {
    const missing = () => (this.#sharers.has(parts) ? 0 : this.#bytes + this.#bytesOfNew(parts) - this.#most);
    while (missing() > 0 && this.#held.size > 0) {
      const stalled = this.#longestStalled();
      if (stalled === undefined) {
        return false;
      }
      stalled.destroy();
      this.#release(stalled);
    }
    this.#add(response, parts);
    return true;
  }

  #add(response: ServerResponse, parts: readonly Uint8Array[]): void {
    const held: Held = { parts, progressAt: this.#clock.monotonic() };
    this.#held.set(response, held);
    const sharers = this.#sharers.get(parts) ?? 0;
    this.#sharers.set(parts, sharers + 1);
    for (const part of sharers === 0 ? parts : []) {
      const holders = this.#holders.get(part) ?? 0;
      this.#holders.set(part, holders + 1);
      this.#bytes += holders === 0 ? part.byteLength : 0;
    }
    response.on('drain', () => {
      held.progressAt = this.#clock.monotonic();
    });
    response.once('close', () => this.#release(response));
  }

  #release(response: ServerResponse): void {
    const held = this.#held.get(response);
    if (held === undefined) {
      return;
    }
    this.#held.delete(response);
    const sharers = (this.#sharers.get(held.parts) ?? 0) - 1;
    if (sharers > 0) {
      this.#sharers.set(held.parts, sharers);
      return;
    }
    this.#sharers.delete(held.parts);
    for (const part of held.parts) {
      const holders = (this.#holders.get(part) ?? 0) - 1;
      if (holders > 0) {
        this.#holders.set(part, holders);
      } else if (this.#holders.delete(part)) {
        this.#bytes -= part.byteLength;
      }
    }
  }

  #bytesOfNew(parts: readonly Uint8Array[]): number {
    return parts.reduce((sum, part) => sum + (this.#holders.has(part) ? 0 : part.byteLength), 0);
  }

  #longestStalled(): ServerResponse | undefined {
    let longest: ServerResponse | undefined;
    let since = this.#clock.monotonic() - STALLED_AFTER;
    for (const [response, { progressAt }] of this.#held) {
      if (progressAt <= since) {
        longest = response;
        since = progressAt;
      }
    }
    return longest;
  }
}
