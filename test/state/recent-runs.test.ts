import { describe, expect, test } from 'vitest';
import { RECENT_RUNS, RecentRuns } from '../../src/state/recent-runs.ts';

describe('RecentRuns', () => {
  test('returns the added runs, the oldest first', () => {
    const runs = new RecentRuns();
    expect(runs.list()).toEqual([]);
    const added = [
      { outcome: 'succeeded', at: 1_790_000_000_123, duration: 12_345.678 },
      { outcome: 'skipped', at: 1_790_000_060_000, duration: undefined },
      { outcome: 'timed_out', at: 1_790_000_120_000, duration: undefined },
    ] as const;
    for (const run of added) {
      runs.add(run);
    }
    expect(runs.list()).toEqual(added);
    expect(runs.count).toBe(3);
  });

  test('keeps a limited number of runs and counts all', () => {
    const runs = new RecentRuns();
    for (let at = 0; at < 3 * RECENT_RUNS + 1; at += 1) {
      runs.add({ outcome: 'failed', at, duration: at });
    }
    expect(runs.count).toBe(3 * RECENT_RUNS + 1);
    expect(runs.list().map(({ at }) => at)).toEqual(
      Array.from({ length: RECENT_RUNS }, (_, i) => 2 * RECENT_RUNS + 1 + i),
    );
  });
});
