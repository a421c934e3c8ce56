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
const RATE = 5;

/** Reads the results of 20 queries. The windows of later ones are newer. */
function setUp(options: {
  readonly nextRunIn?: (index: number) => number | undefined;
  readonly resultOf?: (query: string) => LastResultsRead;
}) {
  const clock = new FakeClock();
  const targets = new Targets(clock);
  targets.add('default', 'eu-west-1', { requestsPerSecond: RATE, maxConcurrentRequests: 8 });
  const dispatcher = new Dispatcher({ clock, log: new RecordingLog(), targets, concurrency: 64, timeLimit: MINUTE });
  const read: { readonly query: string; readonly at: number }[] = [];
  const schedule = { every: 60 * MINUTE, lookback: 60 * MINUTE, delay: 0, timeout: 10 * MINUTE };
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
  return { clock, reads, read, last };
}

it('reads the newest windows first, with a fifth of the request budget', async () => {
  const { clock, reads, read, last } = setUp({});
  reads.add(last);
  await clock.advance(MINUTE);
  expect(read.map(({ query }) => query)).toEqual(Array.from({ length: 20 }, (_, index) => `q${19 - index}`));
  const took = (read.at(-1)?.at ?? 0) - (read[0]?.at ?? 0);
  expect(19 / (took / 1_000)).toBeLessThanOrEqual(RATE / 5);
  expect(19 / (took / 1_000)).toBeGreaterThan((0.9 * RATE) / 5);
});

it('counts each attempt of a failed call', async () => {
  const { clock, reads, read, last } = setUp({ resultOf: () => 'failed' });
  reads.add(last);
  await clock.advance(30_000 - 1);
  expect(read).toHaveLength(10);
});

it('reads all pages of a window before the next one', async () => {
  let pages = 0;
  const { clock, reads, read, last } = setUp({ resultOf: () => (++pages % 3 === 0 ? 'done' : 'again') });
  reads.add(last);
  await clock.advance(5_500);
  expect(read.map(({ query }) => query)).toEqual(['q19', 'q19', 'q19', 'q18', 'q18', 'q18']);
});

it('reads no results that the next run replaces soon', async () => {
  const waits = [undefined, Number.NaN, MINUTE, 2 * MINUTE, 3 * MINUTE];
  const { clock, reads, read, last } = setUp({ nextRunIn: (index) => waits[index] });
  reads.add(last.slice(0, waits.length));
  await clock.advance(MINUTE);
  expect(read.map(({ query }) => query)).toEqual(['q4', 'q0']);
});

it('reads no results that are stale soon, or of a removed query', async () => {
  const { clock, reads, read, last } = setUp({});
  const [old, removed, other] = last;
  if (old === undefined || removed === undefined || other === undefined) {
    throw new Error('not enough queries');
  }
  const { window } = old.run;
  const end = window.end - 100 * MINUTE;
  const run = { ...old.run, window: { ...window, end } };
  reads.add([{ ...old, run }, { ...removed, registration: { ...removed.registration, removed: true } }, other]);
  await clock.advance(MINUTE);
  expect(read.map(({ query }) => query)).toEqual(['q2']);
});

it('ends with the lead', async () => {
  const { clock, reads, read, last } = setUp({});
  reads.add(last);
  await clock.advance(2_500);
  reads.clear();
  await clock.advance(MINUTE);
  expect(read).toHaveLength(3);
  reads.add(last);
  await clock.advance(MINUTE);
  expect(read).toHaveLength(23);
});
