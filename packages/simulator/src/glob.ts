/** Returns a test for texts that match `pattern`, in which `*` matches any number of characters. */
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
    // The leftmost match of each part leaves most of the text for the later parts, so no other match is necessary.
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
