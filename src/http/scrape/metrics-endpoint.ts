import type { RequestListener } from 'node:http';
import { SharedWork } from '../../lib/concurrency.ts';
import type { ScrapeRequest } from '../../metrics/exposition.ts';
import type { MetricGroup } from '../../metrics/family.ts';
import { sendError } from '../server/http-error.ts';
import { sendParts } from '../server/respond.ts';
import { readGroups, UnknownGroupError } from './collect-parameter.ts';
import { EXPOSITION_CONTENT_TYPE, negotiateFormat, wantsGzip } from './exposition-negotiation.ts';

/** Renders what a scrape asks for. The parts, joined, are the body: already compressed when `gzip` was asked. */
export type Scrape = (request: ScrapeRequest) => Promise<readonly Uint8Array[]>;

export interface ScrapeOutcomeListener {
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
