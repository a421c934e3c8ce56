/**
 * Whether a name is what a pattern says: `*` stands for any characters, also none, `?` for any one, and all else for
 * itself. Takes time in proportion to the lengths' product at most, whatever the pattern.
 */
export function fitsPattern(name: string, pattern: string): boolean {
  let at = 0;
  let next = 0;
  /** Behind the last star of the pattern that was passed, and where what it stands for ends in the name for now. */
  let afterStar: number | undefined;
  let starEnds = 0;
  while (at < name.length) {
    if (pattern[next] === '*') {
      next += 1;
      afterStar = next;
      starEnds = at;
    } else if (pattern[next] === '?' || pattern[next] === name[at]) {
      next += 1;
      at += 1;
    } else if (afterStar !== undefined) {
      starEnds += 1;
      at = starEnds;
      next = afterStar;
    } else {
      return false;
    }
  }
  return /^\**$/.test(pattern.slice(next));
}
