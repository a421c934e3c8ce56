import type { Clock } from '../../lib/clock.ts';
import { Reminders } from '../../lib/conditions.ts';
import type { Logger } from '../../lib/log.ts';
import type { ScrapeOutcomeListener } from './metrics-endpoint.ts';

/** Scrapes come every few seconds: their failure is logged when it begins and when it ends, and hourly between. */
export function createScrapeFailureLog(log: Logger, clock: Pick<Clock, 'monotonic'>): ScrapeOutcomeListener {
  const reminders = new Reminders(clock);
  return {
    failed(error) {
      if (reminders.isDue('scrapes')) {
        log.error('scrapes fail', { error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
      }
    },
    succeeded() {
      if (reminders.has('scrapes')) {
        reminders.forget('scrapes');
        log.info('scrapes work again');
      }
    },
  };
}
