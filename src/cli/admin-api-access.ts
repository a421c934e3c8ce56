import { BlockList, isIP, isIPv6 } from 'node:net';
import { parseListenAddress } from '../config/reading/texts.ts';
import type { ListenAddress } from '../http/server/server.ts';
/** The admin API would be open to everybody who reaches the exporter, and nobody said that it may. */
export class AdminApiAccessError extends Error {
  override readonly name = 'AdminApiAccessError';

  constructor(address: string) {
    super(
      `the admin API would be open to everybody who reaches ${address}: listen on loopback addresses only, ask for ` +
        'log-in or client certificates (--web.config.file), or give --web.enable-unauthenticated-admin-api',
    );
  }
}

export interface AdminApiAccess {
  /** Others are not known before they are open, and may be any. */
  readonly listenAddresses: readonly ListenAddress[];
  /** Whoever is let in has logged in, or shown a certificate. */
  readonly isAuthenticated: boolean;
  /** The user has said that the admin API may be open. */
  readonly mayBeOpen: boolean;
}

/** @throws AdminApiAccessError where others than users of this machine could use the admin API as they like */
export function checkAdminApiAccess({ listenAddresses, isAuthenticated, mayBeOpen }: AdminApiAccess): void {
  const open = listenAddresses
    .map((address) => (typeof address === 'string' ? address : `the socket of systemd, descriptor ${address.fd}`))
    .find((address) => !isLoopback(address));
  if (open !== undefined && !isAuthenticated && !mayBeOpen) {
    throw new AdminApiAccessError(open);
  }
}

/** 127.0.0.0/8, also as IPv6 has it, and ::1. */
const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** Of names, only `localhost` is known never to be another address (RFC 6761, section 6.3). */
function isLoopback(address: string): boolean {
  const host = parseListenAddress(address)?.host ?? '';
  if (isIP(host) === 0) {
    return host.toLowerCase() === 'localhost';
  }
  return LOOPBACK.check(host, isIPv6(host) ? 'ipv6' : 'ipv4');
}
