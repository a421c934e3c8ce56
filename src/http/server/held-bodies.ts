import type { ServerResponse } from 'node:http';
import type { Clock } from '../../lib/clock.ts';
import { longestStalled } from './connection.ts';

interface Held {
  readonly response: ServerResponse;
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
  readonly #held = new Set<Held>();
  /** Number of bodies per part. */
  readonly #holders = new Map<Uint8Array, number>();
  #bytes = 0;

  /** @param most bytes */
  constructor(most: number, clock: Pick<Clock, 'monotonic'>) {
    this.#most = most;
    this.#clock = clock;
  }

  /**
   * Holds the parts until the response is closed. Returns false, and holds nothing, if the limit is reached by clients that
   * receive at a normal rate. A single body may have any size.
   */
  hold(response: ServerResponse, parts: readonly Uint8Array[]): boolean {
    while (this.#held.size > 0 && this.#exceeds(parts)) {
      const stalled = longestStalled(this.#held, this.#clock.monotonic());
      if (stalled === undefined) {
        return false;
      }
      stalled.response.destroy();
      this.#release(stalled);
    }
    this.#add({ response, parts, progressAt: this.#clock.monotonic() });
    return true;
  }

  /** Returns whether parts exceed the limit. Those that other responses hold need no memory. */
  #exceeds(parts: readonly Uint8Array[]): boolean {
    const added = parts.reduce((sum, part) => sum + (this.#holders.has(part) ? 0 : part.byteLength), 0);
    return added > 0 && this.#bytes + added > this.#most;
  }

  #add(held: Held): void {
    this.#held.add(held);
    for (const part of held.parts) {
      const holders = this.#holders.get(part) ?? 0;
      this.#holders.set(part, holders + 1);
      this.#bytes += holders === 0 ? part.byteLength : 0;
    }
    held.response.on('drain', () => {
      held.progressAt = this.#clock.monotonic();
    });
    held.response.once('close', () => this.#release(held));
  }

  #release(held: Held): void {
    if (!this.#held.delete(held)) {
      return;
    }
    for (const part of held.parts) {
      const holders = (this.#holders.get(part) ?? 0) - 1;
      if (holders > 0) {
        this.#holders.set(part, holders);
      } else if (this.#holders.delete(part)) {
        this.#bytes -= part.byteLength;
      }
    }
  }
}
