import type { Clock } from '../lib/clock.ts';
import { lazy } from '../lib/concurrency.ts';
import { ApiSections } from '../metrics/api-sections.ts';
import { type ExporterFacts, exporterSections } from '../metrics/exporter-sections.ts';
import { Exposition } from '../metrics/exposition.ts';
import type { MetricGroup } from '../metrics/families.ts';
import { InventorySections } from '../metrics/inventory-sections.ts';
import { MonitorSections } from '../metrics/monitor-sections.ts';
import { QuerySections } from '../metrics/query-sections.ts';
import { replicaSections } from '../metrics/replica-sections.ts';
import { RunPage } from '../metrics/run-page.ts';
import type { ReplicaMember } from '../replicas/member.ts';
import type { ExporterState } from './exporter-state.ts';
import type { MonitorMetricReads } from './monitor-metric-reads.ts';
import type { Scheduling } from './scheduling.ts';

/** Groups of families whose gauges only the leader of replicas exports. */
const OF_LEADER: ReadonlySet<MetricGroup> = new Set(['queries', 'contributors', 'api', 'inventory', 'monitors']);

/**
 * The metrics of the process. They load prom-client late: a start does not wait for it. All daemons of a process share them,
 * because prom-client's timer for the delay of the event loop and its observer of garbage collection never end.
 */
const runtimeOfProcess = lazy(async () => (await import('../metrics/process-sections.ts')).processSections());

/** The metrics page. It follows the state: changes are marked at once, and rendered with the next scrape. */
export class MetricsPage {
  readonly queries: QuerySections;
  readonly inventory = new InventorySections();
  readonly runs: RunPage;
  readonly api: ApiSections;
  readonly monitors: MonitorSections;
  readonly #clock: Clock;

  /** @param maxSeries limit of contributor series, over all queries */
  constructor(
    clock: Clock,
    state: ExporterState,
    scheduling: Scheduling,
    metricReads: MonitorMetricReads,
    maxSeries: number,
  ) {
    this.#clock = clock;
    this.queries = new QuerySections(state.queries);
    this.runs = new RunPage(state.runs, maxSeries);
    this.api = new ApiSections(
      () => scheduling.planned(),
      (target) => scheduling.runs.of(target),
    );
    this.monitors = new MonitorSections(metricReads);
    state.monitorMetrics.changed.on((target) => this.monitors.changed(target));
    state.queries.changed.on((registration, fields) => this.queries.changed(registration, fields));
    state.queries.changed.on((registration, fields) => this.runs.changed(registration, fields));
    state.runs.newResults.on((registration, series) => this.runs.resultsRead(registration, series));
    state.api.changed.on((stats) => this.api.changed(stats));
  }

  /** Creates the complete page, including the metrics about the exporter itself. */
  async exposition(facts: ExporterFacts, replica: ReplicaMember | undefined): Promise<Exposition> {
    const runtime = await runtimeOfProcess();
    return new Exposition(
      [
        ...this.queries.sections(),
        ...this.runs.sections(),
        ...this.api.sections(),
        ...this.inventory.sections(),
        ...this.monitors.sections(),
        ...exporterSections(facts),
        ...(replica ? replicaSections(replica) : []),
        ...runtime.sections,
      ],
      async (groups) => {
        this.queries.refresh(this.#clock.monotonic());
        this.runs.refresh(this.#clock.monotonic());
        this.inventory.refresh(this.#clock.monotonic());
        this.monitors.refresh(this.#clock.now());
        // Reads files of /proc.
        if (groups === undefined || groups.has('process')) {
          await runtime.refresh();
        }
      },
      // Counters are of this process. Gauges show what AWS has returned, which only the leader knows.
      ({ type, group }) => type !== 'gauge' || !OF_LEADER.has(group) || replica?.isLeader !== false,
    );
  }
}
