import { InvalidResponse } from './errors.ts';

/** The members of a response, or of an object in it. Their types are not validated yet. */
export type Members = Readonly<Record<string, unknown>>;

/** Returns true for the three forms of a missing value that the service sends. */
export function isAbsent(value: unknown): value is undefined | null | '' {
  return value === undefined || value === null || value === '';
}

/** The items of a list without absent ones; none if the list is absent. @throws InvalidResponse */
export function readItems<T>(value: unknown, path: string, read: (item: unknown, path: string) => T): T[] {
  return readList(value, path).flatMap((item, i) => (isAbsent(item) ? [] : [read(item, `${path}[${i}]`)]));
}

/** @throws InvalidResponse */
export function readList(value: unknown, path: string): readonly unknown[] {
  if (isAbsent(value)) {
    return [];
  }
  if (!Array.isArray(value)) {
    throw invalid(path, 'a list', value);
  }
  return value;
}

/** @throws InvalidResponse */
export function readMembers(value: unknown, path: string): Members {
  if (!isMembers(value)) {
    throw invalid(path, 'an object', value);
  }
  return value;
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export const readText = scalar('text', (value): value is string => typeof value === 'string');

/** Values of metrics: times, counts, and bytes, none of which can be negative. */
export const readAmount = scalar('a finite number of at least 0', (value): value is number => {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
});

export const readPort = scalar('an integer', (value): value is number => Number.isSafeInteger(value));

const readDate = scalar('a time', (value): value is Date => value instanceof Date && !Number.isNaN(value.getTime()));

/** Milliseconds since the epoch. @throws InvalidResponse */
export function readTime(value: unknown, path: string): number | undefined {
  return readDate(value, path)?.getTime();
}

/** A reader of optional values. It throws InvalidResponse for a value that is not as expected. */
function scalar<T>(expected: string, isExpected: (value: unknown) => value is T) {
  return (value: unknown, path: string): T | undefined => {
    if (isAbsent(value)) {
      return undefined;
    }
    if (!isExpected(value)) {
      throw invalid(path, expected, value);
    }
    return value;
  };
}

/** `expected PATH to be …, got …`. */
export function invalid(path: string, expected: string, got: unknown): InvalidResponse {
  return new InvalidResponse(`expected ${path} to be ${expected}, got ${shown(got)}`);
}

const LONGEST_SHOWN = 60;

/** Formats a JSON value or a date for a message: one line of limited length. */
export function shown(value: unknown): string {
  const bounded = typeof value === 'string' ? value.slice(0, LONGEST_SHOWN) : value;
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(bounded) ?? String(value));
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}
