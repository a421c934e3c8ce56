import type { ReadConfig } from '../config/read.ts';
import { showNode } from '../config/reading/config-node.ts';
import { createProblem, type Problem } from '../config/reading/problem.ts';

/** What was read, as far as problems with it show it. */
export type Written = Pick<ReadConfig, 'written' | 'show'>;

/** A problem with what the file says at `path`; `line` stands in where a default says it. */
export function createAt(path: string, line: number, expected: string, read: Written): Problem {
  const node = read.written(path);
  return createProblem(path, node?.line ?? line, node === undefined ? 'a default' : showNode(node), expected);
}
