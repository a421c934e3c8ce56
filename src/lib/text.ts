/** All but ASCII that has a shape of its own. */
const UNPRINTABLE = /[^ -~]/gu;
/** Control characters but for the line feed, and what ends a line, hides text, or changes its direction. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for
const UNSAFE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/**
 * A text from outside as a terminal may get it: everything but printable ASCII is escaped, so that it moves no cursor,
 * turns no text around, and is as wide as it is long. What the service tells of flows (ids, addresses, zones, names
 * of Kubernetes) is ASCII.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
    const hex = (character.codePointAt(0) ?? 0).toString(16);
    return hex.length <= 2 ? `\\x${hex.padStart(2, '0')}` : `\\u{${hex}}`;
  });
}

/**
 * Escapes what a terminal or a reader of logs may take for a command, or for the end of a line: JSON itself escapes only a
 * part of it. JSON says the same afterwards. Line feeds stay, since JSON has them between its values only.
 */
export function printableJson(json: string): string {
  return json.replace(UNSAFE, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** `1 query`, `2 queries` */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** Names that {@link abbreviate} shows of a longer list. */
export const NAMES_SHOWN = 10;

/** `a, b, c and 117 more`; all names if there are no more than `most`. */
export function abbreviate(names: readonly string[], most = NAMES_SHOWN): string {
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}
