import type { TargetsInUse } from '../accounts/targets-in-use.ts';
import { createLastResultsRead } from '../actions/page-reading.ts';
import { createPoll } from '../actions/poll.ts';
import { ScheduledRunActions } from '../actions/run-actions.ts';
import { RunResults } from '../actions/run-results.ts';
import type { Config } from '../config/config.ts';
import { type Clock, within } from '../lib/clock.ts';
import type { Context } from '../lib/context.ts';
import { isScheduled, isWatched, type Registration, type ScheduledQuery, type WatchedQuery } from '../model/query.ts';
import type { StoredState } from '../persistence/stored-state.ts';
import { requestRate } from '../queries/targets.ts';
import type { ConfigInForce } from '../registry/query-sources.ts';
import type { ReplicaMember } from '../replicas/member.ts';
import { Dispatcher, type DispatcherLimits } from '../scheduler/dispatcher.ts';
import { LastResultReads } from '../scheduler/last-result-reads.ts';
import { Polls } from '../scheduler/polls.ts';
import { Runs } from '../scheduler/runs.ts';
import type { Target } from '../scheduler/target.ts';
import type { ExporterState } from './exporter-state.ts';

export interface SchedulingOptions extends Omit<Context, 'shutdown'> {
  readonly inForce: ConfigInForce;
  readonly state: ExporterState;
  readonly targetsInUse: TargetsInUse;
  /** Undefined if the storage is disabled. */
  readonly stored: StoredState | undefined;
  /** Undefined without replicas. */
  readonly replica: ReplicaMember | undefined;
  /** No process follows this one. */
  readonly isLast: boolean;
}

/** A poll is abandoned when its attempts must have ended even at their longest: the SDK waits at most 20 s between them. */
const LONGEST_BACKOFF_MS = 20_000;
const POLL_MARGIN_MS = 120_000;

/** The scheduling of polls and runs, and of the attempts of all calls. */
export class Scheduling {
  readonly dispatcher: Dispatcher;
  readonly polls: Polls<WatchedQuery>;
  readonly runs: Runs<ScheduledQuery>;
  /** Reads of results that another replica has counted. */
  readonly lastResults: LastResultReads<ScheduledQuery>;
  readonly actions: ScheduledRunActions;
  readonly #clock: Clock;

  constructor({ clock, log, inForce, state, targetsInUse, stored, replica, isLast }: SchedulingOptions) {
    this.#clock = clock;
    const { targets, failures, api, queries: states, runs: runStates } = state;
    const clientOf = (registration: Registration) => targetsInUse.clientOf(targetsInUse.targetOf(registration));
    const dispatcher = new Dispatcher({ clock, log, targets, ...limitsOf(inForce.loaded.config) });
    this.dispatcher = dispatcher;
    this.polls = new Polls<WatchedQuery>({
      clock,
      targets,
      dispatcher,
      poll: createPoll({ states, failures, log, clientOf }),
      counted: (target, { due, late }) => api.pollsEnded(target, due, late),
    });
    const contributors = () => inForce.loaded.config.contributors;
    const results = new RunResults({ log, runStates, contributors });
    this.actions = new ScheduledRunActions({
      ...{ context: { clock, log }, states, runStates, failures, clientOf, results },
      stored: async (registration) => stored?.results.settled(registration),
      timed(registration, what, milliseconds) {
        const target = targetsInUse.targetOf(registration);
        if (what === 'wait') {
          api.runWaited(target, milliseconds / 1_000);
        } else {
          api.runTook(target, registration.query.type, milliseconds / 1_000);
        }
      },
    });
    this.runs = new Runs<ScheduledQuery>({
      clock,
      targets,
      dispatcher,
      runLimitOf: ({ account }) => targetsInUse.accounts().get(account)?.account.maxConcurrentRuns ?? 1,
      rateOf: requestRate,
      journal: replica?.shared.runs ?? stored?.runs,
      leavesRuns: (replica ?? stored) !== undefined && !isLast,
      actions: this.actions,
    });
    this.lastResults = new LastResultReads<ScheduledQuery>({
      clock,
      dispatcher,
      targets,
      maxAttempts: () => inForce.loaded.config.aws.maxAttempts,
      nextRun: (registration) => this.runs.nextRun(registration),
      hasResults: (registration) => runStates.get(registration)?.results !== undefined,
      read: createLastResultsRead({ log, clientOf, results }),
    });
  }

  setLimits(config: Config): void {
    this.dispatcher.setLimits(limitsOf(config));
  }

  /** Returns the attempts per second that the queries of each target need. */
  planned(): ReadonlyMap<Target, number> {
    const sum = new Map(this.polls.planned());
    for (const [target, rate] of this.runs.planned()) {
      sum.set(target, (sum.get(target) ?? 0) + rate);
    }
    return sum;
  }

  /** Returns the time of the next poll or run of a query, in milliseconds since the epoch; undefined if it is unknown. */
  next(registration: Registration): number | undefined {
    if (isWatched(registration)) {
      return this.polls.nextPoll(registration);
    }
    return isScheduled(registration) ? this.runs.nextRun(registration) : undefined;
  }

  /** A standby makes no calls before it leads. */
  start({ isStandby }: { readonly isStandby: boolean }): void {
    if (!isStandby) {
      this.dispatcher.start();
    }
    this.runs.start();
  }

  /** Starts no polls, and stops runs or leaves them to the next process, within `timeout` milliseconds; then aborts the rest. */
  async stop(timeout: number): Promise<void> {
    this.dispatcher.windDown();
    await within(this.#clock, timeout, this.runs.stop());
    this.dispatcher.stop();
  }
}

function limitsOf({ aws, polling }: Config): DispatcherLimits {
  return {
    concurrency: polling.concurrency,
    timeLimit: aws.maxAttempts * (aws.requestTimeout + LONGEST_BACKOFF_MS) + POLL_MARGIN_MS,
  };
}
