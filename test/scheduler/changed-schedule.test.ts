import { describe, expect, it } from 'vitest';
import type { Schedule } from '../../src/model/query.ts';
import type { Run, RunActions, Runnable, RunOutcome, StepResult } from '../../src/model/run.ts';
import { Dispatcher } from '../../src/scheduler/dispatcher.ts';
import { Runs } from '../../src/scheduler/runs.ts';
import { Targets } from '../../src/scheduler/target.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { Handles, handleOf } from '../support/handles.ts';
import { RecordingLog } from '../support/recording-log.ts';

const MINUTE = 60_000;
const SCHEDULE: Schedule = { every: 15 * MINUTE, lookback: 15 * MINUTE, delay: 2 * MINUTE, timeout: 5 * MINUTE };

interface MutableQuery extends Runnable {
  schedule: Schedule;
}

type Script = Partial<Record<'start' | 'status' | 'results' | 'stop', () => StepResult>>;

/** Runs `count` queries of one target. Each step succeeds unless the script has another result for it. */
function running(count: number, options: { script?: Script; limit?: number } = {}) {
  const { script = {} } = options;
  let { limit = 5 } = options;
  const clock = new FakeClock();
  const targets = new Targets(clock);
  const target = targets.add('default', 'eu-west-1', { requestsPerSecond: 100, maxConcurrentRequests: 8 });
  const log = new RecordingLog();
  const dispatcher = new Dispatcher({ clock, log, targets, concurrency: 64, timeLimit: 600_000 });
  const ended: { readonly outcome: RunOutcome; readonly run: Run }[] = [];
  const calls: { readonly step: string; readonly at: number }[] = [];
  const step = (name: keyof Script, run?: Run) => {
    calls.push({ step: name, at: clock.monotonic() });
    const result = script[name]?.() ?? 'done';
    if (name === 'start' && result === 'done' && run !== undefined) {
      run.queryId = `id-${calls.length}`;
    }
    return result;
  };
  let skipped = 0;
  const actions: RunActions<Runnable> = {
    start: async (_query, run) => step('start', run),
    status: async () => step('status'),
    results: async () => step('results'),
    stop: async () => step('stop'),
    ended: (_query, run, outcome) => ended.push({ run, outcome }),
    skipped: (_query, windows) => {
      skipped += windows;
    },
    clockSetBack: () => undefined,
  };
  const runs = new Runs<Runnable>({
    clock,
    targets,
    dispatcher,
    actions,
    runLimitOf: () => limit,
    journal: undefined,
    leavesRuns: false,
    rateOf: ({ schedule }) => 60_000 / schedule.every,
  });
  const handles = new Handles<Runnable>();
  const queries = Array.from({ length: count }, (_, i): MutableQuery => {
    return { name: `q${i}`, account: 'default', region: 'eu-west-1', schedule: SCHEDULE };
  });
  for (const query of queries) {
    runs.add(handles.add(query));
  }
  dispatcher.start();
  runs.start();
  return {
    clock,
    target,
    runs,
    ended,
    skipped: () => skipped,
    timesOf: (name: string) => calls.flatMap((call) => (call.step === name ? [call.at] : [])),
    nextRun: (name: string) => handles.with(name, (handle) => runs.nextRun(handle)),
    remove: (name: string) => handles.remove(name, (handle) => runs.remove(handle)),
    setLimit(value: number) {
      limit = value;
      runs.limitsChanged();
    },
    setSchedule(schedule: Schedule) {
      for (const query of queries) {
        query.schedule = schedule;
        handles.with(query.name, (handle) => runs.change(handle));
      }
    },
  };
}

/** A status that is never terminal. */
const endless: Script = { status: () => 'again' };

describe('a changed schedule', () => {
  it('applies from its next window on', async () => {
    const { clock, ended, setSchedule } = running(1);
    await clock.advance(20 * MINUTE);
    const before = ended.splice(0).at(-1)?.run.window.end ?? Number.NaN;
    setSchedule({ ...SCHEDULE, every: 5 * MINUTE, lookback: 5 * MINUTE });
    await clock.advance(30 * MINUTE);
    const windows = ended.map(({ run }) => run.window);
    expect(windows.length).toBeGreaterThanOrEqual(5);
    expect(windows[0]?.start).toBeGreaterThanOrEqual(before);
    expect(windows.map(({ start, end }) => end - start)).toEqual(windows.map(() => 5 * MINUTE));
    expect(windows.slice(1).map(({ start }) => start)).toEqual(windows.slice(0, -1).map(({ end }) => end));
  });

  it('changes the planned requests per second', () => {
    const { target, runs, setSchedule } = running(3);
    expect(runs.planned().get(target)).toBeCloseTo(0.2);
    setSchedule({ ...SCHEDULE, every: 5 * MINUTE });
    expect(runs.planned().get(target)).toBeCloseTo(0.6);
  });

  it('runs no window twice if only the delay is longer', async () => {
    const { clock, ended, nextRun, setSchedule } = running(1);
    await clock.advance(20 * MINUTE);
    const { n } = ended.at(-1)?.run.window ?? expect.fail('no run');
    setSchedule({ ...SCHEDULE, delay: 12 * MINUTE });
    const next = nextRun('q0') ?? Number.NaN;
    expect(next).toBeGreaterThanOrEqual((n + 1) * SCHEDULE.every + 12 * MINUTE);
    await clock.advance(60 * MINUTE);
    const windows = ended.map(({ run }) => run.window.n);
    expect(new Set(windows).size).toBe(windows.length);
  });
});

