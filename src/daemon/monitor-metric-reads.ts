import type { TargetsInUse } from '../accounts/targets-in-use.ts';
import { MetricReading, type ReadTarget } from '../actions/read-monitor-metrics.ts';
import { TargetFailureLog } from '../actions/target-failure-log.ts';
import type { AttemptObserver } from '../aws/attempts.ts';
import { CloudwatchClient, METRIC_DATA_OPERATION } from '../aws/cloudwatch/client.ts';
import type { Credentials } from '../aws/credentials/credentials.ts';
import type { BoundedHandler } from '../aws/network/bounded-handler.ts';
import type { CloudwatchSettings } from '../config/config.ts';
import type { MonitorNetwork } from '../http/app-options.ts';
import type { Context } from '../lib/context.ts';
import type { QueryMonitorBytes, ReadTargetView } from '../metrics/monitor-sections.ts';
import { isHealth } from '../model/vocabulary.ts';
import { planReads, type ReadPlan } from '../queries/cloudwatch-plan.ts';
import { cloudwatchOf } from '../queries/cloudwatch-targets.ts';
import { fitsPattern } from '../queries/following.ts';
import type { Discovery } from '../registry/discovery.ts';
import type { ConfigInForce } from '../registry/query-sources.ts';
import type { Dispatcher } from '../scheduler/dispatcher.ts';
import { MetricReads } from '../scheduler/metric-reads.ts';
import { type Target, Targets } from '../scheduler/target.ts';
import { HEALTH_VALID_MS } from '../state/monitor-condition.ts';
import type { PeriodStore } from '../state/monitor-metrics.ts';
import type { ExporterState } from './exporter-state.ts';

export interface MonitorMetricReadsOptions extends Context {
  readonly inForce: ConfigInForce;
  readonly state: ExporterState;
  readonly targetsInUse: TargetsInUse;
  readonly periods: PeriodStore;
  readonly dispatcher: Dispatcher;
  readonly handler: BoundedHandler;
  /** Version of the exporter, for the user agent. */
  readonly version: string;
}

/** A target that is read, with the settings that its client depends on. */
interface Read extends ReadTarget {
  readonly settings: CloudwatchSettings;
  readonly client: CloudwatchClient;
  /** The same account and region, with the request budget of the reads. */
  readonly budgeted: Target;
  readonly credentials: Credentials;
  readonly maxAttempts: number;
}

/** Targets have one read in flight. */
const CONCURRENT_READS = 1;

/** The reads of monitor metrics from CloudWatch, in the targets whose account has `cloudwatch`. Others cost nothing. */
export class MonitorMetricReads {
  readonly #options: MonitorMetricReadsOptions;
  readonly #budgets: Targets;
  readonly #log: TargetFailureLog;
  readonly #reads: MetricReads;
  readonly #read = new Map<Target, Read>();
  readonly #byBudget = new WeakMap<Target, Read>();

