/** Returns a test for texts that match `pattern`, in which `*` matches any number of characters. */
export function globTest(pattern: string): (text: string) => boolean {
  const parts = pattern.split(/\*+/);
  return (text) => {
    let from = 0;
    return parts.every((part, i) => {
      // The leftmost match of each part leaves most of the text for the later parts, so no other match is necessary.
      const at = i < parts.length - 1 ? text.indexOf(part, from) : text.length - part.length;
      const isMatch = at >= from && text.startsWith(part, at) && (i > 0 || at === 0);
      from = at + part.length;
      return isMatch;
    });
  };
}

/** Returns a test for named texts: each text in `match` must be present and match its pattern. */
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
