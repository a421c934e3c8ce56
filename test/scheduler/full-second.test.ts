import { describe, expect, it } from 'vitest';
import { Budget } from '../../src/scheduler/budget.ts';
import { FakeClock } from '../support/fake-clock.ts';

/** A second in which attempts with different network delays arrive within the limit, in milliseconds. */
const SECOND = 1_030;

/** Sends `count` attempts after an idle time, with a limit that is changed after some milliseconds. */
async function sends(count: number, limit: number, changed?: { readonly after: number; readonly limit: number }) {
  const clock = new FakeClock();
  const budget = new Budget(limit, clock);
  await clock.advance(10_000);
  const sent: number[] = [];
  for (let i = 0; i < count; i += 1) {
    void budget.acquire().then(() => sent.push(clock.monotonic() - 10_000));
  }
  if (changed !== undefined) {
    await clock.advance(changed.after);
    budget.setLimit(changed.limit);
  }
  await clock.advance(60_000);
  expect(sent).toHaveLength(count);
  return sent;
}

/** Returns the times between each attempt and the one `limit` attempts before. */
function spansOf(limit: number, times: readonly number[]): number[] {
  return times.slice(limit).map((time, i) => time - (times[i] ?? 0));
}

describe('a request budget', () => {
  it.each([1, 2, 5, 20])('sends %d attempts at most in any second after an idle time', async (limit) => {
    const spans = spansOf(limit, await sends(5 * limit + 1, limit));
    expect(Math.min(...spans)).toBeGreaterThanOrEqual(SECOND);
    expect(Math.max(...spans)).toBeLessThanOrEqual(SECOND + 2_000 / limit);
  });

  it.each([
    [10, 5],
    [5, 4],
    [20, 3],
  ])('counts the attempts of the last second when it is reduced from %d to %d', async (limit, reduced) => {
    const after = 950;
    const sent = await sends(40, limit, { after, limit: reduced });
    const before = sent.filter((time) => time <= after).length;
    const spans = spansOf(reduced, sent.slice(before - reduced));
    expect(before).toBeGreaterThan(reduced);
    expect(Math.min(...spans)).toBeGreaterThanOrEqual(SECOND);
  });

  it('counts the attempts of the last second when it is raised', async () => {
    const after = 950;
    const sent = await sends(40, 5, { after, limit: 6 });
    expect(Math.min(...spansOf(6, sent))).toBeGreaterThanOrEqual(SECOND);
    expect(sent.filter((time) => time > after && time <= after + 2_000).length).toBeGreaterThanOrEqual(10);
  });
});
