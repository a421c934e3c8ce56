import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Schedule } from '../../src/model/query.ts';
import type { Run, RunActions, Runnable, RunOutcome, StepResult } from '../../src/model/run.ts';
import { Dispatcher } from '../../src/scheduler/dispatcher.ts';
import { newestDue, offsetOf } from '../../src/scheduler/due-windows.ts';
import { Runs } from '../../src/scheduler/runs.ts';
import { type Target, Targets } from '../../src/scheduler/target.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { Handles } from '../support/handles.ts';
import { propertyRuns } from '../support/property-runs.ts';
import { RecordingLog } from '../support/recording-log.ts';

const MINUTE = 60_000;

const SCHEDULE: Schedule = { every: 15 * MINUTE, lookback: 15 * MINUTE, delay: 2 * MINUTE, timeout: 10 * MINUTE };

type Script = Partial<
  Record<'start' | 'status' | 'results' | 'stop', (query: Runnable, run: Run) => StepResult | Promise<StepResult>>
>;

interface Ended {
  readonly query: string;
  readonly n: number;
  readonly outcome: RunOutcome;
  readonly at: number;
  /** Milliseconds from the start to the terminal status. */
  readonly took: number | undefined;
}

function setUp(options: {
  readonly queries: readonly Runnable[];
  readonly script?: Script;
  readonly cap?: number;
  readonly requestsPerSecond?: number;
  readonly clock?: FakeClock;
}) {
  const clock = options.clock ?? new FakeClock();
  const targets = new Targets(clock);
  for (const { account, region } of options.queries) {
    targets.add(account, region, { requestsPerSecond: options.requestsPerSecond ?? 100, maxConcurrentRequests: 8 });
  }
  const dispatcher = new Dispatcher({ clock, log: new RecordingLog(), targets, concurrency: 256, timeLimit: 600_000 });
  const ended: Ended[] = [];
  const started: { query: string; n: number; at: number }[] = [];
  const stopped: string[] = [];
  let skipped = 0;
  const setBack: number[] = [];
  let ids = 0;
  let mostInFlight = 0;
  const script = options.script ?? {};
  const paced = async (query: Runnable, signal: AbortSignal) => {
    const { budget } = targets.get(query.account, query.region);
    const place = budget.reserve();
    await budget.acquire(signal);
    place();
  };
  const actions: RunActions<Runnable> = {
    async start({ query }, run, signal) {
      await paced(query, signal);
      const { active = 0 } = registered.of(targets.get(query.account, query.region)) ?? {};
      mostInFlight = Math.max(mostInFlight, active);
      const result = (await script.start?.(query, run)) ?? 'done';
      if (result === 'done') {
        run.queryId = `id-${ids++}`;
        started.push({ query: query.name, n: run.window.n, at: clock.monotonic() });
      }
      return result;
    },
    async status({ query }, run, signal) {
      await paced(query, signal);
      return (await script.status?.(query, run)) ?? 'done';
    },
    async results({ query }, run, signal) {
      await paced(query, signal);
      return (await script.results?.(query, run)) ?? 'done';
    },
    async stop({ query }, run, signal) {
      await paced(query, signal);
      const result = (await script.stop?.(query, run)) ?? 'done';
      if (result === 'done') {
        stopped.push(run.queryId ?? 'none');
      }
      return result;
    },
    ended({ query }, run, outcome) {
      const took = run.terminalAt === undefined ? undefined : run.terminalAt - run.startedAt;
      ended.push({ query: query.name, n: run.window.n, outcome, at: clock.monotonic(), took });
    },
    skipped(_query, windows) {
      skipped += windows;
    },
    clockSetBack(queries) {
      setBack.push(queries);
    },
  };
  const handles = new Handles<Runnable>();
  const registered: Runs<Runnable> = new Runs<Runnable>({
    clock,
    targets,
    dispatcher,
    actions,
    runLimitOf: () => options.cap ?? 5,
    journal: undefined,
    leavesRuns: false,
    rateOf: ({ schedule }) => 8_000 / schedule.every,
  });
  /** The scheduler, with queries by name. */
  const runs = {
    add: (query: Runnable) => registered.add(handles.add(query)),
    remove: (name: string) => handles.remove(name, (handle) => registered.remove(handle)),
    nextRun: (name: string) => handles.with(name, (handle) => registered.nextRun(handle)),
    of: (target: Target) => registered.of(target),
    stop: () => registered.stop(),
  };
  for (const query of options.queries) {
    runs.add(query);
  }
  dispatcher.start();
  registered.start();
  return {
    clock,
    targets,
    dispatcher,
    runs,
    ended,
    started,
    stopped,
    setBack,
    skipped: () => skipped,
    mostInFlight: () => mostInFlight,
  };
}