  constructor(options: MonitorMetricReadsOptions) {
    this.#options = options;
    const { clock, log, state, dispatcher, periods } = options;
    const { monitorMetrics: metrics, cloudwatch: stats } = state;
    this.#budgets = new Targets(clock);
    this.#budgets.onFree = () => dispatcher.wake();
    const texts = { begun: 'monitor metrics not read', ended: 'monitor metrics read again' };
    this.#log = new TargetFailureLog({ clock, log, ...texts }, state.failures.credentials);
    const reading = new MetricReading({ clock, metrics, stats, log: this.#log, store: periods });
    this.#reads = new MetricReads({
      clock,
      dispatcher,
      intervalsOf: (budgeted) => this.#planOf(this.#ofBudget(budgeted)),
      read: (budgeted, due, signal) => reading.read(this.#ofBudget(budgeted), due, signal),
    });
  }

  /** Returns what the metrics of each target that is read show. */
  views(): ReadonlyMap<Target, ReadTargetView> {
    const { monitorMetrics, cloudwatch } = this.#options.state;
    const viewOf = (target: Target, read: Read): ReadTargetView => ({
      ...this.#planOf(read),
      metrics: read.settings.metrics,
      counts: cloudwatch.of(target),
      monitors: monitorMetrics.of(target),
    });
    return new Map(Array.from(this.#read, ([target, read]) => [target, viewOf(target, read)]));
  }

  /** Returns CloudWatch's bytes in the windows of the last results of monitor queries. Omits windows with unknown points. */
  *queryBytes(): Iterable<QueryMonitorBytes> {
    const { state, targetsInUse } = this.#options;
    for (const registration of this.#read.size === 0 ? [] : state.registry.all()) {
      const { monitorName } = registration.query;
      const results = state.runs.get(registration)?.results;
      if (monitorName !== undefined && results?.length !== undefined) {
        const { windowEnd: end, length } = results;
        const monitor = state.monitorMetrics.find(targetsInUse.targetOf(registration), monitorName);
        const bytes = monitor?.bytesIn({ start: end - length, end });
        if (bytes !== undefined) {
          yield { query: registration.name, bytes };
        }
      }
    }
  }

  /** Returns the condition of AWS's network for each monitor whose health is read. */
  networks(): readonly MonitorNetwork[] {
    const { clock, state } = this.#options;
    const now = clock.now();
    return [...this.#read.values()]
      .filter(({ settings }) => settings.metrics.some(isHealth))
      .flatMap(({ target: { account, region }, target }) =>
        state.monitorMetrics.of(target).map(({ name, monitor: { condition, healthEnd } }) => {
          const isKnown = condition !== undefined && healthEnd !== undefined && now - healthEnd <= HEALTH_VALID_MS;
          const since = isKnown ? condition.since : healthEnd;
          return {
            account,
            region,
            monitor: name,
            condition: isKnown ? (condition.degraded ? 'degraded' : 'healthy') : 'unknown',
            since: since === undefined ? null : new Date(since).toISOString(),
          };
        }),
      );
  }

  /** Applies the configuration in effect to the targets in use. */
  update(discovery: Discovery): void {
    const { inForce, state } = this.#options;
    for (const target of state.targets.all()) {
      const settings = cloudwatchOf(target.account, inForce.loaded.config);
      if (settings === undefined) {
        this.remove(target);
      } else {
        this.#add(target, settings);
        this.select(target, discovery);
      }
    }
  }

  /** Selects the monitors of a target that its listing has found. */
  select(target: Target, discovery: Discovery): void {
    const settings = this.#read.get(target)?.settings;
    if (settings !== undefined) {
      const arns = discovery.monitorsIn(target, settings.monitors);
      const limitOf = (name: string) => limitIn(settings, name);
      this.#options.state.monitorMetrics.select(target, settings.endpoint ?? '', arns, limitOf);
    }
  }

  /** Stops reading a target, and removes its series. */
  remove(target: Target): void {
    const { state, dispatcher } = this.#options;
    const read = this.#read.get(target);
    if (read !== undefined) {
      this.#read.delete(target);
      this.#reads.remove(read.budgeted);
      this.#budgets.remove(read.budgeted);
      dispatcher.forget(read.budgeted);
      this.#log.forget(target, METRIC_DATA_OPERATION.name);
      state.cloudwatch.remove(target);
      state.monitorMetrics.remove(target);
    }
  }

  #add(target: Target, settings: CloudwatchSettings): void {
    const { state, targetsInUse, inForce, clock, handler, version } = this.#options;
    const { account, region } = target;
    const { maxAttempts } = inForce.loaded.config.aws;
    const { credentials } = targetsInUse.accounts().get(account) ?? {};
    if (credentials === undefined) {
      throw new Error(`internal error: account ${account} is not in use`);
    }
    const { requestsPerSecond, endpoint } = settings;
    const limits = { requestsPerSecond, maxConcurrentRequests: CONCURRENT_READS };
    const budgeted = this.#budgets.add(account, region, limits);
    const before = this.#read.get(target);
    const isSame =
      before?.credentials === credentials &&
      before.settings.endpoint === endpoint &&
      before.maxAttempts === maxAttempts;
    const client = isSame
      ? before.client
      : new CloudwatchClient({
          target: budgeted,
          clock,
          handler,
          credentials,
          observer: observerOf(target, state.api),
          endpoint: endpoint?.replaceAll('{region}', region),
          maxAttempts,
          version,
          onBilled: (requested) => state.cloudwatch.add(target, { requested }),
        });
    const read: Read = { target, settings, client, budgeted, credentials, maxAttempts };
    this.#read.set(target, read);
    this.#byBudget.set(budgeted, read);
    if (before === undefined) {
      state.api.expectOperations(target, [METRIC_DATA_OPERATION]);
      this.#reads.add(budgeted);
    }
  }

  #ofBudget(budgeted: Target): Read {
    const read = this.#byBudget.get(budgeted);
    if (read === undefined) {
      throw new Error(`internal error: no metrics are read for account ${budgeted.account} in ${budgeted.region}`);
    }
    return read;
  }

  #planOf({ target, settings }: Read): ReadPlan {
    return planReads(settings, this.#options.state.monitorMetrics.readBy(target).length);
  }
}

/** Returns the limit of a monitor's round-trip times, in seconds. */
function limitIn({ roundTripTimeLimits }: CloudwatchSettings, name: string): number | undefined {
  const [, limit] = roundTripTimeLimits.find(([pattern]) => fitsPattern(name, pattern)) ?? [];
  return limit === undefined ? undefined : limit / 1_000;
}

/** Counts attempts for the target. Whether CloudWatch is available shows nothing about Network Flow Monitor. */
function observerOf(target: Target, observer: AttemptObserver): AttemptObserver {
  return {
    attempted: (_budgeted, operation, outcome) => observer.attempted(target, operation, { ...outcome, up: undefined }),
    responseRejected: (_budgeted, operation, error) => observer.responseRejected(target, operation, error),
  };
}
