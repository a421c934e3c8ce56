import type { YAMLError } from 'yaml';
import { quote } from './nodes.ts';
import { createProblem, type Problem } from './problem.ts';

/** How YAML reads an unquoted value that begins with one of these characters. */
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

/** A file in another format has a fault every few characters. The first ones are sufficient. */
const MOST_FAULTS = 100;

/** Returns problems for YAML errors. For a line with an unquoted value, only the first error is reported. */
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
    const start = wordStart(text, fault);
    const indicator = text[start] ?? '';
    const taken = INDICATORS[indicator];
    if (taken !== undefined) {
      explained.add(line);
      const got = `a value without quotes that begins with ${indicator}, which YAML reads as ${taken}`;
      // A longer value may be secret.
      const more = /^(?:$|[\s,\]}])/.test(text.slice(start + 1, start + 2)) ? '' : '…';
      return [createProblem(file, line, got, `quotes around it: "${indicator}${more}"`)];
    }
    const got = `invalid YAML (${quote(fault.message).slice(1, -1)})`;
    return [createProblem(file, line, got, 'valid YAML')];
  });
}

/** Longest distance to the beginning of a value, in characters: a line may have an error every few characters. */
const LONGEST_WORD = 256;

/** Returns the offset of the invalid value. For `*:` and `|x`, the parser reports a later character. */
function wordStart(text: string, { code, pos: [offset] }: YAMLError): number {
  const isWithin = code === 'BAD_ALIAS' || code === 'UNEXPECTED_TOKEN';
  let start = offset;
  while (isWithin && start > Math.max(0, offset - LONGEST_WORD) && !/[\s,[\]{}]/.test(text[start - 1] ?? '')) {
    start -= 1;
  }
  return start;
}
