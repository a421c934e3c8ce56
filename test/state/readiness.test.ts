import { describe, expect, it } from 'vitest';
import { readinessOf } from '../../src/state/readiness.ts';
import { FakeClock } from '../support/fake-clock.ts';

function setUp(untried: number) {
  const clock = new FakeClock();
  const states = { untried };
  return { clock, states, readiness: readinessOf(clock, states) };
}

describe('readinessOf', () => {
  it('waits for each untried query', () => {
    const { states, readiness } = setUp(2);
    expect(readiness.waiting()).toBe(2);
    states.untried = 1;
    expect(readiness.waiting()).toBe(1);
    states.untried = 0;
    expect(readiness.waiting()).toBe(0);
  });

  it('is ready immediately without queries', () => {
    expect(setUp(0).readiness.waiting()).toBe(0);
  });

  it('waits 60 s from the start of the exporter, not of the machine', async () => {
    const clock = new FakeClock();
    await clock.advance(3_600_000);
    const readiness = readinessOf(clock, { untried: 1 });
    expect(readiness.waiting()).toBe(1);
    await clock.advance(60_000);
    expect(readiness.waiting()).toBe(0);
  });

  it('waits at most 60 s', async () => {
    const { clock, readiness } = setUp(3);
    await clock.advance(59_999);
    expect(readiness.waiting()).toBe(3);
    await clock.advance(1);
    expect(readiness.waiting()).toBe(0);
  });

  it('stays ready if queries are added later', () => {
    const { states, readiness } = setUp(0);
    expect(readiness.waiting()).toBe(0);
    states.untried = 5;
    expect(readiness.waiting()).toBe(0);
  });

  it('ignores jumps of the wall clock', () => {
    const { clock, readiness } = setUp(1);
    clock.jump(3_600_000);
    expect(readiness.waiting()).toBe(1);
  });
});
