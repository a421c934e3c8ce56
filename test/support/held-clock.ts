import { type Clock, systemClock } from '../../src/lib/clock.ts';

export interface HeldClock extends Clock {
  /** Starts the clock, which runs with the system's from then on. */
  letGo(): void;
}

/** A clock whose monotonic time is stopped until it is released: queries of a simulator make no progress before. */
export function heldClock(): HeldClock {
  const started = systemClock.monotonic();
  let letGo: number | undefined;
  return {
    ...systemClock,
    monotonic: () => (letGo === undefined ? started : started + systemClock.monotonic() - letGo),
    letGo() {
      letGo ??= systemClock.monotonic();
    },
  };
}
