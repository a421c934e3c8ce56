import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Dispatcher, SHUTDOWN } from '../../src/scheduler/dispatcher.ts';
import { type Pollable, type PollResult, Polls } from '../../src/scheduler/polls.ts';
import { Targets } from '../../src/scheduler/target.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { Handles } from '../support/handles.ts';
import { RecordingLog } from '../support/recording-log.ts';

interface Poll {
  readonly name: string;
  readonly at: number;
}

interface SetUp {
  readonly queries: readonly Pollable[];
  readonly requestsPerSecond?: number;
  readonly maxConcurrentRequests?: number;
  readonly concurrency?: number;
  readonly pollLimit?: number;
  /** Result of a poll. By default, it succeeds immediately. */
  readonly answer?: (query: Pollable, signal: AbortSignal, clock: FakeClock) => Promise<PollResult>;
}

/** Sets up a scheduler on a fake clock whose polls use the budget like real ones. */
function setUp({ queries, answer = async () => 'good', ...limits }: SetUp) {
  const clock = new FakeClock();
  const log = new RecordingLog();
  const targets = new Targets(clock);
  for (const { account, region } of queries) {
    targets.add(account, region, {
      requestsPerSecond: limits.requestsPerSecond ?? 1_000,
      maxConcurrentRequests: limits.maxConcurrentRequests ?? 8,
    });
  }
  const polls: Poll[] = [];
  const dispatcher = new Dispatcher({
    clock,
    log,
    targets,
    concurrency: limits.concurrency ?? 256,
    timeLimit: limits.pollLimit ?? 600_000,
  });
  const counts = { due: 0, late: 0 };
  const handles = new Handles<Pollable>();
  const registered = new Polls<Pollable>({
    clock,
    targets,
    dispatcher,
    async poll({ query }, signal) {
      const { budget } = targets.get(query.account, query.region);
      const place = budget.reserve();
      await budget.acquire(signal);
      place();
      polls.push({ name: query.name, at: clock.monotonic() });
      return answer(query, signal, clock);
    },
    counted(_target, { due, late }) {
      counts.due += due;
      counts.late += late;
    },
  });
  /** The scheduler, with queries by name. */
  const scheduler = {
    add: (added: readonly Pollable[]) => registered.add(added.map((query) => handles.add(query))),
    remove: (name: string) => handles.remove(name, (handle) => registered.remove(handle)),
    nextPoll: (name: string) => handles.with(name, (handle) => registered.nextPoll(handle)),
    lag: () => dispatcher.lag('poll'),
    planned: () => registered.planned(),
  };
  scheduler.add(queries);
  dispatcher.start();
  return { clock, log, targets, polls, counts, scheduler, dispatcher };
}

function queriesOf(count: number, interval: number, account = 'default'): Pollable[] {
  return Array.from({ length: count }, (_, i) => ({ name: `${account}-${i}`, account, region: 'eu-west-1', interval }));
}

function timesOf(polls: readonly Poll[], name: string): number[] {
  return polls.filter((poll) => poll.name === name).map(({ at }) => at);
}

function never(signal: AbortSignal): Promise<PollResult> {
  return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
}

