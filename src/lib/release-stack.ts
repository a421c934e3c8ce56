import { type Clock, within } from './clock.ts';
import type { Logger } from './log.ts';

/** Releases a resource within `left` milliseconds. */
type Release = (left: number) => unknown;

/** Acquired resources with their releases. A failed start and a shutdown release all of them. */
export class ReleaseStack {
  readonly #clock: Clock;
  readonly #log: Pick<Logger, 'error'>;
  readonly #releases: { readonly what: string; readonly release: Release }[] = [];
  #released: Promise<void> | undefined;

  constructor(clock: Clock, log: Pick<Logger, 'error'>) {
    this.#clock = clock;
    this.#log = log;
  }

  /** @param what name of the resource in the log (for example, `storage`) */
  add(what: string, release: Release): void {
    this.#releases.push({ what, release });
  }

  /**
   * Releases all resources, the last one first. Waits for `timeout` milliseconds at most. Never rejects: a failed release is
   * logged, and the others follow. Further calls return the same promise.
   */
  releaseAll(timeout: number): Promise<void> {
    this.#released ??= this.#releaseAll(this.#clock.monotonic() + timeout);
    return this.#released;
  }

  async #releaseAll(end: number): Promise<void> {
    for (const { what, release } of this.#releases.reverse()) {
      const left = Math.max(0, end - this.#clock.monotonic());
      await within(this.#clock, left, this.#release(what, release, left));
    }
  }

  async #release(what: string, release: Release, left: number): Promise<void> {
    try {
      await release(left);
    } catch (error) {
      this.#log.error('resource release failed', {
        resource: what,
        reason: error instanceof Error ? error.message : String(error),
      });
    }
  }
}
