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

it('counts a run once that this process follows again while it still stops it', async () => {
  const clock = new FakeClock();
  const engine = new MemoryEngine(() => clock.now());
  const registers = new EngineRegisters({ engine, clock, boot: 'a', timeout: 1_000, ended: () => undefined });
  const common = { boot: 'a', now: () => clock.now(), lost: () => undefined, refused: () => undefined };
  const fence = new RunFence({
    clock,
    log: SILENT_LOG,
    registers: new RunRegisters({ ...common, registers, group: 'g' }),
    group: { ...common, mayStart: () => true, epoch: () => 1, isDead: () => false, lostUntil: () => 0 },
    questionOf,
    patience: () => 60_000,
  });
  const registration = handleOf(scheduledQuery());
  const end = Math.floor(clock.now() / EVERY) * EVERY;
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
  run.queryId = 'query';
  fence.started(registration, run, () => undefined);
  expect(await fence.settled()).toBe(true);
  // It has lost the lead, and takes it again.
  await fence.load();
  const again = fence.resume(registration)?.inFlight;
  expect(again).toMatchObject({ queryId: 'query' });
  let counted = 0;
  const count = () => {
    counted += 1;
  };
  expect(await fence.stopping(registration, run)).toBe('stored');
  fence.over(registration, run, 'timed_out', count);
  expect(await fence.settled()).toBe(true);
  expect(counted).toBe(1);
  if (again !== undefined) {
    await fence.stopping(registration, again);
    fence.over(registration, again, 'timed_out', count);
  }
  expect(await fence.settled()).toBe(true);
  expect(counted).toBe(1);
});