describe('a changed concurrent-run limit', () => {
  it('starts waiting runs at once if it is raised', async () => {
    const { clock, target, runs, timesOf, setLimit } = running(6, { limit: 2, script: endless });
    await clock.advance(10_000);
    expect([runs.of(target), timesOf('start').length]).toEqual([{ active: 2, waiting: 4, limit: 2 }, 2]);
    setLimit(5);
    await clock.advance(1);
    expect([runs.of(target), timesOf('start').length]).toEqual([{ active: 5, waiting: 1, limit: 5 }, 5]);
  });

  it('stops no run if it is reduced', async () => {
    const { clock, target, runs, timesOf, setLimit } = running(3, { script: endless });
    await clock.advance(10_000);
    setLimit(1);
    await clock.advance(MINUTE);
    expect(runs.of(target)).toEqual({ active: 3, waiting: 0, limit: 1 });
    expect(timesOf('stop')).toEqual([]);
  });
});

describe('a forgotten target', () => {
  it('has no runs', async () => {
    const { clock, target, runs, remove } = running(1);
    await clock.advance(MINUTE);
    remove('q0');
    runs.forget(target);
    expect(runs.of(target)).toBeUndefined();
  });
});

describe('the time of the next run', () => {
  it('is unknown while a run is in flight and after the removal of the query', async () => {
    let status: StepResult = 'again';
    const { clock, nextRun, remove } = running(1, { script: { status: () => status } });
    await clock.advance(MINUTE);
    expect(nextRun('q0')).toBeUndefined();
    status = 'done';
    await clock.advance(MINUTE);
    const next = nextRun('q0') ?? Number.NaN;
    expect(next).toBeGreaterThan(clock.now());
    expect(next - clock.now()).toBeLessThan(2 * SCHEDULE.every);
    remove('q0');
    expect(nextRun('q0')).toBeUndefined();
  });

  it('is unknown while a run waits for a slot, and of a query that is not scheduled', async () => {
    const { clock, runs, nextRun } = running(2, { limit: 1, script: endless });
    await clock.advance(MINUTE);
    expect(nextRun('q1')).toBeUndefined();
    const other = handleOf<Runnable>({ name: 'other', account: 'default', region: 'eu-west-1', schedule: SCHEDULE });
    expect(runs.nextRun(other)).toBeUndefined();
  });
});

describe('a run', () => {
  it('fails if its results cannot be read before its timeout, and is not stopped', async () => {
    const { clock, ended, timesOf } = running(1, { script: { results: () => 'retry' } });
    await clock.advance(5.2 * MINUTE);
    expect(ended.map(({ outcome }) => outcome)).toEqual(['results_failed']);
    expect(timesOf('stop')).toEqual([]);
    // The next window was due before.
    const [first, next] = timesOf('start');
    expect((next ?? Number.NaN) - (first ?? Number.NaN)).toBeLessThanOrEqual(SCHEDULE.timeout + 1);
  });

  it('ends after five failed calls to stop it', async () => {
    const { clock, ended, timesOf } = running(1, { script: { ...endless, stop: () => 'retry' } });
    await clock.advance(5.2 * MINUTE);
    expect(timesOf('stop')).toHaveLength(5);
    expect(ended.map(({ outcome, run }) => [outcome, run.terminalAt])).toEqual([['timed_out', undefined]]);
    expect(timesOf('start'), 'the next window was due before').toHaveLength(2);
  });

  it('has exponential backoff of up to a minute after failed calls', async () => {
    const { clock, timesOf } = running(1, { script: { results: () => 'silent' } });
    await clock.advance(4.9 * MINUTE);
    const times = timesOf('results');
    const waits = times.slice(1).map((time, i) => Math.round((time - (times[i] ?? 0)) / 1_000));
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60, 60].slice(0, waits.length));
    expect(waits.length).toBeGreaterThan(8);
  });

  it('reads further pages of results without a wait', async () => {
    let pages = 0;
    const results = () => {
      pages += 1;
      return pages < 20 ? 'again' : 'done';
    };
    const { clock, ended, timesOf } = running(1, { script: { results } });
    await clock.advance(MINUTE);
    const times = timesOf('results');
    expect(ended.map(({ outcome }) => outcome)).toEqual(['succeeded']);
    expect(times).toHaveLength(20);
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeLessThan(1_000);
  });
});
