import { createHash } from 'node:crypto';

/** FNV-1a over UTF-16 units with the finalizer of murmur3, because FNV alone gives similar texts similar high bits. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/**
 * A random number generator with a text as its seed. Equal seeds give equal numbers in every process, so that responses depend
 * only on the scenario's seed and the requests. It is mulberry32, seeded with the hash of `seed`.
 */
export class Random {
  #state: number;

  constructor(seed: string) {
    this.#state = hash32(seed);
  }

  /** A number in [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer from `min` to `max`, both included. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  /** True with probability `share` (0 to 1). */
  chance(share: number): boolean {
    return this.next() < share;
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[Math.floor(this.next() * items.length)] ?? items[0];
  }

  /** `length` lower-case hexadecimal digits. */
  hex(length: number): string {
    let digits = '';
    while (digits.length < length) {
      digits += Math.floor(this.next() * 2 ** 32)
        .toString(16)
        .padStart(8, '0');
    }
    return digits.slice(0, length);
  }
}

/**
 * A UUID of version 3, from the MD5 of `name`. The query IDs in the service's samples are of this version, which suggests that
 * they are derived from the arguments of the query.
 */
export function nameUuid(name: string): string {
  return uuidOf(createHash('md5').update(name).digest('hex'), '3');
}

/** A UUID from 32 hexadecimal digits, two of which are replaced by the version and the variant. */
export function uuidOf(hex: string, version: '3' | '4'): string {
  const variant = '89ab'[Number.parseInt(hex.charAt(16), 16) % 4];
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, `$1-$2-${version}$3-${variant}$4-$5`);
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** A prefix (for example, AIDA or ASIA) with sixteen letters and digits. */
export function identifier(prefix: string, draw: string): string {
  return prefix + letters(BASE32, 16, draw);
}

/** `length` characters of `alphabet`. */
export function letters(alphabet: string, length: number, draw: string): string {
  const random = new Random(draw);
  return Array.from({ length }, () => alphabet[random.integer(0, alphabet.length - 1)] ?? '').join('');
}
