import { InvalidResponse } from './errors.ts';

/** The members of an answer, or of an object in it, none of which is certain to be what the model says. */
export type Members = Readonly<Record<string, unknown>>;

/** The service's three ways to say nothing. */
export function isAbsent(value: unknown): value is undefined | null | '' {
  return value === undefined || value === null || value === '';
}

/** The items of a list, those that are absent left out; none where the list is. @throws InvalidResponse */
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

/** @throws InvalidResponse */
export function readText(value: unknown, path: string): string | undefined {
  if (isAbsent(value)) {
    return undefined;
  }
  if (typeof value !== 'string') {
    throw invalid(path, 'text', value);
  }
  return value;
}

/** What the metrics are made of: times, counts and bytes, none of which can be negative. @throws InvalidResponse */
export function readAmount(value: unknown, path: string): number | undefined {
  if (isAbsent(value)) {
    return undefined;
  }
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) {
    throw invalid(path, 'a finite number from 0 on', value);
  }
  return value;
}

/** @throws InvalidResponse */
export function readPort(value: unknown, path: string): number | undefined {
  if (isAbsent(value)) {
    return undefined;
  }
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
    throw invalid(path, 'a whole number', value);
  }
  return value;
}

/** Milliseconds since the epoch. @throws InvalidResponse */
export function readTime(value: unknown, path: string): number | undefined {
  if (isAbsent(value)) {
    return undefined;
  }
  if (!(value instanceof Date) || Number.isNaN(value.getTime())) {
    throw invalid(path, 'a time', value);
  }
  return value.getTime();
}

/** `expected PATH to be …, got …`. */
export function invalid(path: string, expected: string, got: unknown): InvalidResponse {
  return new InvalidResponse(`expected ${path} to be ${expected}, got ${shown(got)}`);
}

const LONGEST_SHOWN = 60;

/** A value as a message shows it, on one line and bounded. Only JSON values and dates come this far. */
export function shown(value: unknown): string {
  const bounded = typeof value === 'string' ? value.slice(0, LONGEST_SHOWN) : value;
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(bounded) ?? String(value));
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}
