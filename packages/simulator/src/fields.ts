import { LONGEST_TIMER_MS } from './clock.ts';

/**
 * Strict conversion of parsed YAML to typed values. A reader converts one value, and adds each problem to a list, so that one
 * pass reports all errors of a file. A table of fields describes both a type and its reader.
 */
export interface Problem {
  /** Path of the value, like `accounts[0].regions.us-east-1.monitors[2].status`; empty for the document. */
  path: readonly (string | number)[];
  value: unknown;
  /** Description of valid values: the end of "expected …". */
  expected: string;
}

export const INVALID = Symbol('invalid');
export type Reader<T> = (value: unknown, path: Problem['path'], problems: Problem[]) => T | typeof INVALID;

/** Replaces a value in messages that must not show it. */
export const HIDDEN = Symbol('hidden');

/** A reader of one value. `parse` returns `undefined` for an invalid value. */
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

/** As `text`, but messages do not contain the value. */
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

/** Milliseconds of each unit, in their order in a duration. */
const UNITS = { w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
const DURATION = /^(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;

/**
 * Reads milliseconds from a duration in the format of Prometheus (`30s`, `1h30m`, `500ms`, `0`; each unit at most once, in
 * descending order), or from a number of seconds with an optional fraction.
 */
export const duration: Reader<number> = scalar(
  'a duration (for example, 30s or 1h30m) or a number of seconds, at most 24d',
  (value) => {
    const amounts = typeof value === 'string' && value !== '' ? DURATION.exec(value)?.slice(1) : undefined;
    const sum = amounts && Object.values(UNITS).reduce((total, ms, i) => total + Number(amounts[i] ?? 0) * ms, 0);
    const ms = typeof value === 'number' ? Math.round(value * 1000) : value === '0' ? 0 : sum;
    return ms !== undefined && ms >= 0 && ms <= LONGEST_TIMER_MS ? ms : undefined;
  },
);

export function listOf<T>(item: Reader<T>): Reader<readonly T[]> {
  return (value, path, problems) => {
    if (!Array.isArray(value)) {
      return refuse(problems, path, value, 'a list');
    }
    const items = value.map((entry: unknown, i) => item(entry, [...path, i], problems));
    return items.every((entry): entry is T => entry !== INVALID) ? items : INVALID;
  };
}

/** A list of items with distinct identities. `key` is the member that the message names. */
export function distinctListOf<T, K extends keyof T & string>(
  item: Reader<T>,
  key: K,
  identify: (item: T) => string = (entry) => String(entry[key]),
): Reader<readonly T[]> {
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
        refuse(problems, [...path, i, key], entry[key], 'a value that no other entry of the list has');
      }
      seen.add(identity);
    }
    return problems.length === before ? items : INVALID;
  };
}

/** A mapping with any keys that match `keyPattern`. */
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

/** The reader of a member of a mapping, and the effect of its absence. */
export interface Field<T, P extends 'required' | 'optional' | 'defaulted'> {
  presence: P;
  read: Reader<T>;
  /** Default of a defaulted member. */
  fallback?: T;
}
type Optional = Field<unknown, 'optional'>;
type Defaulted = Field<unknown, 'defaulted'>;
type Fields = Readonly<Record<string, Field<unknown, 'required'> | Optional | Defaulted>>;

export const required = <T>(read: Reader<T>): Field<T, 'required'> => ({ presence: 'required', read });
export const optional = <T>(read: Reader<T>): Field<T, 'optional'> => ({ presence: 'optional', read });
export const defaulted = <T>(read: Reader<T>, fallback: NoInfer<T>): Field<T, 'defaulted'> => ({
  presence: 'defaulted',
  read,
  fallback,
});
/** One of these words; the first one by default. */
export const choice = <const T extends string>(first: T, ...others: readonly T[]): Field<T, 'defaulted'> =>
  defaulted(oneOf(first, ...others), first);

type ValueOf<F> = F extends { read: Reader<infer T> } ? T : never;
/** The type that a table of fields describes. */
export type Shape<F extends Fields> = {
  [K in keyof F as F[K] extends Optional ? never : K]: ValueOf<F[K]>;
} & {
  [K in keyof F as F[K] extends Optional ? K : never]?: ValueOf<F[K]>;
};

/** A mapping with exactly these keys; any other key is a problem. */
export function objectOf<F extends Fields>(fields: F): Reader<Shape<F>> {
  const table = new Map(Object.entries(fields));
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
    // The compiler cannot infer the type from a loop over keys. The table ensures the shape of `result`.
    return problems.length === before ? (result as Shape<F>) : INVALID;
  };
}

/** The value of an empty mapping, for tables without required fields. */
export function defaultsOf<F extends Readonly<Record<string, Optional | Defaulted>>>(fields: F): Shape<F> {
  const defaults = objectOf(fields)({}, [], []);
  if (defaults === INVALID) {
    throw new TypeError('A field without a default is missing');
  }
  return defaults;
}

/** A mapping whose value of `key` selects its reader. */
export function taggedOf<T>(key: string, readers: Readonly<Record<string, Reader<T>>>): Reader<T> {
  return (value, path, problems) => {
    const tag = isMapping(value) ? value[key] : undefined;
    const reader = typeof tag === 'string' && Object.hasOwn(readers, tag) ? readers[tag] : undefined;
    return reader
      ? reader(value, path, problems)
      : refuse(problems, [...path, key], tag, `one of ${Object.keys(readers).join(', ')}`);
  };
}

/** The union of the mappings that {@link kindsOf} reads. */
export type Kinds<B extends Fields, T extends Readonly<Record<string, Fields>>> = {
  [K in keyof T & string]: Shape<B & { kind: Field<K, 'required'> } & T[K]>;
}[keyof T & string];

/** A mapping with the keys of `base`, `kind`, and the keys of the table that `kind` selects. */
export function kindsOf<B extends Fields, T extends Readonly<Record<string, Fields>>>(base: B, kinds: T) {
  const readers = Object.entries(kinds).map(([kind, fields]) => {
    return [kind, objectOf({ ...base, kind: required(oneOf(kind)), ...fields })] as const;
  });
  // The compiler cannot infer the union from a loop over kinds.
  return taggedOf('kind', Object.fromEntries(readers)) as Reader<Kinds<B, T>>;
}

export function refuse(problems: Problem[], path: Problem['path'], value: unknown, expected: string): typeof INVALID {
  problems.push({ path, value, expected });
  return INVALID;
}

/** Returns undefined if the body is not JSON. */
export function parsedJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
