import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Registration, Schedule } from '../../src/model/query.ts';
import type { Run, RunActions, Runnable, Span, StepResult, Window } from '../../src/model/run.ts';
import { Dispatcher } from '../../src/scheduler/dispatcher.ts';
import { DueWindows, newestDue, newestWindow, offsetOf, windowOf } from '../../src/scheduler/due-windows.ts';
import type { EarlierRuns, Permission, RunJournal } from '../../src/scheduler/run-journal.ts';
import { Runs } from '../../src/scheduler/runs.ts';
import { Targets } from '../../src/scheduler/target.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { handleOf } from '../support/handles.ts';
import { RecordingLog } from '../support/recording-log.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SCHEDULE: Schedule = { every: 15 * MINUTE, lookback: 15 * MINUTE, delay: 2 * MINUTE, timeout: 10 * MINUTE };
const QUERY: Runnable = { name: 'q', account: 'default', region: 'eu-west-1', schedule: SCHEDULE };

describe('windows that an earlier process ran', () => {
  const schedules = fc
    .tuple(fc.integer({ min: 1, max: 1440 }), fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 120 }))
    .map(([every, lookback, delay]) => ({
      every: every * MINUTE,
      lookback: Math.min(lookback, every) * MINUTE,
      delay: delay * MINUTE,
      timeout: MINUTE,
    }));

  test('runs only windows that no earlier process ran, after any downtime', () => {
    fc.assert(
      fc.property(schedules, fc.integer({ min: -59, max: 10_000 }), (schedule, minutes) => {
        const clock = new FakeClock();
        const covered = windowOf(schedule, newestWindow(schedule, clock.now()));
        clock.jump(minutes * MINUTE);
        const landed = newestWindow(schedule, clock.now());
        fc.pre(landed >= covered.n);
        const windows = new DueWindows('q', schedule, clock, [spanOf(covered)]);
        expect(windows.first?.window.n).toBe(landed > covered.n ? landed : undefined);
        const ran: number[] = [];
        for (let look = 0; look < 300; look += 1) {
          clock.jump(schedule.every / 3);
          const due = windows.check();
          if (due?.wanted !== undefined) {
            ran.push(due.wanted.window.n);
          }
        }
        const next = Math.max(landed, covered.n) + 1;
        const newest = newestDue(schedule, clock.now(), offsetOf('q', schedule));
        expect(ran).toEqual(Array.from({ length: newest - next + 1 }, (_, i) => next + i));
        expect(ran.length).toBeGreaterThan(30);
      }),
    );
  });

  test('skips windows that an earlier process ran with another interval', () => {
    const clock = new FakeClock();
    const noon = clock.now();
    const hourly = { ...SCHEDULE, every: HOUR, lookback: HOUR };
    clock.jump(20 * MINUTE);
    // The hour before noon was run. Its quarters are not run again, but the first one after it is.
    const windows = new DueWindows('q', SCHEDULE, clock, [spanOf(windowOf(hourly, noon / HOUR))]);
    expect(windows.first?.window).toMatchObject({ start: noon, end: noon + 15 * MINUTE });
    expect(new DueWindows('q', SCHEDULE, clock, [{ start: noon, end: noon + 15 * MINUTE }]).first).toBeUndefined();
  });

  test.each([2, 4, 8, 35_040])('ignores earlier windows that are %i windows ahead of the clock', (ahead) => {
    const clock = new FakeClock();
    const landed = newestWindow(SCHEDULE, clock.now());
    const ran = spanOf(windowOf(SCHEDULE, landed + ahead));
    const windows = new DueWindows('q', SCHEDULE, clock, [ran]);
    expect(windows.wasSetBack).toBe(true);
    expect(windows.first?.window.n).toBe(landed);
    expect(windows.nextDueAt()).toBeLessThan(clock.now() + 2 * SCHEDULE.every);
    clock.jump(ahead * SCHEDULE.every);
    expect(windows.check()?.wanted, 'it really ran').toBeUndefined();
  });

  test('skips an earlier window that is one window ahead of the clock', () => {
    const clock = new FakeClock();
    const landed = newestWindow(SCHEDULE, clock.now());
    const windows = new DueWindows('q', SCHEDULE, clock, [
      { start: (landed - 3) * SCHEDULE.every, end: (landed + 1) * SCHEDULE.every },
    ]);
    expect(windows.wasSetBack).toBe(false);
    expect(windows.first).toBeUndefined();
    expect(windows.nextDueAt()).toBeGreaterThan((landed + 2) * SCHEDULE.every);
  });
});

