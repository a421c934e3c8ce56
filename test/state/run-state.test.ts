import { describe, expect, it } from 'vitest';
import { KeptJson } from '../../src/results/kept-json.ts';
import type { ChangedField } from '../../src/state/changed-fields.ts';
import { QueryStates } from '../../src/state/query-state.ts';
import { areStale, RunStates } from '../../src/state/run-state.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { handleOf } from '../support/handles.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { scheduledQuery } from '../support/scheduled-query.ts';

const MINUTE = 60_000;

function setUp() {
  const clock = new FakeClock();
  const log = new RecordingLog();
  const { changed } = new QueryStates({ clock, giveUpAfter: 3_600_000, log });
  const runs = new RunStates({ clock, log, changed });
  const query = handleOf(scheduledQuery());
  const state = runs.register(query);
  const changes: (readonly ChangedField[])[] = [];
  changed.on((_, fields) => changes.push(fields));
  const sources: string[] = [];
  runs.newResults.on((_, _series, from) => sources.push(from));
  return { clock, log, runs, query, state, changes, sources };
}

const resultsOf = async (windowEnd: number) => ({
  at: windowEnd,
  windowEnd,
  length: 15 * MINUTE,
  rows: 0,
  dropped: 0,
  json: await KeptJson.of([]),
});

describe('RunStates', () => {
  it('restores the last run and results of an earlier process', async () => {
    const { clock, runs, query, state, changes, sources } = setUp();
    runs.restore(query, { lastOutcome: 'failed', lastQueryId: 'id', lastDuration: 1_000 });
    expect(state).toMatchObject({ lastOutcome: 'failed', lastQueryId: 'id', lastDuration: 1_000 });
    // Every 15m, with a delay of 2m and a timeout of 10m: stale after 57m.
    runs.restoreResults(query, await resultsOf(clock.now() - 50 * MINUTE), []);
    expect(changes).toEqual([['lastOutcome', 'lastQueryId', 'lastDuration'], ['results']]);
    expect(sources).toEqual(['restored']);
    await clock.advance(7 * MINUTE);
    expect(areStale(state, clock.monotonic())).toBe(false);
    await clock.advance(1);
    expect(areStale(state, clock.monotonic())).toBe(true);
  });

  it('limits the age of results that seem older than they can be', async () => {
    const { clock, runs, query, state, sources } = setUp();
    // The wall clock has jumped. No window ends more than 42m before its results are read.
    runs.resultsRead(query, await resultsOf(clock.now() - 24 * 60 * MINUTE), [], 0);
    expect(sources).toEqual(['read']);
    await clock.advance(15 * MINUTE);
    expect(areStale(state, clock.monotonic())).toBe(false);
    await clock.advance(1);
    expect(areStale(state, clock.monotonic())).toBe(true);
  });

  it('adds totals and truncated label values, and keeps them without new ones', async () => {
    const { clock, runs, query, state } = setUp();
    for (const [total, truncated] of [
      [5, 2],
      [undefined, 0],
      [7, 1],
    ] as const) {
      runs.resultsRead(query, await resultsOf(clock.now()), [], truncated);
      runs.addTotal(query, total);
    }
    expect(state).toMatchObject({ total: 12, truncatedLabelValues: 3 });
  });

  it('keeps the last duration of runs without a terminal status', () => {
    const { runs, query, state, changes } = setUp();
    runs.ended(query, 'succeeded', 4_000);
    runs.ended(query, 'timed_out', undefined);
    runs.skipped(query, 3);
    expect(state).toMatchObject({ lastDuration: 4_000, lastOutcome: 'timed_out' });
    expect(state.runs).toMatchObject({ succeeded: 1, timed_out: 1, skipped: 3 });
    expect(state.recent.list().map(({ outcome }) => outcome)).toEqual(['succeeded', 'timed_out', 'skipped']);
    expect(changes.at(-1)).toEqual(['runs', 'recent']);
  });
});
