import { describe, expect, it } from 'vitest';
import { Dispatcher } from '../../src/scheduler/dispatcher.ts';
import { type DueReads, MetricReads, type ReadResult } from '../../src/scheduler/metric-reads.ts';
import { type Target, Targets } from '../../src/scheduler/target.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { RecordingLog } from '../support/recording-log.ts';

const MINUTE = 60_000;
const INTERVALS = { interval: MINUTE, sumsInterval: 5 * MINUTE };

interface Read extends DueReads {
  readonly region: string;
  /** On the wall clock. */
  readonly at: number;
}

/** Reads the metrics of one region or several. `resultOf` gives the result of each read, from the number of earlier ones. */
function reading(
  options: {
    readonly regions?: readonly string[];
    readonly resultOf?: (before: number) => ReadResult;
    /** Milliseconds after a whole minute. */
    readonly startedAt?: number;
  } = {},
) {
  const clock = new FakeClock();
  clock.jump(options.startedAt ?? 0);
  const targets = new Targets(clock);
  const log = new RecordingLog();
  const dispatcher = new Dispatcher({ clock, log, targets, concurrency: 64, timeLimit: MINUTE });
  const done: Read[] = [];
  let intervals = INTERVALS;
  let hold: Promise<void> | undefined;
  const reads = new MetricReads({
    clock,
    dispatcher,
    intervalsOf: () => intervals,
    read: async ({ region }, due) => {
      done.push({ region, at: clock.now(), ...due });
      await hold;
      return options.resultOf?.(done.length - 1) ?? 'done';
    },
  });
  const ofRegions = (options.regions ?? ['eu-west-1']).map((region) =>
    targets.add('default', region, { requestsPerSecond: 50, maxConcurrentRequests: 8 }),
  );
  for (const target of ofRegions) {
    reads.add(target);
  }
  dispatcher.start();
  return {
    clock,
    reads,
    done,
    targets: ofRegions,
    /** Makes all reads wait for the returned function. */
    holdReads(): () => void {
      let release = () => {};
      hold = new Promise((resolve) => {
        release = resolve;
      });
      return release;
    },
    setIntervals(value: typeof INTERVALS) {
      intervals = value;
    },
  };
}

/** Returns the milliseconds by which reads are later than a whole minute, without repeats. */
const offsets = (reads: readonly Read[]) => [...new Set(reads.map(({ at }) => at % MINUTE))];

describe('reads of metrics', () => {
  it('are made each minute at the same second, and the sums every five minutes', async () => {
    const { clock, done } = reading();
    await clock.advance(20 * MINUTE);
    expect(done).toHaveLength(20);
    expect(offsets(done)).toHaveLength(1);
    expect(done.every(({ health }) => health)).toBe(true);
    const sums = done.filter(({ sums: areDue }) => areDue).map(({ at }) => Math.floor(at / MINUTE));
    expect(sums).toHaveLength(4);
    expect(sums.map((minute) => minute % 5)).toEqual([0, 0, 0, 0]);
  });

  it('are spread over the minute for different targets, but not after a restart', async () => {
    const regions = ['eu-west-1', 'us-east-1', 'ap-south-1', 'sa-east-1'];
    const before = reading({ regions });
    await before.clock.advance(2 * MINUTE);
    const after = reading({ regions, startedAt: 17_000 });
    await after.clock.advance(2 * MINUTE);
    for (const region of regions) {
      const own = [...before.done, ...after.done].filter((read) => read.region === region);
      expect(offsets(own), region).toHaveLength(1);
    }
    expect(offsets(before.done)).toHaveLength(regions.length);
  });

  it('have a request only for intervals that have passed', async () => {
    const { clock, done, setIntervals } = reading();
    setIntervals({ interval: 5 * MINUTE, sumsInterval: 10 * MINUTE });
    await clock.advance(20 * MINUTE);
    expect(done.map(({ health, sums }) => [health, sums])).toEqual([
      [true, true],
      [true, false],
      [true, true],
      [true, false],
    ]);
  });

  it('are made at the changed interval from the next minute on', async () => {
    const { clock, done, setIntervals } = reading();
    setIntervals({ interval: 60 * MINUTE, sumsInterval: 60 * MINUTE });
    await clock.advance(9 * MINUTE);
    expect(done).toMatchObject([{ health: true, sums: true }]);
    setIntervals(INTERVALS);
    await clock.advance(MINUTE);
    expect(done.slice(1)).toMatchObject([{ health: true, sums: true }]);
  });

  it('are repeated after a minute only if there was no response', async () => {
    const intervals = { interval: 5 * MINUTE, sumsInterval: 5 * MINUTE };
    const read = async (result: ReadResult) => {
      const { clock, done, setIntervals } = reading({ resultOf: (before) => (before === 0 ? result : 'done') });
      setIntervals(intervals);
      await clock.advance(4 * MINUTE);
      return done.map(({ at, ...due }) => ({ ...due, minute: Math.floor(at / MINUTE) % 5 }));
    };
    const due = { region: 'eu-west-1', health: true, sums: true };
    expect(await read('failed')).toEqual([{ ...due, minute: 0 }]);
    expect(await read('silent')).toEqual([
      { ...due, minute: 0 },
      { ...due, minute: 1 },
    ]);
  });

  it('repeat sums that had no response, also if the next read is of both', async () => {
    const { clock, done } = reading({ resultOf: (before) => (before === 0 ? 'silent' : 'done') });
    await clock.advance(4 * MINUTE);
    const sums = done.filter(({ sums: areDue }) => areDue);
    expect(sums.map(({ at }) => Math.floor(at / MINUTE) % 5)).toEqual([0, 1]);
  });

  it('continue after the wall clock was set back', async () => {
    const { clock, done } = reading();
    await clock.advance(3 * MINUTE);
    clock.jump(-60 * MINUTE);
    await clock.advance(3 * MINUTE);
    expect(done).toHaveLength(6);
  });

  it('end when the target is removed, also during a read', async () => {
    const { clock, reads, done, targets, holdReads } = reading({ regions: ['eu-west-1', 'us-east-1'] });
    const [first, second] = targets as [Target, Target];
    reads.remove(first);
    const release = holdReads();
    await clock.advance(MINUTE);
    expect(done.map(({ region }) => region)).toEqual([second.region]);
    reads.remove(second);
    release();
    await clock.advance(10 * MINUTE);
    expect(done).toHaveLength(1);
  });

  it('are made once if a target is added again', async () => {
    const { clock, reads, done, targets } = reading();
    for (const target of targets) {
      reads.add({ ...target });
    }
    await clock.advance(5 * MINUTE);
    expect(done).toHaveLength(5);
  });
});