function spanOf({ start, end }: Pick<Window, 'start' | 'end'>): Span {
  return { start, end };
}

/** Sets up the runs of a process with a journal that records its calls. */
function setUp(
  clock: FakeClock,
  answers: {
    start?: Promise<unknown>;
    startResult?: StepResult;
    starting?: Promise<unknown>;
    permission?: () => Permission;
    /** Another process has the window of the first run that is started. */
    isTaken?: boolean;
  } = {},
) {
  const targets = new Targets(clock);
  targets.add('default', 'eu-west-1', { requestsPerSecond: 100, maxConcurrentRequests: 8 });
  const dispatcher = new Dispatcher({ clock, log: new RecordingLog(), targets, concurrency: 256, timeLimit: 600_000 });
  const calls: string[] = [];
  const step =
    (name: string, result: StepResult) =>
    async (_query: Registration<Runnable>, run: Run): Promise<StepResult> => {
      calls.push(`${name} ${run.queryId ?? '-'}`);
      return result;
    };
  const actions: RunActions<Runnable> = {
    async start(_query, run) {
      calls.push('start');
      await answers.start;
      run.queryId = 'new';
      return answers.startResult ?? 'done';
    },
    status: step('status', 'again'),
    results: step('results', 'done'),
    stop: step('stop', 'done'),
    ended: (_query, run, outcome) => calls.push(`${outcome} ${run.queryId}`),
    skipped: (_query, windows) => calls.push(`skipped ${windows}`),
    clockSetBack: (queries) => calls.push(`set back ${queries}`),
  };
  const journal: RunJournal<Runnable> = {
    async starting() {
      calls.push('journal: starting');
      await answers.starting;
      return answers.permission?.() ?? 'stored';
    },
    started(_query, run, abandon) {
      calls.push(`journal: started ${run.queryId}`);
      if (answers.isTaken) {
        abandon();
      }
    },
    stopping: async () => answers.permission?.() ?? 'stored',
    over(_query, _run, end, count) {
      count();
      calls.push(`journal: ${end}`);
    },
  };
  const runs = new Runs<Runnable>({
    clock,
    targets,
    dispatcher,
    actions,
    runLimitOf: () => 1,
    rateOf: () => 0,
    journal,
    leavesRuns: true,
  });
  dispatcher.start();
  runs.start();
  onTestFinished(() => dispatcher.stop());
  const target = targets.get('default', 'eu-west-1');
  return { runs, dispatcher, calls, active: () => runs.of(target)?.active };
}

function inFlight(clock: FakeClock, age: number): EarlierRuns {
  const window = windowOf(SCHEDULE, newestWindow(SCHEDULE, clock.now()));
  const startedAt = clock.monotonic() - age;
  return {
    covered: [spanOf(window)],
    inFlight: {
      window,
      queryId: 'old',
      startedAt,
      terminalAt: undefined,
      wantedAt: startedAt,
      covered: [],
      isUnconfirmed: false,
    },
  };
}

