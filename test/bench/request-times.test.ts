import { describe, expect, it } from 'vitest';
import {
  between,
  gaps,
  mostSeenInASecond,
  mostSurelyInASecond,
  perSecond,
  type RequestTimes,
} from '../../bench/request-times.ts';

function seenAt(...at: number[]): RequestTimes {
  return { at, earliest: at, queryIds: at.map(() => 'q') };
}

describe('the fullest second', () => {
  it('is found wherever it begins, its end left out', () => {
    expect(mostSeenInASecond(seenAt(0, 900, 1_000, 1_899, 1_900))).toBe(3);
    expect(mostSeenInASecond(seenAt(0, 1_000, 2_000))).toBe(1);
    expect(mostSeenInASecond(seenAt())).toBe(0);
  });

  it('counts as certain only requests that cannot have been earlier', () => {
    const times: RequestTimes = {
      at: [500, 500, 500, 1_300, 1_400],
      earliest: [200, 200, 200, 1_295, 1_395],
      queryIds: ['a', 'b', 'c', 'd', 'e'],
    };
    expect(mostSeenInASecond(times)).toBe(5);
    expect(mostSurelyInASecond(times)).toBe(3);
  });

  it('surely holds all that is seen when nothing was held up', () => {
    const times = seenAt(0, 1, 2, 999, 1_000);
    expect(mostSurelyInASecond(times)).toBe(mostSeenInASecond(times));
  });
});

describe('request times', () => {
  it('are cut to a while, its begin counted in and its end left out', () => {
    const times: RequestTimes = { at: [1, 2, 3], earliest: [0, 1, 2], queryIds: ['a', 'b', 'c'] };
    expect(between(times, 2, 3)).toEqual({ at: [2], earliest: [1], queryIds: ['b'] });
  });

  it('are counted by whole seconds', () => {
    expect(perSecond(seenAt(99, 100, 1_099, 1_100, 2_100), 100, 2_500)).toEqual([2, 1]);
  });

  it('give the time between requests of the same query', () => {
    expect(gaps({ at: [0, 10, 25, 40], queryIds: ['a', 'b', 'a', 'b'] })).toEqual([25, 30]);
  });
});
