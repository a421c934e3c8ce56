import { type Clock, systemClock } from '../../src/lib/clock.ts';

export interface HeldClock extends Clock {
  /** From the first call on it goes with the system's. */
  letGo(): void;
}

/** A clock whose monotonic time stands until it is let go: no query of a simulator moves on before. */
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
