import { type ConfigNode, indexPath, isNull, type MapNode, quotingHint, showNodeAt } from './nodes.ts';
import { createProblem, type Problem } from './problem.ts';

/** A mapping that is an element of a list. */
export interface ListedMap {
  /** `queries[0]`. */
  readonly path: string;
  readonly node: MapNode;
}

/** What is wrong with a text that was read, and what it takes to say more of it. */
export interface Findings {
  readonly problems: readonly Problem[];
  /** What is allowed but probably not meant. */
  readonly warnings: readonly Problem[];
  /** What the text says at a path such as `queries[0].name`; undefined where it says nothing. */
  written(path: string): ConfigNode | undefined;
  /** A name, region or id for a message: as the text has it where variables may hide a secret. */
  show(value: string): string;
}

/** A problem with what the file says at `path`; `line` stands in where a default says it. */
export function problemAt(path: string, node: ConfigNode | undefined, line: number, expected: string): Problem {
  const got = node === undefined ? 'a default' : showNodeAt(path, node);
  return createProblem(path, node?.line ?? line, got, expected);
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

  /** As {@link problemAt}. */
  rejectOrDefault(path: string, node: ConfigNode | undefined, line: number, expected: string): void {
    this.problems.push(problemAt(path, node, line, expected));
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

  findings(written: Findings['written']): Findings {
    return { problems: this.problems, warnings: this.warnings, written, show: this.show };
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

  /** A text of the file with environment variables replaced; reports anything else, and what is not accepted. */
  text(path: string, node: ConfigNode, expected: string, accepts = (_text: string) => true): string | undefined {
    if (node.kind !== 'scalar' || typeof node.value !== 'string') {
      this.reject(path, node, `${expected}${quotingHint(node, path)}`);
      return undefined;
    }
    const text = this.expand(path, node, node.value);
    if (text !== undefined && !accepts(text)) {
      this.reject(path, node, expected);
      return undefined;
    }
    return text;
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

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

export type Substitution = { readonly text: string } | { readonly expected: string };

/**
 * Replaces `${NAME}` and `${NAME:-default}` by what `env` holds; as in a shell, the default also stands in for an empty
 * variable. `$${` gives a literal `${`, any other `$` is itself. Where a variable is not set and has no default, or a
 * `${` begins none of these forms, the answer says what was expected instead, and no value of a variable.
 */
export function substitute(text: string, env: Environment): Substitution {
  let expected: string | undefined;
  const replaced = text.replaceAll(/\$\$\{|\$\{([^}]*)(\}?)/g, (whole: string, body: string, close: string) => {
    if (whole === '$${') {
      return '${';
    }
    const reference = close === '' ? null : /^([A-Za-z_]\w*)(?::-(.*))?$/s.exec(body);
    const name = reference?.[1];
    if (name === undefined) {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the form that the file uses
      expected ??= '${NAME} or ${NAME:-default} with the name of an environment variable, or $${ for a literal ${';
      return '';
    }
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    const fallback = reference?.[2];
    if (value === undefined && fallback === undefined) {
      expected ??= `the environment variable ${name} to be set, or a default: \${${name}:-…}`;
      return '';
    }
    return fallback !== undefined && (value === undefined || value === '') ? fallback : (value ?? '');
  });
  return expected === undefined ? { text: replaced } : { expected };
}

/** Freezes a value and all that is in it: what many modules share, none may change. */
export function freezeDeeply<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(freezeDeeply);
  }
  return value;
}
