import { isNode, LineCounter, parseDocument, YAMLParseError } from 'yaml';
import { HIDDEN, INVALID, type Problem, refuse } from './fields.ts';
import { readScenario, type Scenario } from './schema.ts';

export interface ScenarioProblem {
  /** Path, like `accounts[0].regions.us-east-1.monitors[2].status`; empty for the document. */
  path: string;
  /** Line in the text, from 1. */
  line: number;
  /** The value as JSON, truncated, without secrets; `nothing` if a key is missing. */
  got: string;
  expected: string;
}

export class ScenarioError extends Error {
  override readonly name = 'ScenarioError';
  readonly problems: readonly ScenarioProblem[];

  constructor(problems: readonly ScenarioProblem[]) {
    super(
      problems
        .map(({ path, line, got, expected }) => `${path} (line ${line}): got ${got}, expected ${expected}`)
        .join('\n'),
    );
    this.problems = problems;
  }
}

/** Reads a scenario in YAML or JSON. @throws ScenarioError with all problems, and no other error */
export function parseScenario(text: string): Scenario {
  const document = parseYaml(text);
  const problems: Problem[] = [];
  const scenario = readScenario(document.value, [], problems);
  if (scenario !== INVALID) {
    checkAccounts(scenario, problems);
    if (problems.length === 0) {
      return scenario;
    }
  }
  throw new ScenarioError(
    problems.map(({ path, value, expected }) => ({
      path: pathText(path),
      line: document.lineOf(path),
      got: shown(value),
      expected,
    })),
  );
}

function parseYaml(text: string) {
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, { lineCounter: lines });
    const [error] = document.errors;
    if (error) {
      throw error;
    }
    const value: unknown = document.toJS() ?? {};
    refuseEndless(value);
    return {
      value,
      /** The line of the value at `path`, or of the innermost existing mapping or list around it. */
      lineOf(path: Problem['path']): number {
        for (let length = path.length; length > 0; length--) {
          const node = document.getIn(path.slice(0, length), true);
          if (isNode(node) && node.range) {
            return lines.linePos(node.range[0]).line;
          }
        }
        return 1;
      },
    };
  } catch (error) {
    // The parser's own errors have a position. Deep nesting and endless aliases cause other errors.
    const line = error instanceof YAMLParseError ? lines.linePos(error.pos[0]).line : 1;
    const message = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw new ScenarioError([{ path: '', line, got: message, expected: 'a YAML document' }]);
  }
}

const MOST_VALUES = 1_000_000;

/** @throws RangeError if `value` contains itself through aliases, or repeats values so often that reading takes too long */
function refuseEndless(value: unknown): void {
  const open = [value];
  let count = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const inner of typeof next === 'object' && next !== null ? Object.values(next) : []) {
      count += 1;
      if (count > MOST_VALUES) {
        throw new RangeError('endless aliases');
      }
      open.push(inner);
    }
  }
}

function checkAccounts({ accounts, queries }: Scenario, problems: Problem[]): void {
  const known = accounts.map((account) => account.id);
  if (known.length === 0) {
    refuse(problems, ['accounts'], accounts, 'at least one account');
  }
  for (const [i, { account }] of queries.entries()) {
    if (account !== undefined && !known.includes(account)) {
      refuse(problems, ['queries', i, 'account'], account, `an account of the scenario: ${known.join(', ')}`);
    }
  }
  const accessKeyIds = new Set<string>();
  for (const [i, account] of accounts.entries()) {
    for (const [j, { accessKeyId }] of account.credentials.entries()) {
      if (accessKeyIds.has(accessKeyId)) {
        const path = ['accounts', i, 'credentials', j, 'accessKeyId'];
        refuse(problems, path, accessKeyId, 'a value that no other account has');
      }
      accessKeyIds.add(accessKeyId);
    }
  }
}

function pathText(path: Problem['path']): string {
  return path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`),
    '',
  );
}

function shown(value: unknown): string {
  if (value === HIDDEN) {
    return '(hidden)';
  }
  const json = value === undefined ? 'nothing' : (JSON.stringify(value) ?? String(value));
  return json.length > 80 ? `${json.slice(0, 77)}...` : json;
}
