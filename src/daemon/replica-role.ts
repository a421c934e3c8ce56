import { sleepUnlessAborted } from '../lib/clock.ts';
import type { Context } from '../lib/context.ts';
import { isWatched, type Registration } from '../model/query.ts';
import { questionOf } from '../model/question.ts';
import { isTerminal, QUERY_STATUSES } from '../model/vocabulary.ts';
import type { ReplicaHandlers, ReplicaMember } from '../replicas/member.ts';
import { expectRegisterError } from '../replicas/registers.ts';
import { leaveCalls, renewStates } from './participants.ts';
import type { Parts } from './parts.ts';
import type { Queries } from './queries.ts';

/** Part of each budget that a leader uses while it may have a successor. */
const CUT_OFF_SHARE = 0.5;
const NOT_LOADED_HINT =
  'queries registered over HTTP are not run until the shared storage can be read; retried every 5 s; check the database and its permissions';
/** Time between attempts to read the registrations, in milliseconds. */
const RETRY_MS = 5_000;

/**
 * Starts and stops polls and runs as this process takes and loses the lead of its group. A standby knows the queries of its
 * configuration, and makes no calls.
 */
export class ReplicaRole implements ReplicaHandlers {
  readonly #member: ReplicaMember;
  readonly #context: Context;
  readonly #parts: Parts;
  readonly #queries: Queries;
  #hasLed = false;

  constructor(member: ReplicaMember, context: Context, parts: Parts, queries: Queries) {
    this.#member = member;
    this.#context = context;
    this.#parts = parts;
    this.#queries = queries;
    const { scheduling, state } = parts;
    member.shared.runs.attach({
      resume: (registration, run) => scheduling.runs.resume(registration, run),
      skipped: (registration, windows) => scheduling.skipped(registration, windows),
    });
    state.queries.changed.on((registration, fields) => {
      if (fields.includes('status') && member.isLeader && isWatched(registration)) {
        this.#storeEnd(registration);
      }
    });
  }

  /** Begins the heartbeat. Another member may lead. */
  begin(): void {
    this.#member.start(this);
  }

  async lead(): Promise<void> {
    if (this.#context.shutdown.aborted) {
      return;
    }
    const { state, scheduling, identities, zoneNames } = this.#parts;
    if (this.#hasLed) {
      renewStates(this.#parts);
    }
    this.#hasLed = true;
    for (const registration of state.registry.all()) {
      this.#restoreEnd(registration);
    }
    scheduling.dispatcher.start();
    state.registry.begin(state.registry.all());
    identities.begin();
    zoneNames.begin();
    await this.#loadRegistrations();
  }

  /** Registers the queries that clients have registered with any member. */
  async #loadRegistrations(): Promise<void> {
    const { clock, log, shutdown } = this.#context;
    while (this.#member.isLeader) {
      try {
        await this.#queries.registrations.refresh();
        return;
      } catch (error) {
        expectRegisterError(error);
        log.warn('registrations not loaded', { reason: error.message, hint: NOT_LOADED_HINT });
        await sleepUnlessAborted(clock, RETRY_MS, shutdown);
      }
    }
  }

  async follow(): Promise<void> {
    leaveCalls(this.#parts);
    this.#parts.scheduling.dispatcher.windDown();
  }

  cutOff(isCutOff: boolean): void {
    const { log } = this.#context;
    this.#parts.state.targets.setShare(isCutOff ? CUT_OFF_SHARE : 1);
    if (isCutOff) {
      log.warn('request budgets halved', {
        reason: 'another replica may lead, because the shared storage is unreachable',
      });
    }
  }

  #storeEnd(registration: Registration): void {
    const { status, statusSince } = this.#parts.state.queries.get(registration) ?? {};
    if (status !== undefined && statusSince !== undefined && isTerminal(status)) {
      const { name, query } = registration;
      this.#member.shared.ended.store(name, questionOf(query), status, statusSince);
    }
  }

  #restoreEnd(registration: Registration): void {
    const { queries } = this.#parts.state;
    const { name, query } = registration;
    const ended = isWatched(registration) ? this.#member.shared.ended.get(name, questionOf(query)) : undefined;
    const status = QUERY_STATUSES.find((each) => each === ended?.status);
    if (ended !== undefined && status !== undefined && isTerminal(status)) {
      const lastSuccess = ended.since;
      queries.restore(registration, {
        status,
        statusSince: ended.since,
        up: true,
        lastFailure: undefined,
        lastSuccess,
      });
    }
  }
}
