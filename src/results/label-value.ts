import { createHash } from 'node:crypto';

/** The most bytes of UTF-8 that a label's value has on a page. */
const LONGEST_BYTES = 1_024;
const HASH_DIGITS = 8;
/** Bytes of the value's beginning in front of `…` and the digits. */
const KEPT_BYTES = LONGEST_BYTES - Buffer.byteLength('…') - HASH_DIGITS;
/** A text of so many UTF-16 code units is no longer, whatever they are. */
const SURELY_SHORT = Math.floor(LONGEST_BYTES / 3);

/**
 * A text of the service's as it comes out of the exposition: lone surrogates, which UTF-8 cannot hold, as U+FFFD, and of
 * bounded length (see {@link boundedLabelValue}). Texts that are equal afterwards make one series, so this comes before
 * merging.
 *
 * @param onCut called if the text was too long
 */
export function exportedLabelValue(text: string, onCut?: () => void): string {
  return boundedLabelValue(text.replace(/\p{Surrogate}/gu, '\ufffd'), onCut);
}

/**
 * A text of at most 1,024 bytes of UTF-8: a longer one is cut between characters, and ends in `…` and 8 hexadecimal digits
 * of a hash of all of it, so that texts with a common beginning stay different. What was cut before stays as it is.
 */
export function boundedLabelValue(text: string, onCut?: () => void): string {
  if (text.length <= SURELY_SHORT || Buffer.byteLength(text) <= LONGEST_BYTES) {
    return text;
  }
  onCut?.();
  const bytes = Buffer.from(text.slice(0, LONGEST_BYTES));
  let end = KEPT_BYTES;
  while (isContinuation(bytes[end])) {
    end -= 1;
  }
  const hash = createHash('sha256').update(text).digest('hex').slice(0, HASH_DIGITS);
  return `${bytes.toString('utf8', 0, end)}…${hash}`;
}

/** Whether a byte of UTF-8 is one within a character. */
function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
