import { expect, onTestFinished, test } from 'vitest';
import { StoredState } from '../../src/persistence/stored-state.ts';
import { MonitorMetrics } from '../../src/state/monitor-metrics.ts';
import { QueryStates } from '../../src/state/query-state.ts';
import { RunStates } from '../../src/state/run-state.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { handleOf } from '../support/handles.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { scheduledQuery } from '../support/scheduled-query.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { watchedQuery } from '../support/watched-query.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const WATCHED = handleOf(watchedQuery({ name: 'watched' }));
const SCHEDULED = handleOf(scheduledQuery({ name: 'scheduled' }));

async function open(path: string, clock: FakeClock) {
  const log = new RecordingLog();
  const states = new QueryStates({ clock, giveUpAfter: HOUR, log });
  const runStates = new RunStates({ clock, log, changed: states.changed });
  const memory = await StoredState.open({
    path,
    clock,
    log,
    states,
    runStates,
    monitorMetrics: new MonitorMetrics(clock, log),
    isRegistered: () => false,
    placeOf: () => 'here',
    making: () => undefined,
  });
  return { states, runStates, memory };
}

/** A directory with the status of a watched query and a run of a scheduled one, stored `ahead` ms ahead of the clock. */
async function stored(clock: FakeClock, ahead: number): Promise<string> {
  const path = temporaryFolder();
  clock.jump(ahead);
  const { states, runStates, memory } = await open(path, clock);
  states.register(WATCHED);
  states.pollSucceeded(WATCHED, 'SUCCEEDED');
  states.register(SCHEDULED);
  runStates.register(SCHEDULED);
  const end = Math.floor(clock.now() / HOUR) * HOUR;
  const run = {
    window: { n: end / HOUR, start: end - HOUR, end },
    queryId: undefined,
    startedAt: clock.monotonic(),
    terminalAt: undefined,
    wantedAt: clock.monotonic(),
    covered: [{ start: end - HOUR, end }],
    isUnconfirmed: false,
  };
  await memory.runs.starting(SCHEDULED, run);
  await memory.close();
  clock.jump(-ahead);
  return path;
}

/** What is shown of both queries when they are registered now. */
function restored({ states, runStates, memory }: Awaited<ReturnType<typeof open>>): [boolean, boolean] {
  states.register(WATCHED);
  memory.restore(WATCHED);
  states.register(SCHEDULED);
  runStates.register(SCHEDULED);
  return [states.get(WATCHED)?.status === 'SUCCEEDED', memory.runs.resume(SCHEDULED) !== undefined];
}

test.each([2 * DAY, 365 * DAY, -2 * DAY])(
  'keeps what is stored of absent queries for a day if the clock jumps by %i ms',
  async (jump) => {
    const clock = new FakeClock();
    const opened = await open(await stored(clock, 0), clock);
    onTestFinished(() => opened.memory.close());
    clock.jump(jump);
    await clock.advance(23.5 * HOUR);
    expect(restored(opened)).toEqual([true, true]);
  },
);

test.each([0, HOUR, 2 * DAY, 365 * DAY])(
  'forgets absent queries after a day if they were stored %i ms ahead of the clock',
  async (ahead) => {
    const clock = new FakeClock();
    const opened = await open(await stored(clock, ahead), clock);
    onTestFinished(() => opened.memory.close());
    await clock.advance(25.5 * HOUR);
    expect(restored(opened)).toEqual([false, false]);
  },
);
