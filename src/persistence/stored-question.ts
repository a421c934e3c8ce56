import type { Question } from '../model/question.ts';
import { members, numberOf, textOf } from '../state/saved.ts';

/** Undefined for what is no question. */
export function readQuestion(value: unknown): Question | undefined {
  const stored = members(value);
  const asked = textOf(stored['asked']);
  return asked === undefined
    ? undefined
    : { asked, every: numberOf(stored['every']), lookback: numberOf(stored['lookback']) };
}
