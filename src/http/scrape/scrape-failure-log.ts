import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/log.ts';
import type { ScrapeOutcomeListener } from './metrics-endpoint.ts';

const REMINDER_MS = 60 * 60 * 1000;

/** Scrapes come every few seconds: their failure is logged when it begins and when it ends, and hourly between. */
export function createScrapeFailureLog(log: Logger, clock: Pick<Clock, 'monotonic'>): ScrapeOutcomeListener {
  let lastLogged: number | undefined;
  return {
    failed(error) {
      if (lastLogged === undefined || clock.monotonic() - lastLogged >= REMINDER_MS) {
        lastLogged = clock.monotonic();
        log.error('scrapes fail', { error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
      }
    },
    succeeded() {
      if (lastLogged !== undefined) {
        lastLogged = undefined;
        log.info('scrapes work again');
      }
    },
  };
}
