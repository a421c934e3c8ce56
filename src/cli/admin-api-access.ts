import { BlockList, isIP, isIPv6 } from 'node:net';
import { parseListenAddress } from '../config/reading/texts.ts';
import type { ListenAddress } from '../http/server/server.ts';

/** The admin API would be open to every client, and the flags do not allow that. */
export class AdminApiAccessError extends Error {
  override readonly name = 'AdminApiAccessError';
}

export interface AdminApiAccess {
  /** The address of an inherited socket is unknown until it is open, and may be any. */
  readonly listenAddresses: readonly ListenAddress[];
  readonly isAuthenticated: boolean;
  /** The flags allow an open admin API. */
  readonly mayBeOpen: boolean;
}

/** @throws AdminApiAccessError if clients on other machines could use the admin API without authentication */
export function checkAdminApiAccess({ listenAddresses, isAuthenticated, mayBeOpen }: AdminApiAccess): void {
  const open = listenAddresses
    .map((address) => (typeof address === 'string' ? address : `the systemd socket, descriptor ${address.fd}`))
    .find((address) => !isLoopback(address));
  if (open !== undefined && !isAuthenticated && !mayBeOpen) {
    throw new AdminApiAccessError(
      `the admin API would be open to every client of ${open}. Listen on loopback addresses only, require ` +
        'authentication (--web.config.file), or set --web.enable-unauthenticated-admin-api.',
    );
  }
}

/** 127.0.0.0/8, also in its IPv6 form, and ::1. */
const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** The only name that always is a loopback address is `localhost` (RFC 6761, section 6.3). */
function isLoopback(address: string): boolean {
  const host = parseListenAddress(address)?.host ?? '';
  if (isIP(host) === 0) {
    return host.toLowerCase() === 'localhost';
  }
  return LOOPBACK.check(host, isIPv6(host) ? 'ipv6' : 'ipv4');
}
