import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Budget } from '../../src/scheduler/budget.ts';
import { FakeClock } from '../support/fake-clock.ts';

/** Returns the most sends within any second that starts with one of them. */
function mostInASecond(times: readonly number[]): number {
  return Math.max(0, ...times.map((start) => times.filter((time) => time >= start && time < start + 1_000).length));
}

function askAll(budget: Budget, clock: FakeClock, count: number): number[] {
  const sent: number[] = [];
  for (let i = 0; i < count; i += 1) {
    void budget.acquire().then(() => sent.push(clock.monotonic()));
  }
  return sent;
}

describe('Budget', () => {
  it('never sends more than the budget within any second', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: 0.1, max: 40, noNaN: true }),
        fc.array(fc.integer({ min: 0, max: 3_000 }), { minLength: 1, maxLength: 12 }),
        async (rate, pauses) => {
          const clock = new FakeClock();
          const budget = new Budget(rate, clock);
          const sent: number[] = [];
          for (const pause of pauses) {
            for (let i = 0; i < 5; i += 1) {
              void budget.acquire().then(() => sent.push(clock.monotonic()));
            }
            await clock.advance(pause);
          }
          await clock.advance((sent.length + 60) * Math.ceil(1_100 / rate));
          expect(sent).toHaveLength(pauses.length * 5);
          expect(mostInASecond(sent)).toBeLessThanOrEqual(Math.ceil(rate));
        },
      ),
      { numRuns: 50 },
    );
  });

  it('applies a changed limit immediately within any second', async () => {
    const limit = fc.double({ min: 0.2, max: 40, noNaN: true });
    await fc.assert(
      fc.asyncProperty(limit, limit, fc.integer({ min: 0, max: 3_000 }), async (first, second, pause) => {
        const clock = new FakeClock();
        const budget = new Budget(first, clock);
        const sent = askAll(budget, clock, 60);
        await clock.advance(pause);
        const before = sent.length;
        budget.setLimit(second);
        await clock.advance(Math.ceil(70_000 / second) + 2_000);
        expect(sent).toHaveLength(60);
        expect(mostInASecond(sent)).toBeLessThanOrEqual(Math.ceil(Math.max(first, second)));
        const next = sent.slice(before);
        expect(mostInASecond(next)).toBeLessThanOrEqual(Math.ceil(second));
        const last = sent[before - 1] ?? 0;
        expect((next[0] ?? last) - Math.max(last, pause)).toBeLessThanOrEqual(Math.ceil(1_000 / second) + 1_030);
      }),
      { numRuns: 50 },
    );
  });

  it('keeps a reduced rate when the limit changes', async () => {
    const clock = new FakeClock();
    const budget = new Budget(8, clock);
    budget.throttled();
    budget.setLimit(10);
    expect([budget.rate, budget.limit]).toEqual([4, 10]);
    await clock.advance(100_000);
    expect(budget.rate).toBe(10);
    budget.setLimit(2);
    expect(budget.rate).toBe(2);
  });

  it('spaces attempts by the new limit after a change', async () => {
    const clock = new FakeClock();
    const budget = new Budget(0.5, clock);
    const sent = askAll(budget, clock, 2);
    await clock.advance(500);
    budget.setLimit(1);
    await clock.advance(2_000);
    expect(sent).toEqual([0, 1_500]);
  });

  it('spaces attempts evenly within the budget', async () => {
    const clock = new FakeClock();
    const sent = askAll(new Budget(4, clock), clock, 12);
    await clock.advance(10_000);
    const gaps = sent.slice(1).map((time, i) => time - (sent[i] ?? 0));
    expect(sent).toHaveLength(12);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(240);
  });

  it('uses nearly the whole budget under constant load', async () => {
    const clock = new FakeClock();
    const sent = askAll(new Budget(20, clock), clock, 500);
    await clock.advance(10_000);
    expect(sent.length).toBeGreaterThanOrEqual(190);
    expect(sent.length).toBeLessThanOrEqual(201);
  });

  it('sends one attempt in two seconds with a budget of 0.5', async () => {
    const clock = new FakeClock();
    const sent = askAll(new Budget(0.5, clock), clock, 3);
    await clock.advance(6_000);
    expect(sent).toEqual([0, 2_000, 4_000]);
  });

  it('halves the rate once per second on throttling and recovers by a hundredth of the limit per second', async () => {
    const clock = new FakeClock();
    const budget = new Budget(10, clock);
    expect(budget.throttled()).toBe(true);
    expect(budget.rate).toBe(5);
    await clock.advance(999);
    expect(budget.throttled()).toBe(false);
    await clock.advance(9_001);
    expect(budget.rate).toBeCloseTo(6, 6);
    expect(budget.throttled()).toBe(true);
    expect(budget.rate).toBeCloseTo(3, 6);
    await clock.advance(200_000);
    expect(budget.rate).toBe(10);
  });

  it('never reduces the rate to zero', async () => {
    const clock = new FakeClock();
    const budget = new Budget(8, clock);
    for (let i = 0; i < 100; i += 1) {
      budget.throttled();
      await clock.advance(1_000);
    }
    expect(budget.rate).toBeGreaterThanOrEqual(0.25);
  });

  it('delays a new call until the first attempt of a started call is sent', async () => {
    const clock = new FakeClock();
    const budget = new Budget(5, clock);
    expect(budget.startsIn()).toBe(0);
    const place = budget.reserve();
    expect(budget.startsIn()).toBe(Number.POSITIVE_INFINITY);
    let freed = 0;
    budget.onFree = () => {
      freed += 1;
    };
    place();
    place();
    expect(freed).toBe(1);
    expect(budget.startsIn()).toBe(0);
  });

  it('delays new calls while retries wait', async () => {
    const clock = new FakeClock();
    const budget = new Budget(5, clock);
    const sent = askAll(budget, clock, 3);
    await clock.advance(100);
    expect([sent.length, budget.startsIn()]).toEqual([1, Number.POSITIVE_INFINITY]);
    await clock.advance(400);
    expect(sent.length).toBe(3);
    expect(budget.startsIn()).toBeGreaterThan(50);
    expect(budget.startsIn()).toBeLessThan(100);
    await clock.advance(100);
    expect(budget.startsIn()).toBe(0);
  });

  it('rejects an attempt that was aborted before', async () => {
    const clock = new FakeClock();
    const budget = new Budget(1, clock);
    await expect(budget.acquire(AbortSignal.abort(new Error('aborted')))).rejects.toThrow('aborted');
    await clock.advance(0);
    expect(budget.startsIn()).toBe(0);
  });

  it('removes a waiting attempt that is aborted', async () => {
    const clock = new FakeClock();
    const budget = new Budget(1, clock);
    await budget.acquire();
    const given = new AbortController();
    const waiting = budget.acquire(given.signal);
    const sent = askAll(budget, clock, 1);
    given.abort(new Error('given up'));
    await expect(waiting).rejects.toThrow('given up');
    await clock.advance(1_100);
    expect(sent).toHaveLength(1);
  });
});
