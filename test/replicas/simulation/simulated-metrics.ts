import { MetricReading } from '../../../src/actions/read-monitor-metrics.ts';
import { type MetricPage, PERIOD_MS } from '../../../src/aws/cloudwatch/metric-data.ts';
import { SILENT_LOG } from '../../../src/lib/log.ts';
import type { Span } from '../../../src/model/run.ts';
import type { ReplicaMember } from '../../../src/replicas/member.ts';
import { readCounted } from '../../../src/replicas/values.ts';
import type { DueReads } from '../../../src/scheduler/metric-reads.ts';
import { Targets } from '../../../src/scheduler/target.ts';
import { CloudwatchStats, MonitorMetrics } from '../../../src/state/monitor-metrics.ts';
import type { SimulatedPart } from './simulated-member.ts';
import { EPOCH, type Machine, type World } from './world.ts';

/** Interval of reads, in milliseconds: shorter than in the exporter, for more reads. */
const READ_EVERY_MS = 7_000;
/** Time for which a period's value grows, in milliseconds, and its last value. */
const GROWING_MS = 180_000;
const LARGEST = 130;
/** Time without reads at the end, in milliseconds. */
const UNREAD_MS = 60_000;
const MONITOR = 'monitor';
const DUE: DueReads = { health: true, sums: true };
const SETTINGS = { metrics: ['Retransmissions' as const], delay: 0, lookback: 60 * PERIOD_MS };

/** The metrics of a process. */
interface Member {
  readonly boot: string;
  readonly machine: Machine;
  readonly shown: () => number;
}

/** A monitor with points that are corrected often, which members read and count while they believe to lead. */
export class SimulatedMetrics {
  readonly #world: World;
  readonly #end: number;
  readonly #members: Member[] = [];
  /** The last total that each process has written. */
  readonly #written = new Map<string, number>();
  #stored: string | undefined;
  #isRestored = false;

  /** @param end of the simulation */
  constructor(world: World, end: number) {
    this.#world = world;
    this.#end = end;
  }

  /** Adds a process. */
  join(member: ReplicaMember, machine: Machine): SimulatedPart {
    const { clock, boot } = member;
    const metrics = new MonitorMetrics(clock, SILENT_LOG);
    const targets = new Targets(clock);
    const target = targets.add('default', 'eu-west-1', { requestsPerSecond: 1, maxConcurrentRequests: 1 });
    metrics.select(target, '', new Map([[MONITOR, 'arn']]), () => undefined);
    member.shared.periods.attach(metrics);
    const reading = new MetricReading({
      clock,
      metrics,
      stats: new CloudwatchStats(),
      log: { failed: () => undefined, succeeded: () => undefined },
      store: member.shared.periods,
    });
    const client = {
      metricData: async (_requests: unknown, range: Span) => ({
        page: [this.#points(range)],
        nextToken: undefined,
        bytes: 0,
      }),
      refuse: (message: string) => {
        throw new Error(message);
      },
    };
    const { signal } = new AbortController();
    const read = async () => {
      if (member.isLeader && this.#world.now < this.#end - UNREAD_MS + READ_EVERY_MS) {
        await reading.read({ target, settings: SETTINGS, client }, DUE, signal);
      }
      machine.setTimer(READ_EVERY_MS, () => void read());
    };
    machine.setTimer(READ_EVERY_MS, () => void read());
    const shown = () => metrics.find(target, MONITOR)?.totals.retransmissions ?? 0;
    this.#members.push({ boot, machine, shown });
    return { lead: () => undefined };
  }

  /** Notes the content of the register after a write. */
  written(name: string, value: string): void {
    const { counted } = readCounted({ partition: '', name }, value);
    const [last] = counted;
    if (last !== undefined) {
      this.#written.set(last.by, last.totals.retransmissions);
    }
    this.#stored = value;
  }

  /** Notes that the register has returned to an earlier state. A new leader may count again what it has lost. */
  restored(): void {
    this.#isRestored = true;
  }

  violations(): readonly string[] {
    const { periods } = readCounted({ partition: '', name: '' }, this.#stored ?? '');
    const { from = 0, first = 0, values = [] } = periods.Retransmissions ?? {};
    const truth = values.reduce<number>((sum, value, i) => sum + (first + i * PERIOD_MS >= from ? (value ?? 0) : 0), 0);
    const counted = [...this.#written.values()].reduce((sum, total) => sum + total, 0);
    const grown = values.filter((_value, i) => this.#ageOf(first + i * PERIOD_MS) > GROWING_MS + UNREAD_MS);
    const missing = grown.filter((value) => value !== LARGEST);
    const unshown = this.#members.filter(({ boot, machine, shown }) => {
      const written = this.#written.get(boot) ?? 0;
      return machine.isDead ? shown() > written : shown() !== written;
    });
    return [
      ...(counted === truth || this.#isRestored ? [] : [`members have counted ${counted}, the points have ${truth}`]),
      ...(missing.length === 0 ? [] : [`${missing.length} points are not those of the service`]),
      ...unshown.map(({ boot, shown }) => `${boot} shows ${shown()}, and has written ${this.#written.get(boot)}`),
    ];
  }

  #points({ start, end }: Span): MetricPage {
    const first = Math.max(start, EPOCH);
    const starts = Array.from({ length: Math.max(0, (end - first) / PERIOD_MS) }, (_, i) => first + i * PERIOD_MS);
    return {
      index: 0,
      isComplete: true,
      points: starts.map((at) => [at, this.#valueOf(at)] as const),
    };
  }

  /** A period's value grows for three minutes. */
  #valueOf(at: number): number {
    return Math.min(LARGEST, 100 + Math.max(0, Math.floor(this.#ageOf(at) / 6_000)));
  }

  /** Milliseconds since the end of a period. */
  #ageOf(at: number): number {
    return EPOCH + this.#world.now - at - PERIOD_MS;
  }
}
