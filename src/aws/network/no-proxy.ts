import { BlockList, isIP } from 'node:net';

/** Tells of one destination whether it is to be reached without a proxy; `host` is a name or an address, no brackets. */
export type ProxyBypass = (host: string, port: number) => boolean;

/**
 * Reads the value of NO_PROXY as Go's `golang.org/x/net/http/httpproxy` does, which Prometheus and its exporters use:
 * entries divided by commas or blanks, each an address, a CIDR block, a name (with all its subdomains), `.name` or
 * `*.name` (subdomains only), any of them but a block with `:port`, or `*` for all. An entry that is none of these
 * matches nothing. Names are compared, never resolved.
 */
export function parseNoProxy(value: string): ProxyBypass {
  const entries = value
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .map(parseEntry);
  return (host, port) => {
    const name = normalizeHost(host);
    return entries.some((matches) => matches(name, port));
  };
}

function parseEntry(entry: string): ProxyBypass {
  if (entry === '*') {
    return () => true;
  }
  const block = parseAddresses(entry);
  if (block !== undefined) {
    return (host) => contains(block, host);
  }
  const [, name = entry, port] = /^(.+):(\d+)$/.exec(entry) ?? [];
  const matchesHost = parseHostEntry(name);
  return (host, toPort) => (port === undefined || Number(port) === toPort) && matchesHost(host);
}

function parseHostEntry(entry: string): (host: string) => boolean {
  const address = parseAddresses(withoutBrackets(entry));
  if (address !== undefined) {
    return (host) => contains(address, host);
  }
  const name = entry.replace(/^\*(?=\.)/, '').replace(/\.$/, '');
  if (name.startsWith('.')) {
    return (host) => host.endsWith(name);
  }
  return (host) => host === name || host.endsWith(`.${name}`);
}

/** An address or a CIDR block as a list that holds it, or undefined when `text` is neither. */
function parseAddresses(text: string): BlockList | undefined {
  const [address = '', prefix, ...rest] = text.split('/');
  const version = isIP(address);
  const bits = version === 4 ? 32 : 128;
  if (version === 0 || rest.length > 0 || (prefix !== undefined && !/^\d{1,3}$/.test(prefix))) {
    return undefined;
  }
  const length = prefix === undefined ? bits : Number(prefix);
  if (length > bits) {
    return undefined;
  }
  const list = new BlockList();
  list.addSubnet(address, length, version === 4 ? 'ipv4' : 'ipv6');
  return list;
}

/** An IPv4 address written in IPv6 (`::ffff:127.0.0.1`) is found in an IPv4 block too. */
function contains(list: BlockList, host: string): boolean {
  const version = isIP(host);
  return version !== 0 && list.check(host, version === 4 ? 'ipv4' : 'ipv6');
}

const NEVER_PROXIED = new BlockList();
NEVER_PROXIED.addSubnet('127.0.0.0', 8, 'ipv4');
NEVER_PROXIED.addAddress('::1', 'ipv6');
NEVER_PROXIED.addSubnet('169.254.0.0', 16, 'ipv4');
NEVER_PROXIED.addSubnet('fe80::', 10, 'ipv6');
// The instance's own services (metadata, container credentials, time) have unique local addresses for want of a
// link-local one that needs no zone.
NEVER_PROXIED.addSubnet('fd00:ec2::', 32, 'ipv6');

/**
 * Whether a destination is this machine or on its link: a proxy could only reach its own. `localhost` and the names
 * below it are loopback by RFC 6761.
 */
export function isLocalDestination(host: string): boolean {
  const name = normalizeHost(host);
  return name === 'localhost' || name.endsWith('.localhost') || contains(NEVER_PROXIED, name);
}

function normalizeHost(host: string): string {
  return withoutBrackets(host.toLowerCase().replace(/\.$/, ''));
}

function withoutBrackets(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}
