import type { Registration, ScheduledQuery } from '../../../src/model/query.ts';
import type { Run, RunActions, StepResult } from '../../../src/model/run.ts';
import type { Ledger } from './ledger.ts';
import { call, type Line, type Machine, type Random, type Transfer, type World } from './world.ts';

type Scheduled = Registration<ScheduledQuery>;

/** How long queries run at the service, in milliseconds. */
const SHORTEST_MS = 500;
const LONGEST_MS = 12_000;
/** Time after which a call without a reply fails. */
const REQUEST_TIMEOUT_MS = 6_000;

/** The simulated service: queries that run for a while. */
export class SimulatedQueries {
  readonly #world: World;
  readonly #random: Random;
  readonly #ledger: Ledger;
  readonly #running = new Map<string, { readonly endsAt: number; isStopped: boolean }>();
  #ids = 0;

  constructor(world: World, random: Random, ledger: Ledger) {
    this.#world = world;
    this.#random = random;
    this.#ledger = ledger;
  }

  /** The steps of runs as a process makes them, over a connection. */
  actions(machine: Machine, line: Line, boot: string): RunActions<ScheduledQuery> {
    const send = <T>(handle: () => T, transfer?: Transfer) =>
      Promise.race([
        call(this.#world, this.#random, machine, line, handle, transfer),
        new Promise<undefined>((resolve) => machine.setTimer(REQUEST_TIMEOUT_MS, () => resolve(undefined))),
      ]);
    return {
      start: async (registration, run) => {
        const start = this.#ledger.starting(registration, run, boot);
        const transfer = {
          get isLost() {
            return start.isReplyLost;
          },
          set isLost(isLost: boolean) {
            start.isReplyLost = isLost;
          },
        };
        const id = await send(() => this.#start(start), transfer);
        if (id === undefined) {
          start.isReplyLost = true;
          run.isUnconfirmed = true;
          return 'silent';
        }
        run.queryId = id;
        return 'done';
      },
      status: async (_registration, run) => {
        const result = (await send(() => this.#status(run))) ?? 'silent';
        if (result === 'done' || result === 'canceled') {
          this.#ledger.followed(run.queryId ?? '');
        }
        return result;
      },
      results: async () => (await send(() => 'done' as const)) ?? 'silent',
      stop: async (_registration, run) => {
        this.#ledger.followed(run.queryId ?? '');
        return (await send(() => this.#stop(run))) ?? 'silent';
      },
      ended: (registration, run, outcome) => this.#ledger.counted(registration, run, outcome, boot),
      skipped: (registration, windows) => this.#ledger.skipped(registration, windows),
      clockSetBack: () => undefined,
    };
  }

  /** Counts windows that the fence has skipped. */
  skipped(registration: Scheduled, windows: number): void {
    this.#ledger.skipped(registration, windows);
  }

  #start(start: ReturnType<Ledger['starting']>): string {
    this.#ids += 1;
    const id = `query-${this.#ids}`;
    this.#running.set(id, {
      endsAt: this.#world.now + this.#random.between(SHORTEST_MS, LONGEST_MS),
      isStopped: false,
    });
    this.#ledger.started(start, id);
    return id;
  }

  #status({ queryId = '' }: Run): StepResult {
    const query = this.#running.get(queryId);
    if (query === undefined || query.isStopped) {
      return 'canceled';
    }
    return this.#world.now >= query.endsAt ? 'done' : 'again';
  }

  #stop({ queryId = '' }: Run): StepResult {
    const query = this.#running.get(queryId);
    if (query !== undefined) {
      query.isStopped = true;
    }
    return 'done';
  }
}
