import type { IncomingHttpHeaders } from 'node:http';
import type { RequestHandler } from 'express';
import type { AppOptions } from '../app-options.ts';
import { HttpError } from '../server/respond.ts';

/** A part of what is answered that is there only when it is asked for at start. */
interface OptionalPart {
  readonly what: string;
  readonly flag: string;
}

export const LIFECYCLE: OptionalPart = { what: 'Reloading over HTTP', flag: '--web.enable-lifecycle' };
export const ADMIN_API: OptionalPart = { what: 'The admin API', flag: '--web.enable-admin-api' };

/**
 * A handler for requests that change something: refused (403) where the part is not enabled or a browser sends them for
 * another site, and (503) once the exporter is about to end.
 *
 * @param value what the handler works on; undefined: not enabled
 */
export function guarded<T>(
  { site, context }: Pick<AppOptions, 'site' | 'context'>,
  { what, flag }: OptionalPart,
  value: T | undefined,
  handler: (value: T) => RequestHandler,
): RequestHandler {
  const handle = value === undefined ? undefined : handler(value);
  return (request, response, next) => {
    if (handle === undefined) {
      throw new HttpError('forbidden', `${what} is not enabled: start with ${flag}`);
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
 * Why a request that changes something must not be carried out: a browser sent it for a page of another site, whose user
 * may be logged in here, or inside the firewall. `undefined` for pages of our own and for all other clients, which send
 * neither header.
 *
 * @param externalUrl where users reach the exporter, since a proxy may have put another `Host` in
 */
export function crossSiteRefusal(headers: IncomingHttpHeaders, externalUrl: string | undefined): string | undefined {
  const { origin, 'sec-fetch-site': site } = headers;
  if (site === 'cross-site' || site === 'same-site') {
    return 'Requests from pages of other sites are refused';
  }
  if (origin === undefined || isOwn(origin, headers.host, externalUrl)) {
    return undefined;
  }
  return `Requests from pages of ${JSON.stringify(origin)} are refused`;
}

/** `Host` names no scheme, and browsers leave a scheme's usual port out of `Origin`. */
function isOwn(origin: string, host: string | undefined, externalUrl: string | undefined): boolean {
  if (!URL.canParse(origin)) {
    return false;
  }
  const page = new URL(origin);
  const own = `${page.protocol}//${host}`;
  return (
    (URL.canParse(own) && new URL(own).host === page.host) ||
    (externalUrl !== undefined && new URL(externalUrl).origin === page.origin)
  );
}
