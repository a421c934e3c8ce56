import { nearestFirst } from './nearest.ts';

/**
 * The values that a key accepts. Stricter than convict's formats, which read `"12abc"` as 12. Values are of YAML types, with
 * environment variables replaced. A number may be a string, because `${RPS}` is one.
 */
export interface Format<T> {
  /** Description for errors: `a duration above zero`. */
  readonly expected: string;
  /** The known words, for hints about misspelled ones. Empty if the format is not a list of words. */
  readonly words: readonly string[];
  /** Returns all mismatches. Empty for a valid value. */
  mismatches(value: unknown): readonly Mismatch[];
  /** Returns the parsed value. Throws a TypeError for an invalid one. */
  parse(value: unknown): T;
}

export interface Mismatch {
  /** Index of the invalid element of a list. */
  readonly index?: number;
  readonly expected: string;
}

/** A format of single values. `convert` returns undefined for an invalid value. */
export function single<T extends NonNullable<unknown>>(
  expected: string,
  convert: (value: unknown) => T | undefined,
): Format<T> {
  return {
    expected,
    words: [],
    mismatches: (value) => (convert(value) === undefined ? [{ expected }] : []),
    parse(value) {
      const converted = convert(value);
      if (converted === undefined) {
        throw new TypeError(`Not ${expected}`);
      }
      return converted;
    },
  };
}

export function text(expected: string, accepts: (value: string) => boolean): Format<string> {
  return single(expected, (value) => (typeof value === 'string' && accepts(value) ? value : undefined));
}

export function oneOf<T extends string>(choices: readonly T[]): Format<T> {
  return single(`one of ${choices.join(', ')}`, (value) => choices.find((choice) => choice === value));
}

/** Longest list of words that is shown in its own order. */
const SHORT_LIST = 8;

/** {@link oneOf} with a hint for a misspelled word. A long list shows the likely word first. */
export function wordOf<T extends string>(choices: readonly T[]): Format<T> {
  const format = oneOf(choices);
  return {
    ...format,
    words: choices,
    mismatches(value) {
      return format.mismatches(value).map(() => {
        const listed =
          typeof value === 'string' && choices.length > SHORT_LIST ? nearestFirst(value, choices) : choices;
        return { expected: `one of ${listed.join(', ')}` };
      });
    },
  };
}

/** Accepts undefined as well: the key may be omitted. */
export function optional<T>(format: Format<T>): Format<T | undefined> {
  return {
    ...format,
    mismatches: (value) => (value === undefined ? [] : format.mismatches(value)),
    parse: (value) => (value === undefined ? undefined : format.parse(value)),
  };
}

/** A list of distinct elements, at least one. */
export function listOf<T>(element: Format<T>): Format<readonly T[]> {
  return {
    expected: `a list, each element ${element.expected}`,
    words: element.words,
    mismatches(value) {
      if (!Array.isArray(value) || value.length === 0) {
        return [{ expected: `a list of at least one element, each ${element.expected}` }];
      }
      const seen = new Set<unknown>();
      return value.flatMap((item: unknown, index): Mismatch[] => {
        const [mismatch] = element.mismatches(item);
        const expected = mismatch?.expected ?? (seen.has(item) ? 'each element once' : undefined);
        seen.add(item);
        return expected === undefined ? [] : [{ index, expected }];
      });
    },
    parse: (value) => [value].flat().map((item: unknown) => element.parse(item)),
  };
}

/** One value, or a list. The form is kept, because only the values of a list are part of query names. */
export interface OneOrList<T> {
  readonly values: readonly T[];
  readonly listed: boolean;
}

export function oneOrList<T>(element: Format<T>): Format<OneOrList<T>> {
  const list = listOf(element);
  return {
    expected: `${element.expected}, or a list of them`,
    words: element.words,
    mismatches: (value) =>
      Array.isArray(value)
        ? list.mismatches(value)
        : element.mismatches(value).map(({ expected }) => ({ expected: `${expected}, or a list of them` })),
    parse: (value) => ({ values: list.parse(value), listed: Array.isArray(value) }),
  };
}

/** One value, a list, or all values: `"*"` in the file. */
export type Selection<T> = OneOrList<T> | 'all';

/** Returns the values that a selection names, or an empty list for all values. */
export function namedIn<T>(selected: Selection<T> | undefined): readonly T[] {
  return selected === undefined || selected === 'all' ? [] : selected.values;
}

/** @param expected description for errors about values that are neither `"*"` nor a list */
export function selection<T>(expected: string, element: Format<T>): Format<Selection<T>> {
  const some = oneOrList(element);
  return {
    expected,
    words: element.words,
    mismatches(value) {
      const found = value === '*' ? [] : some.mismatches(value);
      return Array.isArray(value) ? found : found.map(() => ({ expected }));
    },
    parse: (value) => (value === '*' ? 'all' : some.parse(value)),
  };
}

/** Returns a number, also from a string, because variables are strings. Returns undefined for other values. */
export function decimal(value: unknown): number | undefined {
  if (typeof value === 'string') {
    return /^(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(value) ? Number(value) : undefined;
  }
  return typeof value === 'number' ? value : undefined;
}

export function matching(what: string, pattern: RegExp, allowed: string): Format<string> {
  return text(`${what}: ${allowed}`, (value) => pattern.test(value));
}

/** A restriction of another format. Errors describe the restriction only for values that the other format accepts. */
export function narrowed(format: Format<string>, more: string, accepts: (value: string) => boolean): Format<string> {
  const expected = `${format.expected}, ${more}`;
  const strict = text(expected, accepts);
  return {
    ...format,
    mismatches(value) {
      const [mismatch] = format.mismatches(value);
      return mismatch === undefined ? strict.mismatches(value) : [mismatch];
    },
    parse: (value) => strict.parse(value),
  };
}
