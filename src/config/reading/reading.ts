import { type ConfigNode, indexPath, isNull, type MapNode, quotingHint, showNodeAt } from './nodes.ts';
import { addProblem, areTooMany, createProblem, type Problem } from './problem.ts';

export interface ListedMap {
  /** `queries[0]`. */
  readonly path: string;
  readonly node: MapNode;
}

/** The problems of a text, with the means to describe further ones. */
export interface Findings {
  readonly problems: readonly Problem[];
  /** Valid but probably unintended parts. */
  readonly warnings: readonly Problem[];
  /** Returns the node at a path (for example, `queries[0].name`), or undefined. */
  written(path: string): ConfigNode | undefined;
  /** Returns a name, region, or id for a message, with environment variables by name, because they may be secret. */
  show(value: string): string;
}

/** Returns a problem with the value at `path`. `line` is used if the value is a default. */
export function problemAt(path: string, node: ConfigNode | undefined, line: number, expected: string): Problem {
  const got = node === undefined ? 'a default' : showNodeAt(path, node);
  return createProblem(path, node?.line ?? line, got, expected);
}

/** Collects the problems of one file while it is read. */
export class Reading {
  readonly problems: Problem[] = [];
  readonly warnings: Problem[] = [];
  readonly #env: Environment | undefined;
  readonly #templates = new Map<string, string>();
  readonly #showOthers: (value: string) => string;

  /**
   * @param env undefined for a file without variables
   * @param showOthers {@link show} of another reading, for values that this one shares
   */
  constructor(env: Environment | undefined, showOthers = (value: string) => value) {
    this.#env = env;
    this.#showOthers = showOthers;
  }

  /** Reports an unexpected value at `path`. Secret values are not shown. */
  reject(path: string, node: ConfigNode, expected: string): void {
    if (node.kind === 'scalar' && node.reported === true) {
      return;
    }
    addProblem(this.problems, createProblem(path, node.line, showNodeAt(path, node), expected));
  }

  /** True if further errors are not reported, so that the rest of the file need not be read. */
  get isFull(): boolean {
    return areTooMany(this.problems);
  }

  rejectOrDefault(path: string, node: ConfigNode | undefined, line: number, expected: string): void {
    addProblem(this.problems, problemAt(path, node, line, expected));
  }

  report(path: string, line: number, got: string, expected: string): void {
    addProblem(this.problems, createProblem(path, line, got, expected));
  }

  /** Adds any number of existing problems. A call with a spread list would have a limit. */
  takeProblems(problems: readonly Problem[]): void {
    for (const problem of problems) {
      addProblem(this.problems, problem);
    }
  }

  warn(path: string, line: number, got: string, expected: string): void {
    addProblem(this.warnings, createProblem(path, line, got, expected));
  }

  findings(written: Findings['written']): Findings {
    return { problems: this.problems, warnings: this.warnings, written, show: this.show };
  }

  /** Returns a string with environment variables replaced. Reports a failure and returns undefined. */
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

  /** Returns a string with environment variables replaced. Reports other types and unaccepted strings. */
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
   * Returns a value for a message. If it contains environment variables, they are shown by name, because they may be secret.
   */
  readonly show = (value: string): string => this.#templates.get(value) ?? this.#showOthers(value);

  /** Returns a mapping. Null is an empty one. Reports other types, and returns an empty mapping. */
  map(path: string, node: ConfigNode | undefined, expected: string): MapNode {
    if (node?.kind === 'map') {
      return node;
    }
    const isStandIn = node !== undefined && !isNull(node);
    if (isStandIn) {
      this.reject(path, node, expected);
    }
    return { kind: 'map', line: node?.line ?? 1, entries: new Map(), isStandIn };
  }

  /** Returns the mappings of a list. Null is an empty list. Reports and omits other types. */
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

export type Environment = Readonly<Record<string, string | undefined>>;

export type Substitution = { readonly text: string } | { readonly expected: string };

/**
 * Replaces `${NAME}` and `${NAME:-default}` by the values in `env`. As in a shell, the default also replaces an empty
 * variable. `$${` results in a literal `${`. Any other `$` is unchanged. Returns `expected`, without the value of a variable,
 * for an unset variable without a default, and for any other use of `${`.
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

/** Freezes a value deeply, so that no module can change shared data. */
export function freezeDeeply<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(freezeDeeply);
  }
  return value;
}
