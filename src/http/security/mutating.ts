import type { IncomingHttpHeaders } from 'node:http';
import type { RequestHandler } from 'express';
import type { AppOptions } from '../app-options.ts';
import { HttpError } from '../server/respond.ts';

/** Groups of endpoints that are disabled by default. */
export const LIFECYCLE = { what: 'Reloading over HTTP', flag: '--web.enable-lifecycle' };
export const ADMIN_API: typeof LIFECYCLE = { what: 'The admin API', flag: '--web.enable-admin-api' };

/**
 * Wraps a handler of requests that change something. It fails with 403 if the part is disabled (`value` is undefined) or a
 * browser sends the request for another site, and with 503 during shutdown.
 */
export function guarded<T>(
  { site, context }: Pick<AppOptions, 'site' | 'context'>,
  { what, flag }: typeof LIFECYCLE,
  value: T | undefined,
  handler: (value: T) => RequestHandler,
): RequestHandler {
  const handle = value === undefined ? undefined : handler(value);
  return (request, response, next) => {
    if (handle === undefined) {
      throw new HttpError('forbidden', `${what} is disabled. Start the exporter with ${flag} to enable it`);
    }
    const crossSite = crossSiteRefusal(request.headers, site.externalUrl);
    if (crossSite !== undefined) {
      throw new HttpError('forbidden', crossSite);
    }
    if (context.shutdown.aborted) {
      throw new HttpError('unavailable', 'The exporter is shutting down');
    }
    return handle(request, response, next);
  };
}

/**
 * Returns why a request that changes something is not allowed: a browser sent it for a page of another site, whose user may
 * be signed in here, or inside the firewall. Undefined for the exporter's own pages and for all other clients, which send
 * neither header.
 *
 * @param externalUrl URL at which users reach the exporter: a proxy may have replaced `Host`
 */
export function crossSiteRefusal(headers: IncomingHttpHeaders, externalUrl: string | undefined): string | undefined {
  const { origin, 'sec-fetch-site': site } = headers;
  if (site === 'cross-site' || site === 'same-site') {
    return 'Requests from pages of other sites are not allowed';
  }
  if (origin === undefined || isOwn(origin, headers.host, externalUrl)) {
    return undefined;
  }
  return `Requests from pages of ${JSON.stringify(origin)} are not allowed`;
}

/** `Host` has no scheme, and browsers omit the default port of a scheme in `Origin`. */
function isOwn(origin: string, host: string | undefined, externalUrl: string | undefined): boolean {
  if (!URL.canParse(origin)) {
    return false;
  }
  const page = new URL(origin);
  const own = `${page.protocol}//${host}`;
  const isHost = URL.canParse(own) && new URL(own).host === page.host;
  return isHost || (externalUrl !== undefined && new URL(externalUrl).origin === page.origin);
}
