import { readFileSync } from 'node:fs';
import { globSync } from 'tinyglobby';
import { parseAst } from 'vitest/node';
import { PROJECT } from '../support/project.ts';

/** A regular expression as a source file has it. */
export interface SourcePattern {
  /** Relative to the project directory. */
  readonly file: string;
  readonly source: string;
  readonly flags: string;
}

export interface SourcePatterns {
  readonly literals: readonly SourcePattern[];
  /** Files that make regular expressions of texts, as often as they do. */
  readonly constructed: readonly string[];
}

/** All regular expressions of the exporter and its client. */
export function readSourcePatterns(): SourcePatterns {
  const literals: SourcePattern[] = [];
  const constructed: string[] = [];
  for (const file of globSync(['src/**/*.ts', 'packages/*/src/**/*.ts'], { cwd: PROJECT }).sort()) {
    const program = parseAst(readFileSync(`${PROJECT}${file}`, 'utf8'), { lang: 'ts' });
    for (const node of nodesOf(program)) {
      const { type, regex, callee } = node;
      if (type === 'Literal' && isObject(regex)) {
        literals.push({ file, source: String(regex['pattern']), flags: String(regex['flags']) });
      } else if (
        (type === 'NewExpression' || type === 'CallExpression') &&
        isObject(callee) &&
        callee['name'] === 'RegExp'
      ) {
        constructed.push(file);
      }
    }
  }
  return { literals, constructed };
}

type Node = Readonly<Record<string, unknown>>;

function* nodesOf(root: unknown): Generator<Node> {
  const pending: unknown[] = [root];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (Array.isArray(node)) {
      pending.push(...node);
    } else if (isObject(node)) {
      yield node;
      pending.push(...Object.values(node).filter((child) => typeof child === 'object' && child !== null));
    }
  }
}

function isObject(value: unknown): value is Node {
  return typeof value === 'object' && value !== null;
}
