import type { TargetClient } from '../aws/client.ts';
import { ApiError, type ApiErrorName, isUnanswered } from '../aws/errors.ts';
import type { Logger } from '../lib/log.ts';
import type { WatchedQuery } from '../model/query.ts';
import { isTerminal } from '../model/vocabulary.ts';
import { SHUTDOWN } from '../scheduler/dispatcher.ts';
import type { PollResult } from '../scheduler/polls.ts';
import type { QueryStates } from '../state/query-state.ts';
import type { FailureLog } from './failure-log.ts';

export interface PollOptions {
  readonly states: QueryStates;
  readonly failures: FailureLog;
  readonly log: Logger;
  readonly clientOf: (query: WatchedQuery) => Pick<TargetClient, 'queryStatus'>;
}

/** Makes the function that polls one watched query: asks the API, writes the state, tells the scheduler how it went. */
export function createPoll(options: PollOptions): (query: WatchedQuery, signal: AbortSignal) => Promise<PollResult> {
  const { states, failures, log, clientOf } = options;
  return async (query, signal) => {
    const { name, account, region } = query;
    try {
      const status = await clientOf(query).queryStatus(query, signal);
      if (!states.has(query)) {
        return 'finished';
      }
      const before = states.answered(name, status);
      failures.recovered(query);
      if (before !== status) {
        log.debug('query status', { account, aws_region: region, query: name, status });
      }
      return isTerminal(status) ? 'finished' : 'good';
    } catch (thrown) {
      if (signal.reason === SHUTDOWN || !states.has(query)) {
        return 'finished';
      }
      if (!(thrown instanceof ApiError)) {
        throw thrown;
      }
      const givenUp = states.failed(name, { error: thrown.error, message: thrown.message });
      failures.failed(query, thrown);
      if (givenUp) {
        log.warn('query given up: the service has not known it for polling.giveUpAfter', {
          account,
          aws_region: region,
          query: name,
        });
        failures.forget(query);
        return 'finished';
      }
      return resultOf(thrown.error);
    }
  };
}

function resultOf(error: ApiErrorName): PollResult {
  if (error === 'ThrottlingException') {
    return 'throttled';
  }
  return isUnanswered(error) ? 'silent' : 'failed';
}
