import type { Question } from '../../queries/question.ts';
import { members, numberOf, textOf } from '../../state/saved.ts';

/** Undefined for what is no question. */
export function readQuestion(value: unknown): Question | undefined {
  const { asked, every, lookback } = { asked: undefined, every: undefined, lookback: undefined, ...members(value) };
  const text = textOf(asked);
  return text === undefined ? undefined : { asked: text, every: numberOf(every), lookback: numberOf(lookback) };
}
