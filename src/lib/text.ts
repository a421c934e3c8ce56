import { isIPv6 } from 'node:net';

const UNPRINTABLE = /[^ -~]/gu;
/** Control characters except the line feed, and characters that end a line, hide text, or change its direction. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for
const UNSAFE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/**
 * Escapes a foreign text for a terminal: all characters except printable ASCII. The result cannot move the cursor or change
 * the direction of text, and each character is one column wide. Names in responses of the service (ids, addresses, zones,
 * Kubernetes names) are ASCII.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
    const hex = (character.codePointAt(0) ?? 0).toString(16);
    return hex.length <= 2 ? `\\x${hex.padStart(2, '0')}` : `\\u{${hex}}`;
  });
}

/**
 * Escapes characters in JSON that a terminal or a log reader may interpret as a command or as the end of a line. JSON itself
 * escapes only some of them. The JSON value is unchanged. Keeps line feeds, which are only between JSON values.
 */
export function printableJson(json: string): string {
  return json.replace(UNSAFE, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Escapes control characters in a text of one line as {@link printableJson} does, and line feeds. */
export function escapeControls(text: string): string {
  return printableJson(text).replaceAll('\n', '\\u000a');
}

/** Returns `1 query`, `2 queries`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** Default number of names that {@link abbreviate} shows. */
export const NAMES_SHOWN = 10;

/** Returns `a, b, c and 117 more`, or all names if there are at most `most`. */
export function abbreviate(names: readonly string[], most = NAMES_SHOWN): string {
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}

/** Returns a host without the brackets that an IPv6 address has in URLs. */
export function withoutBrackets(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}

/** Returns a host in the form for `HOST:PORT` and URLs: an IPv6 address in brackets. */
export function bracketed(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}
