import { readRun } from '../../../src/replicas/values.ts';
import { Ledger } from './ledger.ts';
import { SimulatedEngine } from './simulated-engine.ts';
import { CONFIGS, SimulatedMember } from './simulated-member.ts';
import { SimulatedMetrics } from './simulated-metrics.ts';
import { SimulatedQueries } from './simulated-queries.ts';
import { SimulatedRegistrations } from './simulated-registrations.ts';
import { FAULTS, type SimulationOptions, type SimulationResult } from './simulation-options.ts';
import { type Line, Machine, Random, World } from './world.ts';

const GOOD_LINE: Omit<Line, 'repairedAt'> = { isCut: false, loss: 0, repeat: 0, slow: 0 };
const MEMBERS = ['m1', 'm2', 'm3'];
const CHAOS_MS = 240_000;
/** Time without faults at the end, in which everything settles. */
const CALM_MS = 200_000;
/** As in the daemon: the longer of a minute and twice the longest start. */
const PATIENCE_MS = 60_000;
/** Time in which every member makes a heartbeat, even if some are lost. */
const DETECTION_MS = 30_000;
/** Duration for which the port of a living member refuses: two connections, but not more than one takeover. */
const REFUSED_MS = 8_000;
/** Time after which the others have seen a heartbeat of a member that was in trouble. */
const SEEN_MS = 20_000;
const HOUR_MS = 3_600_000;

/** Runs a group of real members on simulated machines, and checks what they have done. A seed determines everything. */
export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  return new Simulation(options).run();
}

