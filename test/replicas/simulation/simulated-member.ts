import { sleep } from '../../../src/lib/clock.ts';
import { SILENT_LOG } from '../../../src/lib/log.ts';
import type { Registration, ScheduledQuery } from '../../../src/model/query.ts';
import { questionOf } from '../../../src/model/question.ts';
import { ReplicaMember } from '../../../src/replicas/member.ts';
import { Dispatcher } from '../../../src/scheduler/dispatcher.ts';
import { Runs } from '../../../src/scheduler/runs.ts';
import { Targets } from '../../../src/scheduler/target.ts';
import { handleOf } from '../../support/handles.ts';
import { scheduledQuery } from '../../support/scheduled-query.ts';
import type { SimulatedEngine } from './simulated-engine.ts';
import type { SimulatedQueries } from './simulated-queries.ts';
import type { Line, Machine } from './world.ts';

/** Time limit of a connection to another member, in milliseconds. */
const PROBE_MS = 1_000;

/** A configuration: the queries, and its hash. */
export interface SimulatedConfig {
  readonly hash: string;
  readonly queries: readonly ScheduledQuery[];
}

const SCHEDULE = { every: 30_000, lookback: 30_000, delay: 5_000, timeout: 20_000 };

/** Two configurations of which one query differs. */
export const CONFIGS: readonly SimulatedConfig[] = [
  {
    hash: 'a',
    queries: [
      scheduledQuery({ name: 'same', schedule: SCHEDULE }),
      scheduledQuery({ name: 'differs', schedule: SCHEDULE }),
    ],
  },
  {
    hash: 'b',
    queries: [
      scheduledQuery({ name: 'same', schedule: SCHEDULE }),
      scheduledQuery({ name: 'differs', schedule: SCHEDULE, metricName: 'TIMEOUTS' }),
    ],
  },
];

/** What a process does beside its runs. */
export interface SimulatedPart {
  /** Called when the process leads. */
  lead(): void;
}

export interface SimulatedMemberOptions {
  readonly machine: Machine;
  readonly id: string;
  readonly engine: SimulatedEngine;
  readonly engineLine: Line;
  readonly queries: SimulatedQueries;
  readonly serviceLine: Line;
  readonly config: SimulatedConfig;
  /** Returns whether a connection to the process of a URL is refused. */
  readonly isRefused: (url: string) => boolean;
  /** Returns whether a connection to the process of a URL has no reply. */
  readonly isLost?: (url: string) => boolean;
  readonly patience: number;
  /** Windows follow the wall clock of the machine, which is wrong. */
  readonly usesOwnClock: boolean;
  readonly parts?: (member: ReplicaMember) => readonly SimulatedPart[];
}

/** A process with the real protocol and the real scheduler, on simulated time and connections. */
export class SimulatedMember {
  readonly id: string;
  readonly machine: Machine;
  readonly member: ReplicaMember;
  readonly url: string;
  readonly config: SimulatedConfig;
  isStopping = false;
  readonly #runs: Runs<ScheduledQuery>;
  readonly #dispatcher: Dispatcher;
  readonly #parts: readonly SimulatedPart[];
  #registrations: readonly Registration<ScheduledQuery>[] = [];

  constructor(options: SimulatedMemberOptions) {
    const { machine, id, engine, engineLine, queries, serviceLine, config, isRefused, isLost, patience, usesOwnClock } =
      options;
    this.id = id;
    this.machine = machine;
    this.config = config;
    this.url = `http://${id}.example/`;
    this.member = new ReplicaMember({
      engine: engine.connect(machine, engineLine),
      clock: machine,
      log: SILENT_LOG,
      settings: { group: 'g', id, url: this.url, heartbeat: 5_000, deadAfter: 15_000 },
      version: '1',
      config: () => config.hash,
      questionOf,
      async probe(url) {
        if (isLost?.(url)) {
          await sleep(machine, PROBE_MS);
          return 'unknown';
        }
        return isRefused(url) ? 'refused' : 'accepted';
      },
      patience: () => patience,
    });
    this.#parts = options.parts?.(this.member) ?? [];
    const clock = usesOwnClock ? machine : this.member.clock;
    const targets = new Targets(clock);
    targets.add('default', 'eu-west-1', { requestsPerSecond: 100, maxConcurrentRequests: 8 });
    this.#dispatcher = new Dispatcher({ clock, log: SILENT_LOG, targets, concurrency: 64, timeLimit: 600_000 });
    this.#runs = new Runs<ScheduledQuery>({
      clock,
      targets,
      dispatcher: this.#dispatcher,
      actions: queries.actions(machine, serviceLine, this.member.boot),
      runLimitOf: () => 8,
      rateOf: () => 0,
      journal: this.member.shared.runs,
      leavesRuns: true,
    });
    const runs = this.#runs;
    this.member.shared.runs.attach({
      resume: (registration, run) => runs.resume(registration, run),
      skipped: (registration, windows) => queries.skipped(registration, windows),
    });
    this.#dispatcher.start();
    runs.start();
    this.member.start({ lead: async () => this.#lead(), follow: async () => this.#follow(), cutOff: () => undefined });
  }

  /** Shuts down as after SIGTERM. */
  async stop(): Promise<void> {
    this.isStopping = true;
    this.#dispatcher.windDown();
    await this.#runs.stop();
    this.#dispatcher.stop();
    await this.member.stop();
    this.machine.kill();
  }

  #lead(): void {
    if (this.isStopping) {
      return;
    }
    this.#registrations = this.config.queries.map(handleOf);
    for (const registration of this.#registrations) {
      this.#runs.add(registration, this.member.shared.runs.resume(registration));
    }
    for (const part of this.#parts) {
      part.lead();
    }
  }

  #follow(): void {
    for (const registration of this.#registrations) {
      this.#runs.remove(registration, 'left');
    }
    this.#registrations = [];
  }
}
