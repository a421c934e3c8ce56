import type { AttemptObserver } from './attempts.ts';

/** For commands that end by themselves: nothing counts their attempts. */
export const UNOBSERVED: AttemptObserver = {
  attempted() {
    // not counted
  },
  answerRefused() {
    // not counted
  },
};
