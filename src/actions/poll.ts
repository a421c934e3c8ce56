import type { TargetClient } from '../aws/client.ts';
import { ApiError, isUnanswered } from '../aws/errors.ts';
import type { Logger } from '../lib/log.ts';
import type { Registration, WatchedQuery } from '../model/query.ts';
import { isTerminal } from '../model/vocabulary.ts';
import { SHUTDOWN } from '../scheduler/dispatcher.ts';
import type { PollsOptions } from '../scheduler/polls.ts';
import type { QueryStates } from '../state/query-state.ts';
import type { FailureLog } from './failure-log.ts';

export interface PollOptions {
  readonly states: QueryStates;
  readonly failures: FailureLog;
  readonly log: Logger;
  readonly clientOf: (registration: Registration) => Pick<TargetClient, 'queryStatus'>;
}

/** Returns the function that polls a watched query: it calls the API, updates the state, and returns the outcome. */
export function createPoll(options: PollOptions): PollsOptions<WatchedQuery>['poll'] {
  const { states, failures, log, clientOf } = options;
  return async (registration, signal) => {
    const { query } = registration;
    const { name, account, region } = query;
    try {
      const status = await clientOf(registration).queryStatus(query, signal);
      if (registration.removed) {
        return 'finished';
      }
      const before = states.pollSucceeded(registration, status);
      failures.recovered(query);
      if (before !== status) {
        log.debug('query status changed', { account, aws_region: region, query: name, status });
      }
      return isTerminal(status) ? 'finished' : 'good';
    } catch (thrown) {
      if (signal.reason === SHUTDOWN || registration.removed) {
        return 'finished';
      }
      if (!(thrown instanceof ApiError)) {
        throw thrown;
      }
      const givenUp = states.pollFailed(registration, { error: thrown.error, message: thrown.message });
      failures.failed(query, thrown);
      if (givenUp) {
        const reason = 'the service has not known the query ID for polling.giveUpAfter';
        log.warn('polling of unknown query ended', { account, aws_region: region, query: name, reason });
        failures.forget(query);
        return 'finished';
      }
      if (thrown.error === 'ThrottlingException') {
        return 'throttled';
      }
      return isUnanswered(thrown.error) ? 'silent' : 'failed';
    }
  };
}