describe('Polls', () => {
  it('counts each poll as due, and none as late, while the budget suffices', async () => {
    const { clock, counts, polls } = setUp({ queries: queriesOf(50, 60_000) });
    await clock.advance(600_000);
    expect(polls.length).toBeGreaterThanOrEqual(500);
    expect(counts).toEqual({ due: polls.length, late: 0 });
  });

  it.each([
    { interval: 60_000, took: 29_000, late: 0 },
    { interval: 60_000, took: 31_000, late: 1 },
    { interval: 5_000, took: 4_900, late: 0 },
    { interval: 5_000, took: 9_900, late: 0 },
    { interval: 5_000, took: 10_100, late: 1 },
  ])('counts a poll of an interval of $interval ms that ends after $took ms as $late late', async (example) => {
    const { interval, took, late } = example;
    const { clock, counts } = setUp({
      queries: queriesOf(1, interval),
      answer: async (_query, _signal, time) => {
        await new Promise<void>((resolve) => time.setTimer(took, resolve));
        return 'finished';
      },
    });
    await clock.advance(120_000);
    expect(counts).toEqual({ due: 1, late });
  });

  it('counts the turns that a slow poll and the backoff of a failing query miss as due and late', async () => {
    const failing = setUp({ queries: queriesOf(1, 60_000), answer: async () => 'failed' });
    await failing.clock.advance(3_600_000);
    const { counts, polls } = failing;
    expect(polls.length).toBeLessThan(12);
    expect(counts.due).toBeGreaterThanOrEqual(60);
    expect(counts.due - counts.late).toBe(polls.length);

    const slow = setUp({
      queries: queriesOf(1, 60_000),
      answer: async (_query, _signal, time) => {
        await new Promise<void>((resolve) => time.setTimer(150_000, resolve));
        return 'good';
      },
    });
    await slow.clock.advance(3_600_000);
    expect(slow.counts.due).toBeGreaterThan(50);
    expect(slow.counts.late).toBe(slow.counts.due);
  });

  it('spreads polls evenly over the interval from the first round on', async () => {
    const { clock, polls } = setUp({ queries: queriesOf(200, 10_000) });
    await clock.advance(60_000);
    for (let second = 0; second < 60; second += 1) {
      const inSecond = polls.filter(({ at }) => at >= second * 1_000 && at < (second + 1) * 1_000).length;
      expect(inSecond, `polls in second ${second}`).toBeGreaterThanOrEqual(16);
      expect(inSecond, `polls in second ${second}`).toBeLessThanOrEqual(24);
    }
  });

  it('polls each query once per interval at its own fixed place', async () => {
    const { clock, polls } = setUp({ queries: queriesOf(7, 10_000) });
    await clock.advance(120_000);
    for (let i = 0; i < 7; i += 1) {
      const [first = 0, ...later] = timesOf(polls, `default-${i}`).slice(1);
      expect(first).toBeLessThan(20_000);
      expect(later).toEqual(later.map((_time, n) => first + (n + 1) * 10_000));
      expect(later.length).toBeGreaterThanOrEqual(10);
    }
  });

  it('polls a few queries immediately at the start', async () => {
    const { clock, polls } = setUp({ queries: queriesOf(3, 300_000) });
    await clock.advance(500);
    expect(new Set(polls.map(({ name }) => name)).size).toBe(3);
  });

  it('delays polls without losing any and reports the lag if the budget is too small', async () => {
    const { clock, polls, scheduler } = setUp({ queries: queriesOf(100, 10_000), requestsPerSecond: 5 });
    await clock.advance(60_000);
    const counts = Array.from({ length: 100 }, (_, i) => timesOf(polls, `default-${i}`).length);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(2);
    expect(scheduler.lag()).toBeGreaterThan(5);
    expect(scheduler.lag()).toBeLessThan(15);
  });

  it('has no lag if the budget is sufficient', async () => {
    const { clock, scheduler } = setUp({ queries: queriesOf(40, 10_000), requestsPerSecond: 5 });
    await clock.advance(60_000);
    for (let i = 0; i < 100; i += 1) {
      await clock.advance(97);
      expect(scheduler.lag()).toBeLessThan(1);
    }
  });

  it('ignores a removed query in polls, lag, and planned rate', async () => {
    let finish: (result: PollResult) => void = () => undefined;
    const { clock, polls, scheduler, targets } = setUp({
      queries: queriesOf(3, 10_000),
      requestsPerSecond: 1,
      answer: ({ name }) =>
        name === 'default-1'
          ? new Promise((resolve) => {
              finish = resolve;
            })
          : Promise.resolve('good'),
    });
    await clock.advance(5_000);
    scheduler.remove('default-0');
    scheduler.remove('default-1');
    scheduler.remove('default-1');
    scheduler.remove('nobody');
    finish('failed');
    const before = polls.length;
    await clock.advance(60_000);
    expect(new Set(polls.slice(before).map(({ name }) => name))).toEqual(new Set(['default-2']));
    expect(scheduler.nextPoll('default-0')).toBeUndefined();
    expect(scheduler.nextPoll('default-1')).toBeUndefined();
    expect(scheduler.planned()).toEqual(new Map([[targets.get('default', 'eu-west-1'), 0.1]]));
    scheduler.remove('default-2');
    await clock.advance(60_000);
    expect(scheduler.lag()).toBe(0);
    scheduler.add(queriesOf(1, 10_000));
    await clock.advance(20_000);
    expect(timesOf(polls, 'default-0').length).toBeGreaterThanOrEqual(3);
  });

  it('never polls a finished query again and removes it from the planned rate', async () => {
    const { clock, polls, scheduler, targets } = setUp({
      queries: queriesOf(2, 10_000),
      answer: async ({ name }) => (name === 'default-0' ? 'finished' : 'good'),
    });
    await clock.advance(60_000);
    expect(timesOf(polls, 'default-0')).toHaveLength(1);
    expect(timesOf(polls, 'default-1').length).toBeGreaterThanOrEqual(6);
    expect(scheduler.planned().get(targets.get('default', 'eu-west-1'))).toBe(0.1);
    expect(scheduler.nextPoll('default-0')).toBeUndefined();
    expect(scheduler.nextPoll('default-1')).toBeGreaterThan(clock.now());
  });

  it('backs off a failing query up to ten intervals until it recovers', async () => {
    let works = false;
    const { clock, polls } = setUp({ queries: queriesOf(1, 1_000), answer: async () => (works ? 'good' : 'failed') });
    await clock.advance(100_000);
    const times = timesOf(polls, 'default-0');
    const gaps = times.slice(1).map((time, i) => time - (times[i] ?? 0));
    expect(gaps.slice(0, 5)).toEqual([1_000, 2_000, 4_000, 8_000, 10_000]);
    expect(Math.max(...gaps)).toBe(10_000);
    works = true;
    await clock.advance(20_000);
    const before = polls.length;
    await clock.advance(10_000);
    expect(polls.length - before).toBe(10);
  });

  it('polls a throttled query again at its next turn', async () => {
    const { clock, polls } = setUp({ queries: queriesOf(1, 1_000), answer: async () => 'throttled' });
    await clock.advance(30_000);
    expect(polls.length).toBeGreaterThanOrEqual(30);
  });

  it('polls a target on time while any number of other targets hang', async () => {
    const hanging = Array.from({ length: 40 }, (_, i) => queriesOf(10, 10_000, `black-hole-${i}`)).flat();
    const { clock, polls } = setUp({
      queries: [...hanging, ...queriesOf(10, 10_000, 'healthy')],
      concurrency: 256,
      maxConcurrentRequests: 8,
      pollLimit: 30_000,
      answer: ({ account }, signal) => (account === 'healthy' ? Promise.resolve('good') : never(signal)),
    });
    await clock.advance(300_000);
    const healthy = polls.filter(({ name }) => name.startsWith('healthy'));
    expect(healthy.length).toBeGreaterThanOrEqual(0.8 * 300);
  });

  it('polls a target on time from the start while another hangs with more polls than slots', async () => {
    const { clock, polls } = setUp({
      queries: [...queriesOf(20, 1_000, 'black-hole'), ...queriesOf(4, 1_000, 'healthy')],
      concurrency: 4,
      pollLimit: 30_000,
      answer: ({ account }, signal) => (account === 'healthy' ? Promise.resolve('good') : never(signal)),
    });
    await clock.advance(60_000);
    for (let i = 0; i < 4; i += 1) {
      expect(timesOf(polls, `healthy-${i}`).length).toBeGreaterThanOrEqual(59);
    }
  });

  it('gives one target all slots but the last if others have no due polls', async () => {
    let inFlight = 0;
    let most = 0;
    const { clock } = setUp({
      queries: [...queriesOf(20, 1_000, 'slow'), ...queriesOf(1, 3_600_000, 'idle')],
      concurrency: 6,
      answer: ({ account }, _signal, at) => {
        const slots = account === 'slow' ? 1 : 0;
        inFlight += slots;
        most = Math.max(most, inFlight);
        return new Promise((resolve) => {
          at.setTimer(2_000, () => {
            inFlight -= slots;
            resolve('good');
          });
        });
      },
    });
    await clock.advance(20_000);
    expect(most).toBe(5);
  });

  it('polls queries on time while others in the same target hang', async () => {
    const { clock, polls } = setUp({
      queries: queriesOf(30, 10_000),
      pollLimit: 30_000,
      answer: ({ name }, signal) => (Number(name.split('-')[1]) < 12 ? never(signal) : Promise.resolve('good')),
    });
    await clock.advance(90_000);
    const before = timesOf(polls, 'default-20').length;
    await clock.advance(100_000);
    expect(timesOf(polls, 'default-20').length - before).toBeGreaterThanOrEqual(9);
  });

  it('divides a shared budget equally among its targets', async () => {
    const accounts = ['wide', 'narrow', 'elsewhere'];
    const queries = accounts.flatMap((account) => queriesOf(20, 1_000, account));
    const { clock, targets, polls } = setUp({ queries, requestsPerSecond: 5 });
    for (const account of accounts) {
      targets.identified(targets.get(account, 'eu-west-1'), account === 'elsewhere' ? '222222222222' : '111111111111');
    }
    await clock.advance(60_000);
    const made = (account: string) => polls.filter(({ name }) => name.startsWith(account)).length;
    expect(made('wide') + made('narrow')).toBeGreaterThan(280);
    expect(Math.abs(made('wide') - made('narrow'))).toBeLessThan(10);
    expect(made('elsewhere')).toBeGreaterThan(280);
  });

  it('limits the polls in flight over all targets and in each', async () => {
    let inFlight = 0;
    let most = 0;
    const { clock } = setUp({
      queries: [...queriesOf(50, 10_000, 'a'), ...queriesOf(50, 10_000, 'b')],
      concurrency: 10,
      maxConcurrentRequests: 6,
      answer: (_query, _signal, at) => {
        inFlight += 1;
        most = Math.max(most, inFlight);
        return new Promise((resolve) =>
          at.setTimer(5_000, () => {
            inFlight -= 1;
            resolve('good');
          }),
        );
      },
    });
    await clock.advance(60_000);
    expect(most).toBe(10);
  });

  it('polls on time if the wall clock jumps', async () => {
    const { clock, polls } = setUp({ queries: queriesOf(5, 10_000) });
    await clock.advance(30_000);
    clock.jump(86_400_000);
    const before = polls.length;
    await clock.advance(30_000);
    expect(polls.length - before).toBe(15);
    clock.jump(-2 * 86_400_000);
    await clock.advance(30_000);
    expect(polls.length - before).toBe(30);
  });

  it('polls each query once after the machine slept, then at its usual places', async () => {
    const { clock, polls } = setUp({ queries: queriesOf(20, 10_000), requestsPerSecond: 5 });
    await clock.advance(60_000);
    const before = polls.length;
    await clock.leap(3_600_000);
    await clock.advance(5_000);
    expect(polls.length - before).toBeLessThanOrEqual(26);
    expect(polls.length - before).toBeGreaterThanOrEqual(20);
  });

  it('aborts a poll over the time limit and polls the query again later', async () => {
    const { clock, polls } = setUp({
      queries: queriesOf(1, 10_000),
      pollLimit: 45_000,
      answer: (_query, signal) => never(signal),
    });
    await clock.advance(200_000);
    expect(polls.length).toBeGreaterThanOrEqual(3);
  });

  it('continues after an internal error in a poll and logs it', async () => {
    const { clock, polls, log } = setUp({
      queries: queriesOf(1, 1_000),
      answer: () => Promise.reject(new Error('a mistake of ours')),
    });
    await clock.advance(3_100);
    expect(polls.length).toBeGreaterThanOrEqual(2);
    expect(log.events[0]).toMatchObject({ level: 'error', msg: 'unexpected error in request' });
  });

  it('starts no more polls after a stop and aborts those in flight', async () => {
    const reasons: unknown[] = [];
    const { clock, polls, dispatcher } = setUp({
      queries: queriesOf(4, 10_000),
      answer: (_query, signal) =>
        never(signal).catch((reason: unknown) => {
          reasons.push(reason);
          return 'finished' as const;
        }),
    });
    await clock.advance(1_000);
    dispatcher.stop();
    await clock.advance(60_000);
    expect(polls).toHaveLength(4);
    expect(reasons).toEqual([SHUTDOWN, SHUTDOWN, SHUTDOWN, SHUTDOWN]);
  });

  it('polls every query within the time that the budget allows for any mix of intervals', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 20 }),
        async (intervals, requestsPerSecond) => {
          const queries = intervals.map((seconds, i) => ({
            name: `q${i}`,
            account: 'default',
            region: 'eu-west-1',
            interval: seconds * 1_000,
          }));
          const { clock, polls } = setUp({ queries, requestsPerSecond });
          await clock.advance(10_000 + (intervals.length / requestsPerSecond) * 1_100 + 1_000);
          expect(new Set(polls.map(({ name }) => name)).size).toBe(queries.length);
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('Targets', () => {
  it('shares the lower budget between targets of one AWS account and region', () => {
    const targets = new Targets(new FakeClock());
    const limits = (requestsPerSecond: number) => ({ requestsPerSecond, maxConcurrentRequests: 8 });
    const a = targets.add('a', 'eu-west-1', limits(5));
    const b = targets.add('b', 'eu-west-1', limits(2));
    const elsewhere = targets.add('b', 'us-east-1', limits(3));
    const other = targets.add('c', 'eu-west-1', limits(4));
    expect(targets.identified(a, '111111111111')).toEqual([]);
    expect(targets.identified(elsewhere, '111111111111')).toEqual([]);
    expect(targets.identified(other, '222222222222')).toEqual([]);
    expect(targets.identified(b, '111111111111')).toEqual([a]);
    expect(a.budget).toBe(b.budget);
    expect(a.budget.limit).toBe(2);
    expect(elsewhere.budget.limit).toBe(3);
    expect(other.budget.limit).toBe(4);
  });
});
