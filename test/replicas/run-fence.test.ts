import { expect, it } from 'vitest';
import { SILENT_LOG } from '../../src/lib/log.ts';
import { questionOf } from '../../src/model/question.ts';
import type { Run } from '../../src/model/run.ts';
import { EngineRegisters } from '../../src/replicas/engine-registers.ts';
import { RunFence } from '../../src/replicas/run-fence.ts';
import { RunRegisters } from '../../src/replicas/run-registers.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { handleOf } from '../support/handles.ts';
import { MemoryEngine } from '../support/memory-engine.ts';
import { scheduledQuery } from '../support/scheduled-query.ts';

const EVERY = 900_000;

/** Processes on one engine, with a query. */
function setUp() {
  const clock = new FakeClock();
  const engine = new MemoryEngine(() => clock.now());
  const registration = handleOf(scheduledQuery());
  const fenceOf = (boot: string, epoch: number) => {
    const registers = new EngineRegisters({ engine, clock, boot, timeout: 1_000, ended: () => undefined });
    const common = { boot, now: () => clock.now(), lost: () => undefined, refused: () => undefined };
    return new RunFence({
      clock,
      log: SILENT_LOG,
      registers: new RunRegisters({ ...common, registers, group: 'g' }),
      group: { ...common, mayStart: () => true, epoch: () => epoch, isDead: () => false, lostUntil: () => 0 },
      questionOf,
      patience: () => 60_000,
    });
  };
  const first = Math.floor(clock.now() / EVERY);
  const start = async (fence: RunFence, queryId: string, window: number): Promise<Run> => {
    const end = (first + window) * EVERY;
    const run: Run = {
      window: { n: end / EVERY, start: end - EVERY, end },
      queryId: undefined,
      startedAt: clock.monotonic(),
      terminalAt: undefined,
      wantedAt: clock.monotonic(),
      covered: [],
      isUnconfirmed: false,
    };
    expect(await fence.starting(registration, run)).toBe('stored');
    run.queryId = queryId;
    fence.started(registration, run, () => undefined);
    expect(await fence.settled()).toBe(true);
    return run;
  };
  const counted: string[] = [];
  const end = async (fence: RunFence, run: Run | undefined, outcome: 'succeeded' | 'timed_out') => {
    if (run !== undefined) {
      fence.over(registration, run, outcome, () => counted.push(`${run.queryId} ${outcome}`));
      expect(await fence.settled()).toBe(true);
    }
  };
  return { registration, fenceOf, start, end, counted };
}

it('counts a run once that this process follows again while it still stops it', async () => {
  const { registration, fenceOf, start, end, counted } = setUp();
  const fence = fenceOf('a', 1);
  const run = await start(fence, 'query', 0);
  // It has lost the lead, and takes it again.
  await fence.load();
  const again = fence.resume(registration)?.inFlight;
  expect(again).toMatchObject({ queryId: 'query' });
  expect(await fence.stopping(registration, run)).toBe('stored');
  await end(fence, run, 'timed_out');
  await end(fence, again, 'timed_out');
  expect(counted).toEqual(['query timed_out']);
});

it('leaves a run that another process has ended, even if this one has read the registers since', async () => {
  const { registration, fenceOf, start, end, counted } = setUp();
  const [fence, other] = [fenceOf('a', 1), fenceOf('b', 2)];
  const [stopped, ended] = [await start(fence, 'query', 0), await start(fence, 'late', 1)];
  await other.load();
  await end(other, other.resume(registration)?.inFlight, 'succeeded');
  const next = await start(other, 'next', 2);
  await fence.load();
  expect(await fence.stopping(registration, stopped)).toBe('taken');
  await end(fence, stopped, 'timed_out');
  await end(fence, ended, 'timed_out');
  await end(other, next, 'succeeded');
  expect(counted).toEqual(['late succeeded', 'next succeeded']);
});
