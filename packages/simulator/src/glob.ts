/** A test for texts that equal `pattern`, where each `*` stands for any number of characters. */
export function globTest(pattern: string): (text: string) => boolean {
  if (!pattern.includes('*')) {
    return (text) => text === pattern;
  }
  const parts = pattern.split(/\*+/);
  const [first = '', ...rest] = parts;
  const last = rest.pop() ?? '';
  return (text) => {
    if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) {
      return false;
    }
    // The leftmost place for each part leaves the most room for those after it, so no other place need be tried.
    let from = first.length;
    for (const part of rest) {
      const found = text.indexOf(part, from);
      if (found < 0) {
        return false;
      }
      from = found + part.length;
    }
    return from <= text.length - last.length;
  };
}

/** Tests a set of named texts: each that `match` names must be there and fit its pattern. */
export function matcherOf<K extends string>(
  match: { readonly [name in K]?: string },
): (facts: { readonly [name in K]?: string | undefined }) => boolean {
  // Object.entries widens the keys of `match` to string; they are K by its type.
  const tests = (Object.entries(match) as [K, string][]).map(([name, pattern]) => ({ name, test: globTest(pattern) }));
  return (facts) =>
    tests.every(({ name, test }) => {
      const fact = facts[name];
      return fact !== undefined && test(fact);
    });
}
