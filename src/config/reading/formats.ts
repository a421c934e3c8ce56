import { nearestFirst } from './nearest.ts';

/**
 * What a key takes, stricter than convict's own formats: those read `"12abc"` as 12. Values come as YAML gives them,
 * with environment variables replaced: a number may be a text, since `${RPS}` gives one.
 */
export interface Format<T> {
  /** As an error says it: `a duration such as 30s`. */
  readonly expected: string;
  /** What a misspelt text may have meant; empty where texts of this format are no words of a list. */
  readonly words: readonly string[];
  /** All that does not fit; empty for a value of this format. */
  mismatches(value: unknown): readonly Mismatch[];
  /** The value as the program uses it. Throws a TypeError for a value that has mismatches. */
  parse(value: unknown): T;
}

export interface Mismatch {
  /** The element of a list that it is about. */
  readonly index?: number;
  readonly expected: string;
}

/** A format of single values: `convert` answers undefined for what it does not take. */
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

/** A format of texts. */
export function text(expected: string, accepts: (value: string) => boolean): Format<string> {
  return single(expected, (value) => (typeof value === 'string' && accepts(value) ? value : undefined));
}

/** One of a few words. */
export function oneOf<T extends string>(choices: readonly T[]): Format<T> {
  return single(`one of ${choices.join(', ')}`, (value) => choices.find((choice) => choice === value));
}

/** So many words are read at a glance. */
const SHORT_LIST = 8;

/** As {@link oneOf}, with a hint at what a misspelled word may have meant, which a long list begins with. */
export function wordOf<T extends string>(choices: readonly T[]): Format<T> {
  const format = oneOf(choices);
  return {
    ...format,
    words: choices,
    mismatches(value) {
      const listed = typeof value === 'string' && choices.length > SHORT_LIST ? nearestFirst(value, choices) : choices;
      return format.mismatches(value).map(() => ({ expected: `one of ${listed.join(', ')}` }));
    },
  };
}

/** A key that may be left out. */
export function optional<T>(format: Format<T>): Format<T | undefined> {
  return {
    expected: format.expected,
    words: format.words,
    mismatches: (value) => (value === undefined ? [] : format.mismatches(value)),
    parse: (value) => (value === undefined ? undefined : format.parse(value)),
  };
}

/** A list of at least one element, none of them twice. */
export function listOf<T>(element: Format<T>): Format<readonly T[]> {
  const expected = `a list, each element ${element.expected}`;
  return {
    expected,
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
    parse(value) {
      if (!Array.isArray(value)) {
        throw new TypeError(`Not ${expected}`);
      }
      return value.map((item: unknown) => element.parse(item));
    },
  };
}

/** One value, or several as a list; what was given stays visible, since it decides on query names. */
export interface OneOrList<T> {
  readonly values: readonly T[];
  readonly listed: boolean;
}

export function oneOrList<T>(element: Format<T>): Format<OneOrList<T>> {
  const list = listOf(element);
  return {
    expected: `${element.expected}, or a list of them`,
    words: element.words,
    mismatches(value) {
      if (Array.isArray(value)) {
        return list.mismatches(value);
      }
      return element.mismatches(value).map(({ expected }) => ({ expected: `${expected}, or a list of them` }));
    },
    parse: (value) =>
      Array.isArray(value)
        ? { values: list.parse(value), listed: true }
        : { values: [element.parse(value)], listed: false },
  };
}

/** One value, several as a list, or all that there are, which the file gives as `"*"`. */
export type Selection<T> = OneOrList<T> | 'all';

/** The values that a selection names; none for all that there are. */
export function namedIn<T>(selected: Selection<T> | undefined): readonly T[] {
  return selected === undefined || selected === 'all' ? [] : selected.values;
}

/** @param expected as an error says it of all that is neither `"*"` nor a list */
export function selection<T>(expected: string, element: Format<T>): Format<Selection<T>> {
  const some = oneOrList(element);
  return {
    expected,
    words: element.words,
    mismatches(value) {
      if (value === '*') {
        return [];
      }
      const found = some.mismatches(value);
      return Array.isArray(value) ? found : found.map(() => ({ expected }));
    },
    parse: (value) => (value === '*' ? 'all' : some.parse(value)),
  };
}

/** A number, also one in a text, as variables give it; undefined for anything else. */
export function decimal(value: unknown): number | undefined {
  if (typeof value === 'string') {
    return /^(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(value) ? Number(value) : undefined;
  }
  return typeof value === 'number' ? value : undefined;
}

/** A format of texts that match a pattern. */
export function matching(what: string, pattern: RegExp, allowed: string): Format<string> {
  return text(`${what}: ${allowed}`, (value) => pattern.test(value));
}

/** A format that takes less than another, and says the more only of what that one takes. */
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
