/** All but ASCII that has a shape of its own. */
const UNPRINTABLE = /[^ -~]/gu;
/** What a terminal may take for a command, and what turns or hides the text around it. */
const UNSAFE_IN_JSON = /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

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

/** JSON that says the same and holds nothing that a terminal acts on: JSON itself escapes only a part of it. */
export function printableJson(json: string): string {
  return json.replace(UNSAFE_IN_JSON, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
