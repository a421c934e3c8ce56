import { isIPv4, isIPv6 } from 'node:net';

/** An address to listen on. */
export interface ListenAddress {
  /** Name or IP address, IPv6 without brackets; undefined: all interfaces. */
  readonly host: string | undefined;
  /** 0 to 65535; 0 means any free port. */
  readonly port: number;
}

const PATTERN = /^(?:\[(?<ipv6>[^\]]+)\]|(?<name>[A-Za-z0-9_.-]*)):(?<port>\d{1,5})$/;

/** Reads `:PORT`, `HOST:PORT` or `[IPV6]:PORT`; undefined for anything else. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const groups = PATTERN.exec(text)?.groups;
  if (groups === undefined) {
    return undefined;
  }
  const { ipv6, name } = groups;
  const port = Number(groups['port']);
  if (port > 65_535 || (ipv6 !== undefined && !isIPv6(ipv6))) {
    return undefined;
  }
  // Digits and dots that are no IPv4 address are a slip of the finger, not a name to ask the resolver for.
  if (name !== undefined && /^[\d.]+$/.test(name) && !isIPv4(name)) {
    return undefined;
  }
  return { host: ipv6 ?? (name === '' ? undefined : name), port };
}
