import { FailureLog } from '../actions/failure-log.ts';
import type { Config } from '../config/config.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import { QueryRegistry } from '../registry/query-registry.ts';
import { Targets } from '../scheduler/target.ts';
import { ApiStats } from '../state/api-stats.ts';
import { CloudwatchStats, MonitorMetrics } from '../state/monitor-metrics.ts';
import { QueryStates } from '../state/query-state.ts';
import { RunStates } from '../state/run-state.ts';

/** The state of the exporter: registered queries, their state and runs, targets in use, and statistics of their API. */
export type ExporterState = ReturnType<typeof createState>;

export function createState({ polling: { giveUpAfter } }: Config, clock: Clock, log: Logger) {
  const queries = new QueryStates({ clock, giveUpAfter, log });
  return {
    registry: new QueryRegistry(),
    targets: new Targets(clock),
    api: new ApiStats(log),
    queries,
    runs: new RunStates({ clock, log, changed: queries.changed }),
    failures: new FailureLog(clock, log),
    monitorMetrics: new MonitorMetrics(clock, log),
    cloudwatch: new CloudwatchStats(),
  };
}
