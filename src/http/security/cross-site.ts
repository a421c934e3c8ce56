import type { IncomingHttpHeaders } from 'node:http';

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
