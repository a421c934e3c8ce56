import { isIPv4, isIPv6 } from 'node:net';

const UNITS = [
  ['y', 365 * 24 * 3_600_000],
  ['w', 7 * 24 * 3_600_000],
  ['d', 24 * 3_600_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const;

const DURATION = new RegExp(`^${UNITS.map(([unit]) => `(?:(\\d+)${unit})?`).join('')}$`);

/**
 * Returns the milliseconds of a Prometheus duration: numbers with units, each at most once, from the largest to the smallest
 * (`1h30m`, `90s`, `500ms`), or `0`. Returns undefined for other strings, and for more than 2^53 milliseconds. A day has 24
 * hours and a year 365 days, as in Prometheus.
 */
export function parseDuration(text: string): number | undefined {
  if (text === '0') {
    return 0;
  }
  const amounts = DURATION.exec(text)?.slice(1);
  if (amounts === undefined || text === '') {
    return undefined;
  }
  const total = UNITS.reduce((sum, [, ms], index) => sum + Number(amounts[index] ?? 0) * ms, 0);
  return Number.isSafeInteger(total) ? total : undefined;
}

/**
 * Formats a whole number of milliseconds, 0 or more, as Prometheus does. Years, weeks, and days are used only for whole
 * multiples (90 minutes are `1h30m`, 36 hours are `36h`).
 */
export function formatDuration(ms: number): string {
  if (ms === 0) {
    return '0s';
  }
  let rest = ms;
  let text = '';
  for (const [unit, size] of UNITS) {
    const onlyWhole = size >= 24 * 3_600_000;
    if (rest >= size && !(onlyWhole && rest % size !== 0)) {
      text += `${Math.floor(rest / size)}${unit}`;
      rest %= size;
    }
  }
  return text;
}

export interface ListenAddress {
  /** Name or IP address, IPv6 without brackets. Undefined: all interfaces. */
  readonly host: string | undefined;
  /** 0 to 65535. 0 means any free port. */
  readonly port: number;
}

const LISTEN_ADDRESS = /^(?:\[(?<ipv6>[^\]]+)\]|(?<name>[A-Za-z0-9_.-]*)):(?<port>\d{1,5})$/;

/** Parses `:PORT`, `HOST:PORT`, or `[IPV6]:PORT`. Returns undefined for other strings. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const groups = LISTEN_ADDRESS.exec(text)?.groups;
  if (groups === undefined) {
    return undefined;
  }
  const { ipv6, name } = groups;
  const port = Number(groups['port']);
  if (port > 65_535 || (ipv6 !== undefined && !isIPv6(ipv6))) {
    return undefined;
  }
  // Digits and dots that are not an IPv4 address are a typing error, not a host name.
  if (name !== undefined && /^[\d.]+$/.test(name) && !isIPv4(name)) {
    return undefined;
  }
  return { host: ipv6 ?? (name === '' ? undefined : name), port };
}

/** In UTF-16 units. Ids are UUIDs, so a longer string is not an id. */
const LONGEST_ID = 1_024;
/** The API's limit for the ARN of a resource. */
const LONGEST_ARN = 2_048;
/** Load balancers of the service reject longer request lines. */
const LONGEST_TOKEN = 8_192;

/** C0, DEL, C1, and unpaired surrogates, which UTF-8 cannot encode: strings that differ only in them would become equal. */
const UNREQUESTABLE = /[\p{Cc}\p{Cs}]/u;

/**
 * Returns true if a string can be sent as one segment of a request path: it is not empty, UTF-8 and a path can represent it,
 * and it has no `.` or `..` between slashes. Clients and proxies resolve those, percent-encoded or not, which would change
 * the path of the request.
 */
export function isPathSegment(text: string): boolean {
  return text !== '' && text.length <= LONGEST_ID && isPlain(text);
}

/** Returns true if a string can be sent as an ARN in a request path. */
export function isRequestableArn(text: string): boolean {
  return text.startsWith('arn:') && text.length <= LONGEST_ARN && isPlain(text);
}

/** Returns true if a string can be sent as a token in the query of a request. */
export function isRequestableToken(text: string): boolean {
  return text.length <= LONGEST_TOKEN && !/\p{Cs}/u.test(text);
}

/** Returns true for a monitor name that the API allows and a path can represent. */
export function isMonitorName(text: string): boolean {
  return /^[A-Za-z0-9_.-]{1,255}$/.test(text) && !hasDotSegment(text);
}

function isPlain(text: string): boolean {
  return !UNREQUESTABLE.test(text) && !hasDotSegment(text);
}

function hasDotSegment(text: string): boolean {
  return text.split(/[/\\]|%2f|%5c/i).some((part) => /^(?:\.|%2e){1,2}$/i.test(part));
}
