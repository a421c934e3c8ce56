import type { YAMLError } from 'yaml';
import { quote } from './nodes.ts';
import { createProblem, type Problem } from './problem.ts';

/** What YAML takes text for that begins with one of these characters and is not in quotes. */
const INDICATORS: Readonly<Record<string, string>> = {
  '*': 'an alias',
  '&': 'an anchor',
  '!': 'a tag',
  '%': 'a directive',
  '@': 'a reserved character',
  '`': 'a reserved character',
  '|': 'the header of a block of text',
  '>': 'the header of a block of text',
};

/** A file that is no YAML at all has one every few characters; the first say what is wrong. */
const MOST_FAULTS = 100;

/** Faults of YAML; what else the parser says about a line with a value that lacks quotes only repeats that. */
export function describeFaults(
  faults: readonly YAMLError[],
  text: string,
  file: string,
  lineOf: (offset: number) => number,
): Problem[] {
  const explained = new Set<number>();
  return faults.slice(0, MOST_FAULTS).flatMap((fault) => {
    const line = lineOf(fault.pos[0]);
    if (explained.has(line)) {
      return [];
    }
    const indicator = text[wordStart(text, fault)] ?? '';
    const taken = INDICATORS[indicator];
    if (taken !== undefined) {
      explained.add(line);
      const got = `a value without quotes that begins with ${indicator}, which YAML takes for ${taken}`;
      return [createProblem(file, line, got, `quotes around it: ${exampleInQuotes(text, fault)}`)];
    }
    const got = `invalid YAML (${quote(fault.message).slice(1, -1)})`;
    return [createProblem(file, line, got, 'valid YAML')];
  });
}

/** How far back a value's begin is looked for, in characters: a line may hold a fault every few characters. */
const LONGEST_WORD = 256;

/** Where the value begins that a fault is about; the parser says of `*:` and `|x` what character it does not take. */
function wordStart(text: string, { code, pos: [offset] }: YAMLError): number {
  const isWithin = code === 'BAD_ALIAS' || code === 'UNEXPECTED_TOKEN';
  let start = offset;
  while (isWithin && start > Math.max(0, offset - LONGEST_WORD) && !/[\s,[\]{}]/.test(text[start - 1] ?? '')) {
    start -= 1;
  }
  return start;
}

/** `"*"`; of a value that has more to it, which may be a secret, `"*…"`. */
function exampleInQuotes(text: string, fault: YAMLError): string {
  const start = wordStart(text, fault);
  const isWhole = /^(?:$|[\s,\]}])/.test(text.slice(start + 1, start + 2));
  return `"${text[start]}${isWhole ? '' : '…'}"`;
}
