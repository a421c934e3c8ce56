import { expect, it } from 'vitest';
import type { Registration } from '../../src/model/query.ts';
import { newRun, type Run, type Runnable } from '../../src/model/run.ts';
import { Dispatcher } from '../../src/scheduler/dispatcher.ts';
import { LastResultReads, type LastResultsRead } from '../../src/scheduler/last-result-reads.ts';
import { Targets } from '../../src/scheduler/target.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { handleOf } from '../support/handles.ts';
import { RecordingLog } from '../support/recording-log.ts';

const MINUTE = 60_000;
/** Two reads per second, because they use a fifth of the budget. */
const RATE = 10;

/** Reads the results of 20 queries. The windows of later ones are newer. */
function setUp(options: {
  readonly nextRunIn?: (index: number) => number | undefined;
  readonly resultOf?: (query: string) => LastResultsRead;
  /** Milliseconds that a read takes. */
  readonly takes?: number | undefined;
}) {
  const clock = new FakeClock();
  const targets = new Targets(clock);
  targets.add('default', 'eu-west-1', { requestsPerSecond: RATE, maxConcurrentRequests: 8 });
  const log = new RecordingLog();
  const dispatcher = new Dispatcher({ clock, log, targets, concurrency: 64, timeLimit: MINUTE });
  const read: { readonly query: string; readonly at: number }[] = [];
  const schedule = { every: 60 * MINUTE, lookback: 60 * MINUTE, delay: 5 * MINUTE, timeout: 10 * MINUTE };
  const indexOf = ({ name }: Registration<Runnable>) => Number(name.slice(1));
  const reads = new LastResultReads<Runnable>({
    clock,
    dispatcher,
    targets,
    maxAttempts: () => 3,
    nextRun: (registration) => {
      const wait = options.nextRunIn?.(indexOf(registration)) ?? 30 * MINUTE;
      return Number.isNaN(wait) ? undefined : clock.now() + wait;
    },
    hasResults: () => false,
    async read({ name }) {
      read.push({ query: name, at: clock.monotonic() });
      if (options.takes !== undefined) {
        await new Promise<void>((resolve) => clock.setTimer(options.takes ?? 0, resolve));
      }
      return options.resultOf?.(name) ?? 'done';
    },
  });
  const last = Array.from({ length: 20 }, (_, index) => {
    const name = `q${index}`;
    const query: Runnable = { name, account: 'default', region: 'eu-west-1', schedule };
    const end = clock.now() - (40 - index) * MINUTE;
    const window = { n: 1, start: end - schedule.every, end };
    const run: Run = newRun({ window, since: 0, covered: [] });
    return { registration: handleOf(query), run };
  });
  dispatcher.start();
  return { clock, log, reads, read, last };
}

it('reads the newest windows first, with a fifth of the request budget', async () => {
  const { clock, log, reads, read, last } = setUp({});
  reads.add(last.slice(10).reverse());
  reads.add(last.slice(0, 10));
  await clock.advance(MINUTE);
  expect(read.map(({ query }) => query)).toEqual(Array.from({ length: 20 }, (_, index) => `q${19 - index}`));
  const took = (read.at(-1)?.at ?? 0) - (read[0]?.at ?? 0);
  expect(19 / (took / 1_000)).toBeLessThanOrEqual(RATE / 5);
  expect(19 / (took / 1_000)).toBeGreaterThan((0.9 * RATE) / 5);
  expect(log.events).toEqual([]);
});

it('reads what is added after all results were read', async () => {
  const { clock, reads, read, last } = setUp({});
  reads.add(last.slice(0, 2));
  await clock.advance(MINUTE);
  reads.add(last.slice(2, 4));
  await clock.advance(MINUTE);
  expect(read.map(({ query }) => query)).toEqual(['q1', 'q0', 'q3', 'q2']);
});

it.each(['failed', 'silent'] as const)('counts each attempt of a %s call', async (result) => {
  const { clock, reads, read, last } = setUp({ resultOf: () => result });
  reads.add(last);
  await clock.advance(15_000 - 1);
  expect(read).toHaveLength(10);
});

it('reads all pages of a window before the next one', async () => {
  let pages = 0;
  const { clock, reads, read, last } = setUp({ resultOf: () => (++pages % 3 === 0 ? 'done' : 'again') });
  reads.add(last);
  await clock.advance(2_750);
  expect(read.map(({ query }) => query)).toEqual(['q19', 'q19', 'q19', 'q18', 'q18', 'q18']);
});

it('reads no results that the next run replaces soon, and does not wait for them', async () => {
  const waits = [undefined, Number.NaN, MINUTE, 2 * MINUTE, 3 * MINUTE];
  const { clock, reads, read, last } = setUp({ nextRunIn: (index) => waits[index] });
  reads.add(last.slice(0, waits.length));
  await clock.advance(MINUTE);
  expect(read).toEqual([
    { query: 'q4', at: 0 },
    { query: 'q0', at: 500 },
  ]);
});

it('reads no results that are stale soon, or of a removed query', async () => {
  const { clock, reads, read, last } = setUp({});
  const [old, removed, other] = last;
  if (old === undefined || removed === undefined || other === undefined) {
    throw new Error('not enough queries');
  }
  const endedAgo = ({ registration, run }: typeof other, minutes: number) => {
    return { registration, run: { ...run, window: { ...run.window, end: clock.now() - minutes * MINUTE } } };
  };
  // Two intervals, the delay, and the timeout.
  reads.add([
    endedAgo(old, 136),
    { ...removed, registration: { ...removed.registration, removed: true } },
    endedAgo(other, 134),
  ]);
  await clock.advance(MINUTE);
  expect(read.map(({ query }) => query)).toEqual(['q2']);
});

it.each([
  { during: 'a wait', takes: undefined },
  { during: 'a call', takes: 100 },
])('ends with the lead during $during', async ({ takes }) => {
  const { clock, reads, read, last } = setUp({ takes });
  reads.add(last);
  await clock.advance(1_250);
  expect(read).toHaveLength(3);
  reads.clear();
  await clock.advance(MINUTE);
  expect(read).toHaveLength(3);
  reads.add(last);
  await clock.advance(MINUTE);
  expect(read).toHaveLength(23);
});