class Simulation {
  readonly #options: SimulationOptions;
  readonly #random: Random;
  readonly #world = new World();
  readonly #ledger: Ledger;
  readonly #engine: SimulatedEngine;
  readonly #queries: SimulatedQueries;
  readonly #registrations: SimulatedRegistrations;
  readonly #metrics: SimulatedMetrics;
  readonly #members = new Map<string, SimulatedMember>();
  readonly #all: SimulatedMember[] = [];
  readonly #lines = new Map<string, { readonly engine: Line; readonly service: Line }>();
  /** Times until which connections to living members are refused, by URL. */
  readonly #refusedUntil = new Map<string, number>();
  readonly #areLinesBad: boolean;
  #kills = 0;
  #runWrites = 0;
  /** No faults before this time: every member must notice that the engine has returned to an earlier state. */
  #quietUntil = 0;

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#areLinesBad = options.areLinesGood !== true && this.#random.chance(0.5);
    this.#ledger = new Ledger(this.#world);
    this.#engine = new SimulatedEngine(this.#world, this.#random, options.wrongEngine);
    this.#queries = new SimulatedQueries(this.#world, this.#random, this.#ledger);
    this.#registrations = new SimulatedRegistrations(this.#world, this.#random);
    this.#metrics = new SimulatedMetrics(this.#world, (options.chaos ?? CHAOS_MS) + CALM_MS);
    this.#engine.onWrite = (key, value) => {
      this.#trace(`${key.partition} ${value}`);
      if (key.partition === 'g/runs') {
        this.#runWrites += 1;
        this.#ledger.written(key.name, readRun(key, value), (boot) => this.#isHealthy(boot));
      } else if (key.partition === 'g/registrations') {
        this.#registrations.written(key.name, value);
      } else if (key.partition === 'g/periods') {
        this.#metrics.written(key.name, value);
      }
    };
  }

  async run(): Promise<SimulationResult> {
    const { chaos = CHAOS_MS } = this.#options;
    for (const id of MEMBERS) {
      this.#lines.set(id, { engine: this.#line(), service: this.#line() });
      this.#world.at(this.#random.between(0, 3_000), () => this.#start(id));
    }
    for (let at = 0; at < chaos; at += 1_000) {
      this.#world.at(at, () => this.#engine.snapshot());
    }
    for (let at = this.#random.between(10_000, 40_000); at < chaos; at += this.#random.between(3_000, 40_000)) {
      this.#world.at(at, () => this.#fault());
    }
    for (let at = 5_000; at < chaos; at += this.#random.between(1_000, 8_000)) {
      this.#world.at(at, () => this.#registrations.act());
    }
    this.#world.at(chaos, () => this.#repair());
    await this.#world.runUntil(chaos + CALM_MS);
    return this.#result();
  }

  #line(): Line {
    const isBad = this.#areLinesBad && this.#random.chance(0.7);
    const p = (most: number) => (isBad ? this.#random.between(0, most) : 0);
    return { isCut: false, repairedAt: 0, loss: p(0.1), repeat: p(0.1), slow: p(0.1) };
  }

  #start(id: string): void {
    const { patience = PATIENCE_MS, usesOwnClock = false, confirmsWithoutLead = false } = this.#options;
    const random = this.#random;
    const lines = this.#lines.get(id);
    if (lines === undefined) {
      return;
    }
    const offset = random.chance(0.3) ? random.one([-HOUR_MS, HOUR_MS]) : random.between(-500, 500);
    const machine = new Machine(this.#world, random.between(0.9995, 1.0005), offset);
    const member = new SimulatedMember({
      machine,
      id,
      engine: this.#engine,
      engineLine: lines.engine,
      queries: this.#queries,
      serviceLine: lines.service,
      config: random.one(CONFIGS),
      isRefused: (url) => this.#isRefused(url),
      patience,
      usesOwnClock,
      parts: (joined) => [
        this.#registrations.join(
          joined,
          machine,
          confirmsWithoutLead ? this.#engine.connect(machine, lines.engine) : undefined,
        ),
        this.#metrics.join(joined, machine),
      ],
    });
    this.#trace(`start ${id} ${member.member.boot}`);
    this.#members.set(id, member);
    this.#all.push(member);
  }

  /** Returns whether the other members must know that a process is alive. */
  #isHealthy(boot: string): boolean {
    const member = this.#all.find((each) => each.member.boot === boot);
    const line = this.#lines.get(member?.id ?? '')?.engine;
    if (member === undefined || line === undefined || member.machine.isDead || member.isStopping) {
      return false;
    }
    const { isPaused, resumedAt, startedAt } = member.machine;
    const isGood = !line.isCut && line.loss + line.slow + line.repeat === 0;
    return isGood && !isPaused && this.#world.now - Math.max(line.repairedAt, resumedAt, startedAt) > SEEN_MS;
  }

  #isRefused(url: string): boolean {
    const member = [...this.#members.values()].find((each) => each.url === url);
    if (member === undefined && this.#members.size === MEMBERS.length) {
      throw new Error(`no member has the URL ${url}`);
    }
    const isWrong = (this.#refusedUntil.get(url) ?? 0) > this.#world.now;
    return isWrong || member === undefined || member.machine.isDead;
  }

  #fault(): void {
    const random = this.#random;
    const { faults = FAULTS } = this.#options;
    if (faults.length === 0) {
      return;
    }
    const fault = random.one(faults);
    // Faults prefer the leader.
    const leaders = [...this.#members].flatMap(([id, { member }]) => (member.epoch > 0 ? [id] : []));
    const id = random.one(leaders.length > 0 && random.chance(0.6) ? leaders : MEMBERS);
    const member = this.#members.get(id);
    const lines = this.#lines.get(id);
    const isQuiet = this.#world.now < this.#quietUntil;
    if (member === undefined || lines === undefined || member.machine.isDead || member.isStopping || isQuiet) {
      return;
    }
    this.#trace(`${fault} ${id}`);
    switch (fault) {
      case 'kill':
        this.#kill(member);
        this.#world.after(random.between(500, 30_000), () => this.#restart(id));
        break;
      case 'stop':
        void member.stop().then(() => this.#stopped(member));
        break;
      case 'pause':
        member.machine.pause();
        this.#world.after(random.between(500, 90_000), () => member.machine.resume());
        break;
      case 'cut engine':
        this.#cut(lines.engine);
        break;
      case 'cut service':
        this.#cut(lines.service);
        break;
      case 'engine off':
        for (const line of this.#lines.values()) {
          this.#cut(line.engine);
        }
        break;
      case 'restore':
        this.#restore();
        break;
      case 'refused port':
        this.#refusedUntil.set(member.url, this.#world.now + REFUSED_MS);
        break;
    }
  }

  #trace(text: string): void {
    this.#options.trace?.(`${(this.#world.now / 1_000).toFixed(1)} ${text}`);
  }

  /** The engine may have been out of reach in its last attempts to store an id. */
  #stopped(member: SimulatedMember): void {
    this.#ledger.killed(member.member.boot);
    this.#world.after(this.#random.between(100, 5_000), () => this.#restart(member.id));
  }

  #kill(member: SimulatedMember): void {
    this.#kills += 1;
    this.#ledger.killed(member.member.boot);
    member.machine.kill();
  }

  #restart(id: string): void {
    if (this.#members.get(id)?.machine.isDead === true) {
      this.#start(id);
    }
  }

  #cut(line: Line): void {
    line.isCut = true;
    this.#world.after(this.#random.between(2_000, 60_000), () => {
      line.isCut = false;
      line.repairedAt = this.#world.now;
    });
  }

  /** Only if each member has made a heartbeat in the lost time: the others cannot know of the loss. */
  #restore(): void {
    if (![...this.#members.values()].every(({ member }) => this.#isHealthy(member.boot))) {
      return;
    }
    this.#quietUntil = this.#world.now + DETECTION_MS;
    this.#engine.restore(this.#random.between(6_000, 60_000));
    this.#registrations.restored();
    this.#metrics.restored();
  }

  /** Ends all faults. */
  #repair(): void {
    for (const id of MEMBERS) {
      const lines = this.#lines.get(id);
      if (lines !== undefined) {
        Object.assign(lines.engine, GOOD_LINE);
        Object.assign(lines.service, GOOD_LINE);
      }
      this.#members.get(id)?.machine.resume();
      this.#restart(id);
    }
  }

  #result(): SimulationResult {
    const alive = new Set<string>(
      this.#all.filter(({ machine }) => !machine.isDead).map(({ member: { boot } }) => boot),
    );
    const leaders = this.#all.filter(({ machine, member }) => !machine.isDead && member.isLeader).length;
    const ledger = this.#ledger;
    const violations = [
      ...ledger.doubled().map((each) => `doubled: ${each}`),
      ...ledger.orphans().map((each) => `orphan: ${each}`),
      ...ledger.countedTwice().map((each) => `counted twice: ${each}`),
      ...ledger.uncounted((boot) => alive.has(boot)).map((each) => `not counted: ${each}`),
      ...ledger.hasty().map((each) => `skipped at once: ${each}`),
      ...ledger.early().map((each) => `early: ${each}`),
      ...this.#registrations.violations((name) => this.#engine.value({ partition: 'g/registrations', name })),
      ...this.#metrics.violations().map((each) => `metrics: ${each}`),
      ...(leaders === 1 ? [] : [`leaders: ${leaders}`]),
    ];
    const takeovers = this.#all
      .flatMap(({ member }) => Object.values(member.stats.takeovers))
      .reduce((sum, count) => sum + count, 0);
    return {
      ledger,
      violations,
      kills: this.#kills,
      takeovers,
      runWrites: this.#runWrites,
      registrations: this.#registrations.confirmed,
    };
  }
}
