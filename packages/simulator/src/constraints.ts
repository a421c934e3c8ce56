import { modelledError, type ServiceError } from './service-error.ts';

/** Gathers violations of the model's constraints, and words them as Smithy services do. */
export class Constraints {
  readonly #violations: string[] = [];

  /** Notes that `value` at `member` breaks the rule that `constraint` words. Always `undefined`. */
  violated(member: string, value: unknown, constraint: string): undefined {
    const shown = typeof value === 'object' ? JSON.stringify(value) : `'${value}'`;
    this.#violations.push(`Value ${shown} at '${member}' failed to satisfy constraint: Member must ${constraint}`);
  }

  /** What `read` makes of a member that must be there; `undefined` after noting that it is missing. */
  required<T>(member: string, value: unknown, read: (value: unknown) => T | undefined): T | undefined {
    return value === undefined || value === null ? this.violated(member, null, 'not be null') : read(value);
  }

  /** `value` if it is from `min` to `max`; else `undefined`, after noting a violation. */
  inRange(member: string, value: number, min: number, max: number): number | undefined {
    if (value < min) {
      return this.violated(member, value, `have value greater than or equal to ${min}`);
    }
    return value > max ? this.violated(member, value, `have value less than or equal to ${max}`) : value;
  }

  /** Notes what is wrong with a text whose length, in UTF-16 units, must be from `min` to `max`; an absent one is valid. */
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

  /** An integer of `min` to `max` in a query string; `undefined` when it is not sent, or after noting a violation. */
  parameter(query: URLSearchParams, member: string, min: number, max: number): number | undefined {
    const text = query.get(member);
    if (text === null) {
      return undefined;
    }
    return /^[+-]?\d{1,10}$/.test(text)
      ? this.inRange(member, Number(text), min, max)
      : this.violated(member, text, 'be an integer');
  }

  /** `value` if it is one of `legal`; else `undefined`, after noting a violation. */
  oneOf<T extends string>(member: string, value: unknown, legal: readonly T[]): T | undefined {
    const found = legal.find((known) => known === value);
    return found ?? this.violated(member, value, `satisfy enum value set: [${legal.join(', ')}]`);
  }

  /** Milliseconds since the Unix epoch of a date-time; `undefined` after noting a violation. */
  time(member: string, value: unknown): number | undefined {
    return parseTimestamp(value) ?? this.violated(member, value, 'be a date-time of RFC 3339');
  }

  /** @throws ServiceError with all violations, if there are any: a ValidationException. */
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
 * Milliseconds since the Unix epoch of a Smithy `date-time`: RFC 3339 with `Z` or an offset, with or without a fraction.
 * `undefined` for anything else (for example, a number, or a day that the month does not have).
 */
function parseTimestamp(value: unknown): number | undefined {
  if (typeof value !== 'string' || !DATE_TIME.test(value)) {
    return undefined;
  }
  const ms = Date.parse(value);
  const [, month = 0, day = 0] = value.slice(0, 10).split('-').map(Number);
  // Date.parse reads 31 February as 3 March. Day 0 of the next month is the last one of this.
  const lastDay = new Date(Date.UTC(Number(value.slice(0, 4)), month, 0)).getUTCDate();
  return Number.isNaN(ms) || day > lastDay ? undefined : ms;
}
