/**
 * Combines the CRC-32 of joined texts from the CRCs of their parts, so that separately compressed parts can be one gzip stream.
 * This is arithmetic of polynomials over GF(2) modulo the CRC-32 polynomial of RFC 1952, with the highest power in the lowest
 * bit. See Mark Adler's description of `crc32_combine` in zlib.
 */
const POLYNOMIAL = 0xed_b8_83_20;

/** The polynomial 1. */
const ONE = 0x80_00_00_00;

/** x^(8 × 2^k) for each k. The power for a length in bytes needs one multiplication per set bit. */
const BYTE_POWERS: readonly number[] = (() => {
  let power = 0x00_80_00_00; // x^8
  return Array.from({ length: 32 }, () => {
    const current = power;
    power = multiply(power, power);
    return current;
  });
})();

function multiply(a: number, b: number): number {
  let product = 0;
  let multiple = b;
  for (let bits = a; bits !== 0; bits = (bits << 1) >>> 0) {
    if ((bits & ONE) !== 0) {
      product ^= multiple;
    }
    multiple = (multiple & 1) === 1 ? (multiple >>> 1) ^ POLYNOMIAL : multiple >>> 1;
  }
  return product >>> 0;
}

/** Returns the operator that advances a CRC by `length` bytes. It depends only on the length, so it can be cached. */
export function crcShift(length: number): number {
  let shift = ONE;
  for (let rest = length, k = 0; rest > 0; rest = Math.floor(rest / 2), k += 1) {
    if (rest % 2 === 1) {
      shift = multiply(BYTE_POWERS[k] ?? ONE, shift);
    }
  }
  return shift;
}

/** Returns the CRC of two joined parts. `secondShift` is the {@link crcShift} of the length of the second part. */
export function combineCrc(first: number, second: number, secondShift: number): number {
  return (multiply(secondShift, first) ^ second) >>> 0;
}
