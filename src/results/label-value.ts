import { createHash } from 'node:crypto';

const LONGEST_BYTES = 1_024;
const HASH_DIGITS = 8;
/** Bytes of the start of a value before `…` and the digits. */
const KEPT_BYTES = LONGEST_BYTES - Buffer.byteLength('…') - HASH_DIGITS;
/** Texts with this many UTF-16 code units are never longer. */
const SURELY_SHORT = Math.floor(LONGEST_BYTES / 3);

/**
 * Converts a text of the service to an exported label value: replaces lone surrogates, which UTF-8 cannot represent, with
 * U+FFFD, and limits the length. Apply it before merging, because equal results are one series. `onCut`: it is truncated.
 */
export function exportedLabelValue(text: string, onCut?: () => void): string {
  return boundedLabelValue(text.replace(/\p{Surrogate}/gu, '\ufffd'), onCut);
}

/**
 * Limits a text to 1,024 bytes of UTF-8. A longer text is truncated between characters, and ends in `…` and 8 hexadecimal
 * digits of a hash of the whole text, so that texts with a common start stay different. A truncated text does not change.
 */
export function boundedLabelValue(text: string, onCut?: () => void): string {
  if (text.length <= SURELY_SHORT || Buffer.byteLength(text) <= LONGEST_BYTES) {
    return text;
  }
  onCut?.();
  const bytes = Buffer.from(text.slice(0, LONGEST_BYTES));
  let end = KEPT_BYTES;
  // A byte that continues a character.
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) {
    end -= 1;
  }
  const hash = createHash('sha256').update(text).digest('hex').slice(0, HASH_DIGITS);
  return `${bytes.toString('utf8', 0, end)}…${hash}`;
}
