import type { RequestListener } from 'node:http';
import type { Clock } from '../../lib/clock.ts';
import { SharedWork } from '../../lib/concurrency.ts';
import { Reminders } from '../../lib/conditions.ts';
import type { Logger } from '../../lib/log.ts';
import type { ScrapeRequest } from '../../metrics/exposition.ts';
import { METRIC_GROUPS, type MetricGroup } from '../../metrics/family.ts';
import { sendError, sendParts } from '../server/respond.ts';
import { EXPOSITION_CONTENT_TYPE, negotiateFormat, wantsGzip } from './exposition-negotiation.ts';
/** Renders what a scrape asks for. The parts, joined, are the body: already compressed when `gzip` was asked. */
export type Scrape = (request: ScrapeRequest) => Promise<readonly Uint8Array[]>;

interface ScrapeOutcomeListener {
  failed(error: unknown): void;
  succeeded(): void;
}

/**
 * `GET /metrics`: reads the scraper's wishes from the request and sends what `scrape` gives. Scrapers with the same wishes share
 * what is rendered after all of them were received.
 */
export function metricsEndpoint(
  scrape: Scrape,
  outcome: ScrapeOutcomeListener,
): (...args: Parameters<RequestListener>) => Promise<void> {
  const pages = new Map<string, SharedWork<readonly Uint8Array[]>>();
  const pageOf = (request: ScrapeRequest) => {
    const key = [request.format, request.gzip, ...[...(request.groups ?? ['all'])].sort()].join(' ');
    const page = pages.get(key) ?? new SharedWork(async () => scrape(request));
    pages.set(key, page);
    return page.result();
  };
  return async (request, response) => {
    response.setHeader('Vary', 'Accept, Accept-Encoding');
    const url = request.url ?? '';
    let groups: ReadonlySet<MetricGroup> | undefined;
    try {
      groups = readGroups(url.includes('?') ? url.slice(url.indexOf('?') + 1) : '');
    } catch (error) {
      if (!(error instanceof UnknownGroupError)) {
        throw error;
      }
      sendError(response, false, { code: 'bad_request', message: error.message });
      return;
    }

    const format = negotiateFormat(request.headers.accept);
    const acceptEncoding = request.headers['accept-encoding'];
    const gzip = wantsGzip(typeof acceptEncoding === 'string' ? acceptEncoding : undefined);
    let parts: readonly Uint8Array[];
    try {
      parts = await pageOf({ format, gzip, groups });
    } catch (error) {
      outcome.failed(error);
      sendError(response, false, { code: 'internal', message: 'The metrics could not be rendered: see the log' });
      return;
    }
    outcome.succeeded();
    if (gzip) {
      response.setHeader('Content-Encoding', 'gzip');
    }
    sendParts(response, 200, EXPOSITION_CONTENT_TYPE[format], parts);
  };
}

/** A value of `collect[]` that is no group. */
class UnknownGroupError extends Error {
  override readonly name = 'UnknownGroupError';

  constructor(unknown: readonly string[]) {
    const quoted = unknown.map((group) => JSON.stringify(group)).join(', ');
    super(`Unknown in collect[]: ${quoted}; the groups are ${METRIC_GROUPS.join(', ')}`);
  }
}

/**
 * The groups named by `collect[]` (brackets encoded or not, repeated or not) in a URL's query string; other parameters
 * are ignored. `undefined` when none is named: all.
 *
 * @throws UnknownGroupError with every unknown one
 */
function readGroups(queryString: string): ReadonlySet<MetricGroup> | undefined {
  const named = new URLSearchParams(queryString).getAll('collect[]');
  const unknown = named.filter((group) => !isMetricGroup(group));
  if (unknown.length > 0) {
    throw new UnknownGroupError(unknown);
  }
  return named.length === 0 ? undefined : new Set(named.filter(isMetricGroup));
}

function isMetricGroup(text: string): text is MetricGroup {
  return METRIC_GROUPS.some((group) => group === text);
}

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