describe('Runs with a journal', () => {
  test('starts a run only after the journal has stored it', async () => {
    const clock = new FakeClock();
    let write: () => void = () => undefined;
    const { runs, calls } = setUp(clock, {
      starting: new Promise<void>((resolve) => {
        write = resolve;
      }),
    });
    runs.add(handleOf(QUERY));
    await clock.advance(5_000);
    expect(calls).toEqual(['journal: starting']);
    write();
    await clock.advance(10);
    expect(calls).toEqual(['journal: starting', 'start', 'journal: started new']);
  });

  test('starts a run once the journal can store it', async () => {
    const clock = new FakeClock();
    let permission: Permission = 'later';
    const { runs, calls } = setUp(clock, { permission: () => permission });
    runs.add(handleOf(QUERY));
    await clock.advance(MINUTE);
    expect(new Set(calls)).toEqual(new Set(['journal: starting']));
    permission = 'stored';
    await clock.advance(MINUTE);
    expect(calls).toContain('start');
    expect(calls).not.toContain('skipped 1');
  });

  test('skips windows while the journal cannot store them', async () => {
    const clock = new FakeClock();
    const { runs, calls } = setUp(clock, { permission: () => 'later' });
    runs.add(handleOf(QUERY));
    await clock.advance(HOUR);
    expect(calls).not.toContain('start');
    expect(calls.filter((call) => call !== 'journal: starting')).toEqual([
      'skipped 1',
      'skipped 1',
      'skipped 1',
      'skipped 1',
    ]);
  });

  test('runs the window once that a run takes while the journal cannot store it', async () => {
    const clock = new FakeClock();
    let permission: Permission = 'later';
    const { runs, calls } = setUp(clock, { permission: () => permission });
    runs.add(handleOf({ ...QUERY, schedule: { ...SCHEDULE, timeout: 2 * MINUTE } }));
    await clock.advance(25 * MINUTE);
    permission = 'stored';
    await clock.advance(6 * MINUTE);
    const others = ['journal: starting', 'status new', 'stop new'];
    expect(calls.filter((call) => !others.includes(call))).toEqual([
      'skipped 1',
      'skipped 1',
      'start',
      'journal: started new',
      'timed_out new',
      'journal: timed_out',
    ]);
  });

  test('counts no window as skipped if the clock is set back', async () => {
    const clock = new FakeClock();
    const { runs, calls } = setUp(clock, { permission: () => 'later' });
    runs.add(handleOf(QUERY));
    await clock.advance(MINUTE);
    clock.jump(-2 * HOUR);
    await clock.advance(MINUTE);
    expect(calls.filter((call) => call !== 'journal: starting')).toEqual(['set back 1']);
  });

  test('reports windows of an earlier process that are ahead of the clock once', async () => {
    const clock = new FakeClock();
    const { runs, calls } = setUp(clock);
    const ran = spanOf(windowOf(SCHEDULE, newestWindow(SCHEDULE, clock.now()) + 4));
    runs.add(handleOf(QUERY), { covered: [ran], inFlight: undefined });
    await clock.advance(MINUTE);
    expect(calls.filter((call) => call.startsWith('set back'))).toEqual(['set back 1']);
  });

  test('skips a window if the journal cannot store it until the next one is due', async () => {
    const clock = new FakeClock();
    let write: () => void = () => undefined;
    const { runs, calls } = setUp(clock, {
      starting: new Promise<void>((resolve) => {
        write = resolve;
      }),
      permission: () => 'later',
    });
    runs.add(handleOf({ ...QUERY, schedule: { ...SCHEDULE, every: MINUTE, lookback: MINUTE, delay: 0 } }));
    await clock.advance(1.75 * MINUTE);
    write();
    await clock.advance(100);
    expect(calls).toEqual(['journal: starting', 'skipped undefined', 'journal: skipped', 'journal: starting']);
  });

  test('stores no ID of a start that failed', async () => {
    const clock = new FakeClock();
    const { runs, calls } = setUp(clock, { startResult: 'retry' });
    runs.add(handleOf(QUERY));
    await clock.advance(500);
    expect(calls).toEqual(['journal: starting', 'start']);
  });

  test('stops a started run whose window another process has, also during a shutdown', async () => {
    const clock = new FakeClock();
    let isStoppable = false;
    const { runs, dispatcher, calls } = setUp(clock, {
      isTaken: true,
      permission: () => (isStoppable || calls.length === 1 ? 'stored' : 'later'),
    });
    runs.add(handleOf(QUERY));
    await clock.advance(500);
    expect(calls).toEqual(['journal: starting', 'start', 'journal: started new']);
    dispatcher.windDown();
    const stopped = runs.stop();
    isStoppable = true;
    await clock.advance(2_000);
    await stopped;
    expect(calls.slice(3)).toEqual(['stop new', 'journal: abandoned']);
  });

  test('ends a run that timed out if the journal cannot store five calls to stop it', async () => {
    const clock = new FakeClock();
    const { runs, calls } = setUp(clock, { permission: () => 'later' });
    runs.add(handleOf(QUERY), inFlight(clock, SCHEDULE.timeout - 1_000));
    await clock.advance(10_000);
    expect(calls.filter((call) => !call.startsWith('status'))).toEqual(['timed_out old', 'journal: timed_out']);
  });

  test('leaves a window that another process has taken', async () => {
    const clock = new FakeClock();
    const { runs, calls, active } = setUp(clock, { permission: () => 'taken' });
    runs.add(handleOf(QUERY));
    await clock.advance(MINUTE);
    expect(calls).toEqual(['journal: starting']);
    expect(active()).toBe(0);
  });

  test('does not stop a run that another process has taken', async () => {
    const clock = new FakeClock();
    const { runs, calls } = setUp(clock, { permission: () => 'taken' });
    const query = handleOf(QUERY);
    runs.add(query, inFlight(clock, SCHEDULE.timeout - 1_000));
    await clock.advance(MINUTE);
    expect(calls.filter((call) => !call.startsWith('status'))).toEqual([]);
  });

  test('follows a run that another process has started', async () => {
    const clock = new FakeClock();
    const { runs, calls } = setUp(clock, { permission: () => 'taken' });
    const query = handleOf(QUERY);
    const { inFlight: run } = inFlight(clock, 0);
    runs.add(query);
    await clock.advance(1_000);
    expect(run && runs.resume(query, run)).toBe(true);
    expect(run && runs.resume(query, run), 'it has a run').toBe(false);
    await clock.advance(10_000);
    expect(calls).toContain('status old');
  });

  test('resumes a run in flight with its slot until its own timeout', async () => {
    const clock = new FakeClock();
    const { runs, calls, active } = setUp(clock);
    runs.add(handleOf(QUERY), inFlight(clock, SCHEDULE.timeout - 30_000));
    runs.add(handleOf({ ...QUERY, name: 'other' }));
    await clock.advance(29_000);
    expect(active()).toBe(1);
    expect(new Set(calls)).toEqual(new Set(['status old']));
    await clock.advance(20_000);
    expect(calls.slice(calls.indexOf('stop old'))).toEqual([
      'stop old',
      'timed_out old',
      'journal: timed_out',
      'journal: starting',
      'start',
      'journal: started new',
      ...calls.filter((each) => each === 'status new'),
    ]);
  });

  test('leaves runs at the service on shutdown', async () => {
    const clock = new FakeClock();
    const { runs, dispatcher, calls } = setUp(clock);
    runs.add(handleOf(QUERY));
    await clock.advance(10_000);
    dispatcher.windDown();
    await runs.stop();
    expect(calls.filter((each) => !each.startsWith('status'))).toEqual([
      'journal: starting',
      'start',
      'journal: started new',
    ]);
  });

  test('waits on shutdown for a start in flight, so that the journal has its ID', async () => {
    const clock = new FakeClock();
    let answer: () => void = () => undefined;
    const { runs, dispatcher, calls } = setUp(clock, {
      start: new Promise<void>((resolve) => {
        answer = resolve;
      }),
    });
    runs.add(handleOf(QUERY));
    await clock.advance(1_000);
    dispatcher.windDown();
    const stopped = runs.stop();
    await clock.advance(1_000);
    answer();
    await stopped;
    expect(calls).toEqual(['journal: starting', 'start', 'journal: started new']);
  });

  test('revokes a run if the shutdown begins while the journal is written', async () => {
    const clock = new FakeClock();
    let write: () => void = () => undefined;
    const { runs, dispatcher, calls } = setUp(clock, {
      starting: new Promise<void>((resolve) => {
        write = resolve;
      }),
    });
    runs.add(handleOf(QUERY));
    await clock.advance(1_000);
    dispatcher.windDown();
    const stopped = runs.stop();
    write();
    await stopped;
    expect(calls).toEqual(['journal: starting', 'journal: refused']);
  });
});
