import { type ConfigNode, indexPath, isNull, type MapNode, showNodeAt } from './config-node.ts';
import { createProblem, type Problem } from './problem.ts';
import { type Environment, substitute } from './substitution.ts';

/** A mapping that is an element of a list. */
export interface ListedMap {
  /** `queries[0]`. */
  readonly path: string;
  readonly node: MapNode;
}

/** What one reading of a file finds on its way. */
export class Reading {
  readonly problems: Problem[] = [];
  readonly warnings: Problem[] = [];
  readonly #env: Environment | undefined;
  readonly #templates = new Map<string, string>();
  readonly #showOthers: (value: string) => string;

  /**
   * @param env undefined for a file in which `${` is text like any other
   * @param showOthers {@link show} of another reading, whose values this one may come across
   */
  constructor(env: Environment | undefined, showOthers = (value: string) => value) {
    this.#env = env;
    this.#showOthers = showOthers;
  }

  /** Reports that the file has something else at `path` than what was expected. Sensitive values are not shown. */
  reject(path: string, node: ConfigNode, expected: string): void {
    if (node.kind === 'scalar' && node.reported === true) {
      return;
    }
    this.problems.push(createProblem(path, node.line, showNodeAt(path, node), expected));
  }

  report(path: string, line: number, got: string, expected: string): void {
    this.problems.push(createProblem(path, line, got, expected));
  }

  /** Reports what was found before; more than the arguments of a call can be. */
  takeProblems(problems: readonly Problem[]): void {
    for (const problem of problems) {
      this.problems.push(problem);
    }
  }

  warn(path: string, line: number, got: string, expected: string): void {
    this.warnings.push(createProblem(path, line, got, expected));
  }

  /** A string of the file with environment variables replaced; reports, and answers undefined, where that fails. */
  expand(path: string, node: ConfigNode, text: string): string | undefined {
    if (this.#env === undefined || (node.kind === 'scalar' && node.literal === true)) {
      return text;
    }
    const result = substitute(text, this.#env);
    if (!('text' in result)) {
      this.reject(path, node, result.expected);
      return undefined;
    }
    if (result.text !== text) {
      this.#templates.set(result.text, text);
    }
    return result.text;
  }

  /**
   * A value of the config for a message: as the file has it, where environment variables made it what it is, since
   * these may hold secrets.
   */
  readonly show = (value: string): string => this.#templates.get(value) ?? this.#showOthers(value);

  /** A mapping, where nothing at all stands for an empty one; reports anything else and reads it as empty. */
  map(path: string, node: ConfigNode | undefined, expected: string): MapNode {
    if (node?.kind === 'map') {
      return node;
    }
    if (node !== undefined && !isNull(node)) {
      this.reject(path, node, expected);
    }
    return { kind: 'map', line: node?.line ?? 1, entries: new Map() };
  }

  /** The mappings of a list, where nothing at all stands for an empty one; reports whatever else is there. */
  maps(path: string, node: ConfigNode | undefined, expected: string): readonly ListedMap[] {
    if (node?.kind !== 'list') {
      if (node !== undefined && !isNull(node)) {
        this.reject(path, node, `a list, each element ${expected}`);
      }
      return [];
    }
    return node.items.flatMap((item, index) => {
      const itemPath = indexPath(path, index);
      if (item.kind === 'map') {
        return [{ path: itemPath, node: item }];
      }
      this.reject(itemPath, item, expected);
      return [];
    });
  }
}
