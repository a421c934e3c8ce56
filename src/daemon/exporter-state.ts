import { FailureLog } from '../actions/failure-log.ts';
import type { Config } from '../config/config.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import { QueryRegistry } from '../registry/query-registry.ts';
import { Targets } from '../scheduler/target.ts';
import { ApiStats } from '../state/api-stats.ts';
import { CloudwatchStats } from '../state/cloudwatch-stats.ts';
import { MonitorMetrics } from '../state/monitor-metrics.ts';
import { QueryStates } from '../state/query-state.ts';
import { RunStates } from '../state/run-state.ts';

/** The state of the exporter: registered queries, their state and runs, targets in use, and statistics of their API. */
export class ExporterState {
  readonly registry = new QueryRegistry();
  readonly targets: Targets;
  readonly api: ApiStats;
  readonly queries: QueryStates;
  readonly runs: RunStates;
  readonly failures: FailureLog;
  readonly monitorMetrics: MonitorMetrics;
  readonly cloudwatch = new CloudwatchStats();

  constructor({ polling }: Config, clock: Clock, log: Logger) {
    this.targets = new Targets(clock);
    this.api = new ApiStats(log);
    this.queries = new QueryStates({ clock, giveUpAfter: polling.giveUpAfter, log });
    this.runs = new RunStates({ clock, log, changed: this.queries.changed });
    this.failures = new FailureLog(clock, log);
    this.monitorMetrics = new MonitorMetrics(clock, log);
  }
}
