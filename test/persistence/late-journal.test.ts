import { expect, onTestFinished, test } from 'vitest';
import { isScheduled, type Registration, type ScheduledQuery } from '../../src/model/query.ts';
import type { Run } from '../../src/model/run.ts';
import { StoredState } from '../../src/persistence/stored-state.ts';
import { QueryRegistry } from '../../src/registry/query-registry.ts';
import { MonitorMetrics } from '../../src/state/monitor-metrics.ts';
import { QueryStates } from '../../src/state/query-state.ts';
import { RunStates } from '../../src/state/run-state.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { scheduledQuery } from '../support/scheduled-query.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const HOUR = 3_600_000;

/** A registry whose queries are known and stored, as in the daemon. */
async function open(path: string, clock: FakeClock) {
  const log = new RecordingLog();
  const states = new QueryStates({ clock, giveUpAfter: HOUR, log });
  const runStates = new RunStates({ clock, log, changed: states.changed });
  const registry = new QueryRegistry();
  const memory = await StoredState.open({
    path,
    clock,
    log,
    states,
    runStates,
    monitorMetrics: new MonitorMetrics(clock, log),
    isRegistered: (name) => registry.get(name) !== undefined,
    placeOf: () => 'here',
    making: () => undefined,
  });
  onTestFinished(() => memory.close());
  registry.join({
    add(registration) {
      if (isScheduled(registration)) {
        runStates.register(registration);
      }
      states.register(registration);
      memory.restore(registration);
    },
    remove: (registration) => states.remove(registration),
  });
  return { registry, states, memory };
}

function register(registry: QueryRegistry): Registration<ScheduledQuery> {
  const [registration] = registry.add([scheduledQuery({ name: 'q' })]);
  if (registration === undefined || !isScheduled(registration)) {
    throw new Error('one query was added');
  }
  return registration;
}

function runOver(clock: FakeClock, n: number): Run {
  const [start, end] = [n * HOUR, (n + 1) * HOUR];
  return {
    window: { n, start, end },
    queryId: undefined,
    startedAt: clock.monotonic(),
    terminalAt: undefined,
    wantedAt: clock.monotonic(),
    covered: [{ start, end }],
    isUnconfirmed: false,
  };
}

test.each(['started', 'over'] as const)(
  'leaves the runs of a query alone when a run of the one before it under its name is %s late',
  async (event) => {
    const clock = new FakeClock();
    const path = temporaryFolder();
    const { registry, states, memory } = await open(path, clock);
    const before = register(registry);
    const late = runOver(clock, 1);
    await memory.runs.starting(before, late);
    registry.remove('q');
    const after = register(registry);
    const current = runOver(clock, 2);
    await memory.runs.starting(after, current);
    current.queryId = 'current';
    memory.runs.started(after, current);
    late.queryId = 'late';
    if (event === 'started') {
      memory.runs.started(before, late);
    } else {
      memory.runs.over(before, late, 'refused', () => undefined);
    }
    // Its runs are stored again with its status.
    states.pollSucceeded(after, 'RUNNING');
    await memory.close();

    const next = await open(path, clock);
    expect(next.memory.runs.resume(register(next.registry))).toMatchObject({
      covered: current.covered,
      inFlight: { queryId: 'current' },
    });
  },
);
