import { modelledError, type ServiceError } from './service-error.ts';

/** Gathers violations of the model's constraints, and words them as Smithy services do. */
export interface Constraints {
  /** The member must be there. */
  present(member: string, value: unknown): boolean;
  /** `value` at `member` broke the rule that `constraint` words. */
  violated(member: string, value: unknown, constraint: string): void;
  /** Throws a ValidationException with all violations, when there were any. */
  enforce(): void;
}

export function createConstraints(): Constraints {
  const violations: string[] = [];
  const violated = (member: string, value: unknown, constraint: string) => {
    const shown = typeof value === 'object' ? JSON.stringify(value) : `'${value}'`;
    violations.push(`Value ${shown} at '${member}' failed to satisfy constraint: Member must ${constraint}`);
  };
  return {
    violated,
    present(member, value) {
      if (value === undefined || value === null) {
        violated(member, null, 'not be null');
        return false;
      }
      return true;
    },
    enforce() {
      if (violations.length > 0) {
        const noun = violations.length === 1 ? 'validation error' : 'validation errors';
        throw invalid(`${violations.length} ${noun} detected: ${violations.join('; ')}`);
      }
    },
  };
}

export function invalid(message: string): ServiceError {
  return modelledError('ValidationException', message);
}

/** An integer of `min` to `max` in a query string; `undefined` when it is not sent, or after noting a violation. */
export function integerParameter(
  constraints: Constraints,
  query: URLSearchParams,
  member: string,
  min: number,
  max: number,
): number | undefined {
  const text = query.get(member);
  if (text === null) {
    return undefined;
  }
  if (!/^[+-]?\d{1,10}$/.test(text)) {
    constraints.violated(member, text, 'be an integer');
    return undefined;
  }
  return inRange(constraints, member, Number(text), min, max);
}

/** Notes a violation and gives `undefined` for a `value` outside `min` to `max`. */
export function inRange(
  constraints: Constraints,
  member: string,
  value: number,
  min: number,
  max: number,
): number | undefined {
  if (value < min) {
    constraints.violated(member, value, `have value greater than or equal to ${min}`);
    return undefined;
  }
  if (value > max) {
    constraints.violated(member, value, `have value less than or equal to ${max}`);
    return undefined;
  }
  return value;
}

/** Notes a violation and gives `undefined` for a `value` that is none of `legal`. */
export function enumValue<T extends string>(
  constraints: Constraints,
  member: string,
  value: unknown,
  legal: readonly T[],
): T | undefined {
  const found = legal.find((known) => known === value);
  if (found === undefined) {
    constraints.violated(member, value, `satisfy enum value set: [${legal.join(', ')}]`);
  }
  return found;
}
