/**
 * Randomness that a text decides: the same text gives the same draws in every process, so the simulator's answers
 * depend on nothing but the scenario's seed and what was asked.
 */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** An integer from `min` to `max`, both included. */
  integer(min: number, max: number): number;
  /** True with probability `share` (0 to 1). */
  chance(share: number): boolean;
  /** One of `items`, which must not be empty. */
  pick<T>(items: readonly [T, ...T[]]): T;
  /** `length` lower-case hexadecimal digits. */
  hex(length: number): string;
}

/** FNV-1a over UTF-16 units, then murmur3's finalizer, since FNV alone leaves the high bits of similar texts alike. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** mulberry32 started from the hash of `seed`. */
export function createRandom(seed: string): Random {
  let state = hash32(seed);
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    integer: (min, max) => min + Math.floor(next() * (max - min + 1)),
    chance: (share) => next() < share,
    pick: (items) => items[Math.floor(next() * items.length)] ?? items[0],
    hex(length) {
      let digits = '';
      while (digits.length < length) {
        digits += Math.floor(next() * 2 ** 32)
          .toString(16)
          .padStart(8, '0');
      }
      return digits.slice(0, length);
    },
  };
}
