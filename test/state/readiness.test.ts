import { describe, expect, it } from 'vitest';
import { Readiness } from '../../src/state/readiness.ts';
import { FakeClock } from '../support/fake-clock.ts';

function setUp(untried: number) {
  const clock = new FakeClock();
  const states = { untried };
  return { clock, states, readiness: new Readiness(clock, states) };
}

describe('Readiness', () => {
  it('waits for each query that was not tried', () => {
    const { states, readiness } = setUp(2);
    expect(readiness.waiting()).toBe(2);
    states.untried = 1;
    expect(readiness.waiting()).toBe(1);
    states.untried = 0;
    expect(readiness.waiting()).toBe(0);
  });

  it('is there at once where there is nothing to try', () => {
    expect(setUp(0).readiness.waiting()).toBe(0);
  });

  it('waits for 60 s at most', async () => {
    const { clock, readiness } = setUp(3);
    await clock.advance(59_999);
    expect(readiness.waiting()).toBe(3);
    await clock.advance(1);
    expect(readiness.waiting()).toBe(0);
  });

  it('stays, whatever is added later', () => {
    const { states, readiness } = setUp(0);
    expect(readiness.waiting()).toBe(0);
    states.untried = 5;
    expect(readiness.waiting()).toBe(0);
  });

  it('does not come by the wall clock', () => {
    const { clock, readiness } = setUp(1);
    clock.jump(3_600_000);
    expect(readiness.waiting()).toBe(1);
  });
});
