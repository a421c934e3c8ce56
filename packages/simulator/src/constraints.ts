import { modelledError, type ServiceError } from './service-error.ts';

/** Collects violations of the model's constraints, in the wording of Smithy services. */
export class Constraints {
  readonly #violations: string[] = [];

  /** Adds a violation of `constraint` by the value of `member`. Always returns `undefined`. */
  violated(member: string, value: unknown, constraint: string): undefined {
    const shown = typeof value === 'object' ? JSON.stringify(value) : `'${value}'`;
    this.#violations.push(`Value ${shown} at '${member}' failed to satisfy constraint: Member must ${constraint}`);
  }

  /** Returns the result of `read` for a required member; `undefined` and a violation if the member is missing. */
  required<T>(member: string, value: unknown, read: (value: unknown) => T | undefined): T | undefined {
    return value === undefined || value === null ? this.violated(member, null, 'not be null') : read(value);
  }

  /** Returns `value` if it is from `min` to `max`; otherwise `undefined` and a violation. */
  inRange(member: string, value: number, min: number, max: number): number | undefined {
    if (value < min) {
      return this.violated(member, value, `have value greater than or equal to ${min}`);
    }
    return value > max ? this.violated(member, value, `have value less than or equal to ${max}`) : value;
  }

  /** Checks a text whose length, in UTF-16 units, must be from `min` to `max`. An absent text is valid. */
  text(
    member: string,
    value: string | undefined,
    { min, max, pattern }: { min: number; max: number; pattern: RegExp },
  ) {
    if (value !== undefined && (value.length < min || value.length > max)) {
      const bound = value.length < min ? `greater than or equal to ${min}` : `less than or equal to ${max}`;
      this.violated(member, value, `have length ${bound}`);
    }
    if (value !== undefined && !pattern.test(value)) {
      this.violated(member, value, `satisfy regular expression pattern: ${pattern.source}`);
    }
  }

  /** Reads an integer from `min` to `max` in a query string; `undefined` if it is absent or violates a constraint. */
  parameter(query: URLSearchParams, member: string, min: number, max: number): number | undefined {
    const text = query.get(member);
    if (text === null) {
      return undefined;
    }
    return /^[+-]?\d{1,10}$/.test(text)
      ? this.inRange(member, Number(text), min, max)
      : this.violated(member, text, 'be an integer');
  }

  /** Returns `value` if it is one of `legal`; otherwise `undefined` and a violation. */
  oneOf<T extends string>(member: string, value: unknown, legal: readonly T[]): T | undefined {
    const found = legal.find((known) => known === value);
    return found ?? this.violated(member, value, `satisfy enum value set: [${legal.join(', ')}]`);
  }

  /** Returns milliseconds since the Unix epoch of a date-time; `undefined` and a violation for any other value. */
  time(member: string, value: unknown): number | undefined {
    return parseTimestamp(value) ?? this.violated(member, value, 'be a date-time of RFC 3339');
  }

  /** @throws ServiceError (ValidationException) with all violations, if any */
  enforce(): void {
    const { length } = this.#violations;
    if (length > 0) {
      throw invalid(`${length} validation error${length === 1 ? '' : 's'} detected: ${this.#violations.join('; ')}`);
    }
  }
}

export function invalid(message: string): ServiceError {
  return modelledError('ValidationException', message);
}

const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;

/**
 * Returns milliseconds since the Unix epoch of a Smithy `date-time`: RFC 3339 with `Z` or an offset, and an optional fraction.
 * Returns `undefined` for any other value (for example, a number, or a day that the month does not have).
 */
function parseTimestamp(value: unknown): number | undefined {
  if (typeof value !== 'string' || !DATE_TIME.test(value)) {
    return undefined;
  }
  const ms = Date.parse(value);
  const [, month = 0, day = 0] = value.slice(0, 10).split('-').map(Number);
  // Date.parse reads February 31 as March 3. Day 0 of the next month is the last day of this one.
  const lastDay = new Date(Date.UTC(Number(value.slice(0, 4)), month, 0)).getUTCDate();
  return Number.isNaN(ms) || day > lastDay ? undefined : ms;
}
