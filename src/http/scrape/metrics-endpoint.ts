import type { RequestListener } from 'node:http';
import { SharedWork } from '../../lib/concurrency.ts';
import { Conditions } from '../../lib/conditions.ts';
import type { Context } from '../../lib/context.ts';
import type { ScrapeRequest } from '../../metrics/exposition.ts';
import { METRIC_GROUPS, type MetricGroup } from '../../metrics/families.ts';
import { HttpError, sendParts } from '../server/respond.ts';
import { EXPOSITION_CONTENT_TYPE, negotiateFormat, wantsGzip } from './exposition-negotiation.ts';

/** Renders the requested metrics. The joined parts are the body, already compressed if `gzip` is requested. */
export type Scrape = (request: ScrapeRequest) => Promise<readonly Uint8Array[]>;

/** `GET /metrics`, in the requested format and groups. Equal requests share what is rendered after all were received. */
export function metricsEndpoint(
  scrape: Scrape,
  { clock, log }: Pick<Context, 'clock' | 'log'>,
): (...args: Parameters<RequestListener>) => Promise<void> {
  const failures = new Conditions({ clock, log, level: 'error', begun: 'scrapes failed', ended: 'scrapes recovered' });
  const pages = new Map<string, SharedWork<readonly Uint8Array[]>>();
  const pageOf = async (request: ScrapeRequest) => {
    const key = [request.format, request.gzip, ...[...(request.groups ?? ['all'])].sort()].join(' ');
    const page = pages.get(key) ?? new SharedWork(async () => scrape(request));
    pages.set(key, page);
    try {
      const parts = await page.result();
      failures.over('scrapes');
      return parts;
    } catch (error) {
      failures.found('scrapes', { error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
      throw new HttpError('internal', 'Rendering the metrics failed: see the log');
    }
  };
  return async (request, response) => {
    response.setHeader('Vary', 'Accept, Accept-Encoding');
    const [, ...query] = (request.url ?? '').split('?');
    const groups = readGroups(query.join('?'));
    const format = negotiateFormat(request.headers.accept);
    const acceptEncoding = request.headers['accept-encoding'];
    const gzip = wantsGzip(typeof acceptEncoding === 'string' ? acceptEncoding : undefined);
    const parts = await pageOf({ format, gzip, groups });
    if (gzip) {
      response.setHeader('Content-Encoding', 'gzip');
    }
    sendParts(response, 200, EXPOSITION_CONTENT_TYPE[format], parts);
  };
}

/**
 * Returns the groups in `collect[]` of a query string (repeated or not), and ignores other parameters. Undefined: all groups.
 * @throws HttpError with every unknown group
 */
function readGroups(queryString: string): ReadonlySet<MetricGroup> | undefined {
  const named = new URLSearchParams(queryString).getAll('collect[]');
  const known = new Set(METRIC_GROUPS.filter((group) => named.includes(group)));
  const unknown = named.filter((name) => !METRIC_GROUPS.some((group) => group === name));
  if (unknown.length > 0) {
    const names = unknown.map((group) => JSON.stringify(group)).join(', ');
    throw new HttpError(
      'bad_request',
      `Unknown groups in collect[]: ${names}. Valid groups: ${METRIC_GROUPS.join(', ')}`,
    );
  }
  return named.length === 0 ? undefined : known;
}
