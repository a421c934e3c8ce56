/**
 * Strict reading of parsed YAML into typed values. A reader looks at one value; it notes each problem it finds and goes
 * on, so that one pass tells every error of a file.
 */
export interface Problem {
  /** Where: `accounts[0].regions.us-east-1.monitors[2].status`; the empty string is the document itself. */
  path: readonly (string | number)[];
  value: unknown;
  /** What would have been right, as the end of "expected …". */
  expected: string;
}

export const INVALID = Symbol('invalid');
export type Reader<T> = (value: unknown, path: Problem['path'], problems: Problem[]) => T | typeof INVALID;

/** Stands in messages for a value that must not be shown. */
export const HIDDEN = Symbol('hidden');

/** A reader of one value: `parse` gives `undefined` for what is not `expected`. */
export function scalar<T>(expected: string, parse: (value: unknown) => T | undefined): Reader<T> {
  return (value, path, problems) => {
    const parsed = parse(value);
    return parsed === undefined ? refuse(problems, path, value, expected) : parsed;
  };
}

export function text(expected: string, pattern?: RegExp): Reader<string> {
  return scalar(expected, (value) =>
    typeof value === 'string' && value !== '' && (pattern?.test(value) ?? true) ? value : undefined,
  );
}

/** As `text`, but the value is never repeated in a message. */
export function secretText(expected: string): Reader<string> {
  return (value, path, problems) =>
    typeof value === 'string' && value !== '' ? value : refuse(problems, path, HIDDEN, expected);
}

export function number(min: number, max: number, kind: 'integer' | 'number'): Reader<number> {
  const noun = kind === 'integer' ? 'an integer' : 'a number';
  return scalar(`${noun} from ${min} to ${max}`, (value) =>
    typeof value === 'number' && value >= min && value <= max && (kind === 'number' || Number.isSafeInteger(value))
      ? value
      : undefined,
  );
}

export function oneOf<const T extends string>(...values: readonly T[]): Reader<T> {
  return scalar(`one of ${values.join(', ')}`, (value) => values.find((known) => known === value));
}

export function listOf<T>(item: Reader<T>): Reader<T[]> {
  return (value, path, problems) => {
    if (!Array.isArray(value)) {
      return refuse(problems, path, value, 'a list');
    }
    const items = value.map((entry: unknown, i) => item(entry, [...path, i], problems));
    return items.every((entry): entry is T => entry !== INVALID) ? items : INVALID;
  };
}

/** A list in which no two items have the same identity; `key` names the member that makes it. */
export function distinctListOf<T, K extends keyof T & string>(
  item: Reader<T>,
  key: K,
  identify: (item: T) => string = (entry) => String(entry[key]),
): Reader<T[]> {
  const list = listOf(item);
  return (value, path, problems) => {
    const items = list(value, path, problems);
    if (items === INVALID) {
      return INVALID;
    }
    const seen = new Set<string>();
    const before = problems.length;
    for (const [i, entry] of items.entries()) {
      const identity = identify(entry);
      if (seen.has(identity)) {
        refuse(problems, [...path, i, key], entry[key], 'one that no other entry of the list has');
      }
      seen.add(identity);
    }
    return problems.length === before ? items : INVALID;
  };
}

/** A mapping with free keys that match `keyPattern`. */
export function mapOf<T>(item: Reader<T>, keyExpected: string, keyPattern: RegExp): Reader<ReadonlyMap<string, T>> {
  return (value, path, problems) => {
    if (!isMapping(value)) {
      return refuse(problems, path, value, 'a mapping');
    }
    const result = new Map<string, T>();
    const before = problems.length;
    for (const [key, entry] of Object.entries(value)) {
      if (!keyPattern.test(key)) {
        refuse(problems, [...path, key], key, `a key that is ${keyExpected}`);
      }
      const read = item(entry, [...path, key], problems);
      if (read !== INVALID) {
        result.set(key, read);
      }
    }
    return problems.length === before ? result : INVALID;
  };
}

interface Required<T> {
  read: Reader<T>;
  presence: 'required';
}
interface Optional<T> {
  read: Reader<T>;
  presence: 'optional';
}
interface Defaulted<T> {
  read: Reader<T>;
  presence: 'defaulted';
  fallback: T;
}

export const required = <T>(read: Reader<T>): Required<T> => ({ read, presence: 'required' });
export const optional = <T>(read: Reader<T>): Optional<T> => ({ read, presence: 'optional' });
export const defaulted = <T>(read: Reader<T>, fallback: T): Defaulted<T> => ({ read, presence: 'defaulted', fallback });

/** How each member of `T` is read: members that may be missing are `optional`, the others `required` or `defaulted`. */
export type FieldsOf<T> = {
  [K in keyof T]-?: object extends Pick<T, K> ? Optional<Exclude<T[K], undefined>> : Required<T[K]> | Defaulted<T[K]>;
};

/** A mapping with exactly these keys; any other key is a problem. */
export function objectOf<T extends object>(fields: FieldsOf<T>): Reader<T> {
  const table = new Map<string, Required<unknown> | Optional<unknown> | Defaulted<unknown>>(Object.entries(fields));
  const keys = [...table.keys()].join(', ');
  return (value, path, problems) => {
    if (!isMapping(value)) {
      return refuse(problems, path, value, `a mapping with keys of ${keys}`);
    }
    const before = problems.length;
    for (const key of Object.keys(value)) {
      if (!table.has(key)) {
        refuse(problems, [...path, key], key, `one of the keys ${keys}`);
      }
    }
    const result: Record<string, unknown> = {};
    for (const [key, field] of table) {
      if (Object.hasOwn(value, key)) {
        result[key] = field.read(value[key], [...path, key], problems);
      } else if (field.presence === 'required') {
        refuse(problems, [...path, key], undefined, 'a value: the key is required');
      } else if (field.presence === 'defaulted') {
        result[key] = field.fallback;
      }
    }
    // The compiler cannot follow a loop over keys: FieldsOf<T> is what makes `result` a T.
    return problems.length === before ? (result as T) : INVALID;
  };
}

/** A mapping whose `key` says which of `readers` reads it. */
export function taggedOf<T>(key: string, readers: Readonly<Record<string, Reader<T>>>): Reader<T> {
  return (value, path, problems) => {
    const tag = isMapping(value) ? value[key] : undefined;
    const reader = typeof tag === 'string' && Object.hasOwn(readers, tag) ? readers[tag] : undefined;
    return reader
      ? reader(value, path, problems)
      : refuse(problems, [...path, key], tag, `one of ${Object.keys(readers).join(', ')}`);
  };
}

export function refuse(problems: Problem[], path: Problem['path'], value: unknown, expected: string): typeof INVALID {
  problems.push({ path, value, expected });
  return INVALID;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
