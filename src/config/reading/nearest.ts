import { quote } from './nodes.ts';

/**
 * Returns the end of a message about a misspelled word: `; did you mean "interval"?`. Empty if no known word is similar, or
 * if the word is correct.
 */
export function didYouMean(word: string, known: readonly string[]): string {
  const nearest = nearestWord(word, known);
  return nearest === undefined || nearest === word ? '' : `; did you mean ${quote(nearest)}?`;
}

/**
 * Returns the known word that is similar to `word`, or undefined. Ignores case, `-`, and `_`. Up to a third of the letters
 * may be wrong, or `word` may be the beginning of one known word, or at least half of the nearest one.
 */
function nearestWord(word: string, known: readonly string[]): string | undefined {
  const wanted = normalize(word);
  const ranked = rankByDistance(wanted, known);
  const best = ranked[0];
  if (best !== undefined && best.distance <= Math.max(1, Math.floor(wanted.length / 3))) {
    return best.candidate;
  }
  const begun = wanted.length >= 3 ? ranked.filter(({ candidate }) => normalize(candidate).startsWith(wanted)) : [];
  const [nearest] = begun;
  return begun.length === 1 || (nearest !== undefined && nearest.distance <= wanted.length)
    ? nearest?.candidate
    : undefined;
}

/** Returns the known word with the least distance to `word`, the first of several. Undefined if there are no words. */
export function nearestOf(word: string, known: readonly string[]): string | undefined {
  return rankByDistance(normalize(word), known)[0]?.candidate;
}

/** Returns the known words, those similar to `word` first, then those that contain it. */
export function nearestFirst<Word extends string>(word: string, known: readonly Word[]): readonly Word[] {
  const wanted = normalize(word);
  const nearest = nearestWord(word, known);
  const contains = (candidate: Word) => wanted.length >= 3 && normalize(candidate).includes(wanted);
  const rank = (candidate: Word) => (candidate === nearest ? 0 : contains(candidate) ? 1 : 2);
  return [...known].sort((a, b) => rank(a) - rank(b));
}

function rankByDistance(wanted: string, known: readonly string[]): { candidate: string; distance: number }[] {
  return known
    .map((candidate) => ({ candidate, distance: editDistance(wanted, normalize(candidate)) }))
    .sort((a, b) => a.distance - b.distance);
}

function normalize(word: string): string {
  return word.slice(0, 64).replaceAll(/[-_]/g, '').toLowerCase();
}

/** Returns the Levenshtein distance, with a swap of two adjacent letters counted once. */
function editDistance(a: string, b: string): number {
  /** Of the first letters of `a`, by their number, and of `b`. */
  const distances = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number) => distances[row]?.[column] ?? Number.POSITIVE_INFINITY;
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    distances.push(current);
    for (let column = 1; column <= b.length; column++) {
      const substitution = at(row - 1, column - 1) + (a[row - 1] === b[column - 1] ? 0 : 1);
      const isSwap = row > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      const swap = isSwap ? at(row - 2, column - 2) + 1 : substitution;
      current.push(Math.min(at(row - 1, column) + 1, at(row, column - 1) + 1, substitution, swap));
    }
  }
  return at(a.length, b.length);
}
