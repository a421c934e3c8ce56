import fc from 'fast-check';

const FIRST_SURROGATE = 0xd800;
const SURROGATES = 0x800;

/**
 * Any character, as a unit of `fc.string`. fast-check's own unit `binary` has the same characters, but lists all of them
 * first, which takes a second in each file.
 */
export const anyCharacter = fc.integer({ min: 0, max: 0x10_ffff - SURROGATES }).map(characterAt, indexOf);

function characterAt(index: number): string {
  return String.fromCodePoint(index < FIRST_SURROGATE ? index : index + SURROGATES);
}

/** fast-check needs it to include texts such as `__proto__`. @throws Error if the value is not a character */
function indexOf(value: unknown): number {
  const code = typeof value === 'string' ? (value.codePointAt(0) ?? Number.NaN) : Number.NaN;
  const index = code < FIRST_SURROGATE ? code : code - SURROGATES;
  if (Number.isNaN(index) || characterAt(index) !== value) {
    throw new Error('not a character');
  }
  return index;
}