function queriesOf(count: number, schedule = SCHEDULE): Runnable[] {
  return Array.from({ length: count }, (_, i) => ({
    name: `q${i}`,
    account: 'default',
    region: 'eu-west-1',
    schedule,
  }));
}

describe('Runs', () => {
  it('runs the newest window immediately, then each window once when it is due', async () => {
    const { clock, ended, started, skipped } = setUp({ queries: queriesOf(3) });
    const first = Math.floor((clock.now() - SCHEDULE.delay) / SCHEDULE.every);
    await clock.advance(10_000);
    expect(ended.map(({ n, outcome }) => [n, outcome])).toEqual(Array(3).fill([first, 'succeeded']));
    await clock.advance(24 * 60 * MINUTE);
    for (const query of ['q0', 'q1', 'q2']) {
      const windows = started.filter((each) => each.query === query).map(({ n }) => n);
      expect(windows).toEqual(windows.map((_n, i) => first + i));
      expect(windows.length).toBeGreaterThanOrEqual(96);
    }
    expect(skipped()).toBe(0);
  });

  it('polls the status quickly at first, then at increasing intervals', async () => {
    const asked: number[] = [];
    const clock = new FakeClock();
    const { ended } = setUp({
      clock,
      queries: queriesOf(1),
      script: {
        status: () => {
          asked.push(clock.monotonic());
          return asked.length < 14 ? 'again' : 'done';
        },
      },
    });
    await clock.advance(5 * MINUTE);
    const waits = asked.slice(0, 14).map((at, i) => at - (asked[i - 1] ?? 0));
    expect(ended[0]?.outcome).toBe('succeeded');
    expect(waits[0]).toBeLessThan(1_100);
    expect(Math.max(...waits)).toBeLessThanOrEqual(15_020);
    expect(waits.at(-1)).toBeGreaterThan(14_000);
  });

  it('stops and counts a run that times out before it runs the next window', async () => {
    const schedule = { ...SCHEDULE, every: 20 * MINUTE, timeout: 14 * MINUTE };
    const { clock, ended, started, stopped, skipped } = setUp({
      queries: queriesOf(1, schedule),
      script: { status: () => 'again' },
    });
    await clock.advance(14 * MINUTE + 5_000);
    expect(ended.map(({ outcome }) => outcome)).toEqual(['timed_out']);
    expect(ended[0]?.took).toBeGreaterThanOrEqual(14 * MINUTE);
    expect(stopped).toEqual(['id-0']);
    const first = ended[0]?.n ?? Number.NaN;
    expect([started.map(({ n }) => n), skipped()]).toEqual([[first, first + 1], 0]);
  });

  it('reports the terminal status of a run as its outcome', async () => {
    for (const outcome of ['failed', 'canceled'] as const) {
      const { clock, ended } = setUp({ queries: queriesOf(1), script: { status: () => outcome } });
      await clock.advance(5_000);
      expect(ended.map((each) => each.outcome)).toEqual([outcome]);
    }
  });

  it('retries a failed start until the next window is due', async () => {
    let starts = 0;
    const { clock, ended, skipped } = setUp({
      queries: queriesOf(1),
      script: {
        start: () => {
          starts += 1;
          return 'retry';
        },
      },
    });
    await clock.advance(25 * MINUTE);
    expect(starts).toBeGreaterThan(5);
    expect(ended[0]?.outcome).toBe('start_failed');
    expect(new Set(ended.map(({ n }) => n)).size).toBe(ended.length);
    expect(skipped()).toBe(0);
  });

  it.each([
    { result: 'done', outcome: 'succeeded' },
    { result: 'retry', outcome: 'start_failed' },
  ] as const)('ends a window whose start returns $result after the next one is due, then runs that', async (given) => {
    const schedule = { ...SCHEDULE, every: MINUTE, lookback: MINUTE, delay: 0, timeout: 5 * MINUTE };
    let answer: (result: StepResult) => void = () => undefined;
    let starts = 0;
    let polls = 0;
    const { clock, ended, skipped } = setUp({
      queries: queriesOf(1, schedule),
      script: {
        start() {
          starts += 1;
          return starts > 1 ? 'done' : new Promise<StepResult>((resolve) => (answer = resolve));
        },
        // Only a failed start ends a run after the next window is due.
        status() {
          polls += 1;
          return polls > 1 ? 'done' : 'retry';
        },
      },
    });
    const first = Math.floor(clock.now() / MINUTE);
    await clock.advance(1.75 * MINUTE);
    answer(given.result);
    await clock.advance(10_000);
    expect(ended.map(({ n, outcome }) => [n, outcome])).toEqual([
      [first, given.outcome],
      [first + 1, 'succeeded'],
    ]);
    expect(skipped()).toBe(0);
  });

  it('ends a run immediately after a permanent start error', async () => {
    const { clock, ended } = setUp({ queries: queriesOf(1), script: { start: () => 'start_failed' } });
    await clock.advance(1_000);
    expect(ended.map(({ outcome }) => outcome)).toEqual(['start_failed']);
  });

  it('reduces the concurrent-run limit on a quota error and delays starts without failing queries', async () => {
    let atService = 0;
    const clock = new FakeClock();
    const { runs, targets, ended, mostInFlight } = setUp({
      clock,
      queries: queriesOf(12),
      cap: 5,
      script: {
        start: () => {
          if (atService >= 2) {
            return 'quota';
          }
          atService += 1;
          return 'done';
        },
        status: (_query, run) => (clock.monotonic() - run.startedAt > 4_000 ? 'done' : 'again'),
        results: () => {
          atService -= 1;
          return 'done';
        },
      },
    });
    await clock.advance(15_000);
    expect(runs.of(targets.get('default', 'eu-west-1'))?.limit).toBeLessThanOrEqual(3);
    await clock.advance(4 * MINUTE);
    expect(ended.every(({ outcome }) => outcome === 'succeeded')).toBe(true);
    expect(new Set(ended.map(({ query }) => query)).size).toBe(12);
    expect(mostInFlight()).toBeLessThanOrEqual(5);
    await clock.advance(5 * MINUTE);
    expect(runs.of(targets.get('default', 'eu-west-1'))?.limit).toBe(5);
  });

  it('skips and counts a window without a slot before the next one is due', async () => {
    const schedule = { ...SCHEDULE, every: MINUTE, lookback: MINUTE, delay: 0, timeout: 10 * MINUTE };
    const { clock, started, skipped } = setUp({
      queries: queriesOf(2, schedule),
      cap: 1,
      script: { status: () => 'again' },
    });
    await clock.advance(5 * MINUTE);
    expect(started).toHaveLength(1);
    expect(skipped()).toBeGreaterThanOrEqual(6);
  });

  it('skips and counts a window whose start the budget delays until the next one is due', async () => {
    const schedule = { ...SCHEDULE, every: MINUTE, lookback: MINUTE, delay: 0, timeout: MINUTE };
    const { clock, ended, started, skipped } = setUp({
      queries: queriesOf(12, schedule),
      cap: 12,
      requestsPerSecond: 0.2,
      script: { status: () => 'done' },
    });
    await clock.advance(30 * MINUTE);
    expect(ended.map(({ outcome }) => outcome)).toEqual(ended.map(() => 'succeeded'));
    expect(skipped()).toBeGreaterThan(100);
    for (const { n, at } of started) {
      const end = Math.floor((Date.UTC(2026, 0, 1) + at) / MINUTE);
      expect(end - n, 'windows that ended since').toBeLessThanOrEqual(1);
    }
    expect(new Set(started.map(({ query }) => query)).size, 'queries that had their turn').toBe(12);
  });

  it('counts the timeout from the successful start', async () => {
    let starts = 0;
    const schedule = { ...SCHEDULE, timeout: MINUTE };
    const { clock, ended } = setUp({
      queries: queriesOf(1, schedule),
      script: {
        start: () => {
          starts += 1;
          return starts < 8 ? 'retry' : 'done';
        },
        status: (_query, run) => (clock.monotonic() - run.startedAt > 30_000 ? 'done' : 'again'),
      },
    });
    await clock.advance(5 * MINUTE);
    expect(ended[0]?.outcome).toBe('succeeded');
    expect(ended[0]?.at, 'over the timeout since the first start').toBeGreaterThan(MINUTE + 30_000);
    expect(ended[0]?.took).toBeGreaterThan(30_000);
    expect(ended[0]?.took).toBeLessThan(MINUTE);
  });

  it('queues a refused run first and keeps the order of the others', async () => {
    const clock = new FakeClock();
    const order: string[] = [];
    const { runs, targets } = setUp({
      clock,
      queries: queriesOf(4),
      cap: 1,
      script: {
        start: ({ name }) => {
          order.push(name);
          return clock.monotonic() < 15_000 ? 'quota' : 'done';
        },
      },
    });
    await clock.advance(2 * MINUTE);
    expect(order.slice(0, 2)).toEqual(['q0', 'q0']);
    expect(order.filter((name, i) => name !== order[i - 1])).toEqual(['q0', 'q1', 'q2', 'q3']);
    expect(runs.of(targets.get('default', 'eu-west-1'))).toMatchObject({ active: 0, waiting: 0 });
  });

  it('skips and counts a refused window if the next one is due', async () => {
    const schedule = { ...SCHEDULE, every: MINUTE, lookback: MINUTE, delay: 0, timeout: MINUTE };
    let refuse: (result: StepResult) => void = () => undefined;
    let starts = 0;
    const { clock, started, skipped } = setUp({
      queries: queriesOf(1, schedule),
      script: {
        start() {
          starts += 1;
          return starts > 1 ? 'done' : new Promise<StepResult>((resolve) => (refuse = resolve));
        },
      },
    });
    const first = Math.floor(clock.now() / MINUTE);
    await clock.advance(1.75 * MINUTE);
    refuse('quota');
    await clock.advance(0.2 * MINUTE);
    expect([started.map(({ n }) => n), skipped()]).toEqual([[first + 1], 1]);
  });

  it('stops all runs at the service on shutdown, including a start in flight', async () => {
    let answerStart: (result: StepResult) => void = () => undefined;
    const { clock, runs, dispatcher, stopped, ended } = setUp({
      queries: queriesOf(3),
      script: {
        start: (query) =>
          query.name === 'q2'
            ? new Promise((resolve) => {
                answerStart = resolve;
              })
            : 'done',
        status: () => 'again',
      },
    });
    await clock.advance(5_000);
    dispatcher.windDown();
    const ending = runs.stop();
    await clock.advance(1_000);
    expect(stopped).toHaveLength(2);
    answerStart('done');
    await clock.advance(1_000);
    await ending;
    expect(stopped).toHaveLength(3);
    expect(ended).toEqual([]);
  });

  it('stops the run of a removed query without counting it and frees its slot', async () => {
    const { clock, runs, targets, ended, started, stopped } = setUp({
      queries: queriesOf(2),
      cap: 1,
      script: { status: () => 'again' },
    });
    const state = () => runs.of(targets.get('default', 'eu-west-1'));
    await clock.advance(5_000);
    expect(started.map(({ query }) => query)).toEqual(['q0']);
    runs.remove('q0');
    runs.remove('q0');
    await clock.advance(5_000);
    expect(stopped).toEqual(['id-0']);
    expect(started.map(({ query }) => query)).toEqual(['q0', 'q1']);
    expect(state()).toMatchObject({ active: 1, waiting: 0 });
    runs.remove('q1');
    await clock.advance(60 * MINUTE);
    expect(stopped).toEqual(['id-0', 'id-1']);
    expect(started).toHaveLength(2);
    expect(ended).toEqual([]);
    expect(state()).toMatchObject({ active: 0, waiting: 0 });
    expect(runs.nextRun('q0')).toBeUndefined();
  });

  it('starts no run of a query that is removed before its start', async () => {
    const { clock, runs, started, stopped } = setUp({
      queries: queriesOf(2),
      cap: 1,
      script: { status: () => 'again' },
    });
    runs.remove('q0');
    runs.remove('q1');
    await clock.advance(20 * MINUTE);
    expect({ started, stopped }).toEqual({ started: [], stopped: [] });
  });

  it('starts no run of a query that is removed while it waits for a slot', async () => {
    const { clock, runs, targets, started } = setUp({
      queries: queriesOf(2),
      cap: 1,
      script: { status: () => 'again' },
    });
    await clock.advance(5_000);
    runs.remove('q1');
    expect(runs.of(targets.get('default', 'eu-west-1'))).toMatchObject({ active: 1, waiting: 0 });
    await clock.advance(14 * MINUTE);
    expect(new Set(started.map(({ query }) => query))).toEqual(new Set(['q0']));
  });

  it('stops the run of a query that is removed during its start once the ID is known', async () => {
    let answer: (result: StepResult) => void = () => undefined;
    const { clock, runs, ended, stopped, started } = setUp({
      queries: queriesOf(1),
      script: {
        start: () =>
          new Promise<StepResult>((resolve) => {
            answer = resolve;
          }),
      },
    });
    await clock.advance(5_000);
    runs.remove('q0');
    await clock.advance(1_000);
    expect(stopped).toEqual([]);
    answer('done');
    await clock.advance(20 * MINUTE);
    expect({ starts: started.length, stopped, ended }).toEqual({ starts: 1, stopped: ['id-0'], ended: [] });
  });

  it.each([
    { phase: 'status', stops: ['id-0'] },
    // A query with results is terminal already.
    { phase: 'results', stops: [] },
  ])('does not wait for the $phase request of a removed query', async ({ phase, stops }) => {
    let answer: (result: StepResult) => void = () => undefined;
    const { clock, runs, targets, ended, stopped, started } = setUp({
      queries: queriesOf(1),
      script: {
        [phase]: () =>
          new Promise<StepResult>((resolve) => {
            answer = resolve;
          }),
      },
    });
    await clock.advance(5_000);
    runs.remove('q0');
    await clock.advance(1_000);
    expect(stopped).toEqual(stops);
    expect(runs.of(targets.get('default', 'eu-west-1'))).toMatchObject({ active: 0, waiting: 0 });
    answer('done');
    await clock.advance(20 * MINUTE);
    expect({ starts: started.length, stopped, ended }).toEqual({ starts: 1, stopped: stops, ended: [] });
    expect(runs.of(targets.get('default', 'eu-west-1'))).toMatchObject({ active: 0, waiting: 0 });
  });

  it('runs a query that was removed and added again only after its old run is stopped', async () => {
    const stops: (() => void)[] = [];
    const { clock, runs, started } = setUp({
      queries: queriesOf(1),
      script: {
        status: () => 'again',
        stop: () =>
          new Promise<StepResult>((resolve) => {
            stops.push(() => resolve('done'));
          }),
      },
    });
    await clock.advance(5_000);
    runs.remove('q0');
    for (const again of queriesOf(1)) {
      runs.add(again);
    }
    await clock.advance(20 * MINUTE);
    expect(started).toHaveLength(1);
    for (const stop of stops) {
      stop();
    }
    await clock.advance(5_000);
    expect(started).toHaveLength(2);
  });

  it('waits for runs of removed queries on shutdown', async () => {
    let stop: (result: StepResult) => void = () => undefined;
    const { clock, runs, dispatcher } = setUp({
      queries: queriesOf(1),
      script: {
        status: () => 'again',
        stop: () =>
          new Promise<StepResult>((resolve) => {
            stop = resolve;
          }),
      },
    });
    await clock.advance(5_000);
    runs.remove('q0');
    await clock.advance(1_000);
    dispatcher.windDown();
    let ended = false;
    const ending = runs.stop().then(() => {
      ended = true;
    });
    await clock.advance(1_000);
    expect(ended).toBe(false);
    stop('done');
    await clock.advance(0);
    await ending;
    expect(ended).toBe(true);
  });

  it('waits only for starts and stops on shutdown and stops no ended run', async () => {
    const never = new Promise<StepResult>(() => undefined);
    let stops = 0;
    const { clock, runs, dispatcher, stopped, ended } = setUp({
      queries: queriesOf(4),
      script: {
        status: ({ name }) => (name === 'q0' ? never : name === 'q1' ? 'done' : 'again'),
        results: () => never,
        stop: () => {
          stops += 1;
          return 'done';
        },
      },
    });
    await clock.advance(10_000);
    let isIdle = false;
    dispatcher.windDown();
    void runs.stop().then(() => {
      isIdle = true;
    });
    await clock.advance(500);
    expect(isIdle).toBe(true);
    expect(stopped).toHaveLength(3);
    expect(stops).toBe(3);
    expect(ended).toEqual([]);
  });

  it('stops a run only once if it times out before the shutdown', async () => {
    let stops = 0;
    let answerStop: (result: StepResult) => void = () => undefined;
    const { clock, runs, dispatcher, ended } = setUp({
      queries: queriesOf(1),
      script: {
        status: () => 'again',
        stop: () => {
          stops += 1;
          return new Promise((resolve) => {
            answerStop = resolve;
          });
        },
      },
    });
    await clock.advance(10 * MINUTE + 5_000);
    expect(stops).toBe(1);
    dispatcher.windDown();
    const ending = runs.stop();
    await clock.advance(5_000);
    answerStop('done');
    await clock.advance(1_000);
    await ending;
    expect(stops).toBe(1);
    expect(ended).toEqual([]);
  });

  it('continues after an internal error in a step', async () => {
    let broken = true;
    const { clock, ended } = setUp({
      queries: queriesOf(1),
      script: {
        status: () => {
          if (broken) {
            broken = false;
            throw new Error('a mistake of ours');
          }
          return 'done';
        },
      },
    });
    await clock.advance(MINUTE);
    expect(ended.map(({ outcome }) => outcome)).toEqual(['succeeded']);
  });

  it('does not repeat a start after an internal error', async () => {
    let starts = 0;
    const { clock, ended } = setUp({
      queries: queriesOf(1),
      script: {
        start: () => {
          starts += 1;
          throw new Error('a mistake of ours');
        },
      },
    });
    await clock.advance(MINUTE);
    expect(starts).toBe(1);
    expect(ended.map(({ outcome }) => outcome)).toEqual(['skipped']);
  });

  it('counts only calls to stop a removed run if its status request ends late', async () => {
    let answer: (result: StepResult) => void = () => undefined;
    let stops = 0;
    const { clock, runs } = setUp({
      queries: queriesOf(1),
      script: {
        status: () => new Promise<StepResult>((resolve) => (answer = resolve)),
        stop: () => {
          stops += 1;
          return 'retry';
        },
      },
    });
    await clock.advance(5_000);
    runs.remove('q0');
    await clock.advance(1_500);
    answer('done');
    await clock.advance(MINUTE);
    expect(stops).toBe(5);
  });

  it('counts every window exactly once despite faults and runs none twice after clock jumps', async () => {
    const results: readonly StepResult[] = [
      'done',
      'done',
      'done',
      'again',
      'retry',
      'silent',
      'quota',
      'failed',
      'start_failed',
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.infiniteStream(fc.constantFrom(...results)),
        fc.boolean().chain((jumps) =>
          fc.array(
            fc.record({
              minutes: fc.integer({ min: 1, max: 90 }),
              jump: jumps ? fc.integer({ min: -200, max: 200 }) : fc.constant(0),
            }),
            { minLength: 1, maxLength: 12 },
          ),
        ),
        async (stream, legs) => {
          let calm = false;
          const next = (allowed: readonly StepResult[]): StepResult => {
            const result = stream.next().value;
            return !calm && allowed.includes(result) ? result : 'done';
          };
          const clock = new FakeClock();
          const queries = queriesOf(3);
          const { ended, started, runs, skipped, targets } = setUp({
            clock,
            queries,
            cap: 2,
            script: {
              start: () => next(['done', 'retry', 'silent', 'quota', 'start_failed']),
              status: () => next(['done', 'again', 'retry', 'silent', 'failed']),
              results: () => next(['done', 'again', 'retry', 'silent']),
              stop: () => next(['done', 'retry']),
            },
          });
          const first = Math.floor((clock.now() - SCHEDULE.delay) / SCHEDULE.every);
          let latest = clock.now();
          for (const { minutes, jump } of legs) {
            await clock.advance(minutes * MINUTE);
            latest = Math.max(latest, clock.now());
            clock.jump(jump * MINUTE);
          }
          calm = true;
          const calmAt = clock.monotonic();
          const busy = () => {
            const { active = 0, waiting = 0 } = runs.of(targets.get('default', 'eu-west-1')) ?? {};
            return active + waiting > 0;
          };
          do {
            await clock.advance(MINUTE);
            latest = Math.max(latest, clock.now());
            expect(clock.monotonic(), 'all runs end').toBeLessThan(calmAt + 10 * SCHEDULE.every);
          } while (busy());
          let due = 0;
          for (const { name, schedule } of queries) {
            const windows = ended.filter(({ query }) => query === name).map(({ n }) => n);
            expect(new Set(windows).size, 'none twice').toBe(windows.length);
            due += Math.max(first, newestDue(schedule, latest, offsetOf(name, schedule))) - first + 1;
          }
          if (legs.every(({ jump }) => jump === 0)) {
            expect(ended.length + skipped(), 'every window that was due is run or skipped').toBe(due);
          }
          const passed = queries.length * (clock.monotonic() / SCHEDULE.every + 2);
          expect(skipped(), 'no more than existed, and those that a jump displaced').toBeLessThan(
            passed + 3 * legs.length,
          );
          await clock.advance(2 * SCHEDULE.every);
          for (const { name, schedule } of queries) {
            const windows = started.filter(({ query }) => query === name).map(({ n }) => n);
            const newest = newestDue(schedule, clock.now(), offsetOf(name, schedule));
            const isBehind = newest * schedule.every <= latest;
            expect(isBehind || windows.includes(newest), 'the newest window is run, unless the clock was there').toBe(
              true,
            );
          }
        },
      ),
      { numRuns: propertyRuns(30) },
    );
  });

  it.each([
    ['50 minutes', 50 * MINUTE],
    ['2 hours', 120 * MINUTE],
    ['a year', 365 * 24 * 60 * MINUTE],
  ])('runs windows again within one interval after the clock was %s ahead', async (_, ahead) => {
    const clock = new FakeClock();
    const { started, skipped, setBack, runs } = setUp({ clock, queries: queriesOf(3) });
    await clock.advance(40 * MINUTE);
    clock.jump(ahead);
    await clock.advance(20 * MINUTE);
    clock.jump(-ahead);
    const corrected = clock.monotonic();
    await clock.advance(SCHEDULE.every + 60_000);
    for (const { name } of queriesOf(3)) {
      const ofQuery = started.filter(({ query, at }) => query === name && at >= corrected);
      expect(ofQuery.length, 'runs within a window').toBeGreaterThan(0);
      expect(runs.nextRun(name)).toBeLessThan(clock.now() + 4 * SCHEDULE.every);
    }
    await clock.advance(5 * 60 * MINUTE);
    for (const { name } of queriesOf(3)) {
      const windows = started.filter(({ query }) => query === name).map(({ n }) => n);
      expect(new Set(windows).size, 'none twice').toBe(windows.length);
      expect(windows.length).toBeGreaterThanOrEqual(24);
    }
    expect(skipped()).toBe(0);
    expect(setBack).toEqual([3]);
  });

  it.each([
    ['50 minutes', 50 * MINUTE],
    ['2 hours', 120 * MINUTE],
    ['a year', 365 * 24 * 60 * MINUTE],
  ])('runs only new windows after the clock was set %s back', async (_, back) => {
    const clock = new FakeClock();
    const { started, skipped, setBack } = setUp({ clock, queries: queriesOf(3) });
    await clock.advance(10 * MINUTE);
    clock.jump(-back);
    const changed = clock.monotonic();
    await clock.advance(SCHEDULE.every + 60_000);
    expect(new Set(started.filter(({ at }) => at >= changed).map(({ query }) => query)).size).toBe(3);
    await clock.advance(20 * MINUTE);
    clock.jump(back);
    await clock.advance(5 * 60 * MINUTE);
    for (const { name } of queriesOf(3)) {
      const windows = started.filter(({ query }) => query === name).map(({ n }) => n);
      expect(new Set(windows).size, 'none twice').toBe(windows.length);
    }
    expect(skipped()).toBe(0);
    expect(setBack).toEqual([3]);
  });
});
