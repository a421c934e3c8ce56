import { sleepUnlessAborted } from '../lib/clock.ts';
import type { Context } from '../lib/context.ts';
import { isWatched, type Registration } from '../model/query.ts';
import { questionOf } from '../model/question.ts';
import { isTerminal, QUERY_STATUSES } from '../model/vocabulary.ts';
import type { ReplicaMember } from '../replicas/member.ts';
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
 * Begins the heartbeat of a member. Starts and stops polls and runs as this process takes and loses the lead of its group. A
 * standby knows the queries of its configuration, and makes no calls.
 */
export function followRole(
  member: ReplicaMember,
  { clock, log, shutdown }: Context,
  parts: Parts,
  queries: Queries,
): void {
  const { state, scheduling, identities, zoneNames } = parts;
  let hasLed = false;
  member.shared.runs.attach({
    resume: (registration, run) => scheduling.runs.resume(registration, run),
    skipped: (registration, windows) => scheduling.actions.skipped(registration, windows),
  });
  state.queries.changed.on((registration, fields) => {
    if (fields.includes('status') && member.isLeader && isWatched(registration)) {
      storeEnd(member, parts, registration);
    }
  });

  /** Registers the queries that clients have registered with any member. */
  async function loadRegistrations(): Promise<void> {
    while (member.isLeader) {
      try {
        await queries.registrations.load();
        return;
      } catch (error) {
        expectRegisterError(error);
        log.warn('registrations not loaded', { reason: error.message, hint: NOT_LOADED_HINT });
        await sleepUnlessAborted(clock, RETRY_MS, shutdown);
      }
    }
  }

  member.start({
    async lead() {
      if (shutdown.aborted) {
        return;
      }
      if (hasLed) {
        renewStates(parts);
      }
      hasLed = true;
      restoreEnds(member, parts);
      scheduling.dispatcher.start();
      state.registry.begin(state.registry.all());
      identities.begin();
      zoneNames.begin();
      await loadRegistrations();
    },
    async follow() {
      leaveCalls(parts);
      scheduling.dispatcher.windDown();
    },
    cutOff(isCutOff) {
      state.targets.setShare(isCutOff ? CUT_OFF_SHARE : 1);
      if (isCutOff) {
        const reason = 'another replica may lead, because the shared storage is unreachable';
        log.warn('request budgets halved', { reason });
      }
    },
  });
}

function storeEnd({ shared }: ReplicaMember, { state }: Parts, registration: Registration): void {
  const { status, statusSince } = state.queries.get(registration) ?? {};
  if (status !== undefined && statusSince !== undefined && isTerminal(status)) {
    const { name, query } = registration;
    shared.ended.store(name, questionOf(query), status, statusSince);
  }
}

function restoreEnds({ shared }: ReplicaMember, { state }: Parts): void {
  for (const registration of state.registry.all().filter(isWatched)) {
    const { name, query } = registration;
    const ended = shared.ended.get(name, questionOf(query));
    const status = QUERY_STATUSES.find((each) => each === ended?.status);
    if (ended !== undefined && status !== undefined && isTerminal(status)) {
      const { since } = ended;
      const restored = { status, statusSince: since, up: true, lastFailure: undefined, lastSuccess: since };
      state.queries.restore(registration, restored);
    }
  }
}
