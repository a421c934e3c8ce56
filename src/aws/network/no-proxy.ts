import { BlockList, isIP } from 'node:net';
import { withoutBrackets } from '../../lib/text.ts';

/** Returns true for a destination without a proxy. `host` is a name or an address without brackets. */
export type ProxyBypass = (host: string, port: number) => boolean;

/**
 * Parses NO_PROXY as Go's `golang.org/x/net/http/httpproxy` does, which Prometheus and its exporters use. Entries are
 * separated by commas or white space. Each is an address, a CIDR block, a name (including its subdomains), `.name` or `*.name`
 * (subdomains only), or `*` for all. All except blocks may have a `:port`. Invalid entries match nothing. Names are compared,
 * not resolved.
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

/** Converts an address or a CIDR block to a list; undefined if `text` is neither. */
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

/** Also matches an IPv4 address in IPv6 form (`::ffff:127.0.0.1`) with an IPv4 block. */
function contains(list: BlockList, host: string): boolean {
  const version = isIP(host);
  return version !== 0 && list.check(host, version === 4 ? 'ipv4' : 'ipv6');
}

const NEVER_PROXIED = new BlockList();
NEVER_PROXIED.addSubnet('127.0.0.0', 8, 'ipv4');
NEVER_PROXIED.addAddress('::1', 'ipv6');
NEVER_PROXIED.addSubnet('169.254.0.0', 16, 'ipv4');
NEVER_PROXIED.addSubnet('fe80::', 10, 'ipv6');
// Services of the instance (metadata, container credentials, time) have unique local addresses, because link-local ones
// require a zone.
NEVER_PROXIED.addSubnet('fd00:ec2::', 32, 'ipv6');

/**
 * Whether a destination is this machine or on its link, which a proxy cannot reach. `localhost` and its subdomains are
 * loopback names (RFC 6761).
 */
export function isLocalDestination(host: string): boolean {
  const name = normalizeHost(host);
  return name === 'localhost' || name.endsWith('.localhost') || contains(NEVER_PROXIED, name);
}

function normalizeHost(host: string): string {
  return withoutBrackets(host.toLowerCase().replace(/\.$/, ''));
}
