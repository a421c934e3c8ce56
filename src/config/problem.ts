/** Something in a config file that is wrong, or, as a warning, likely to be. */
export interface Problem {
  /** Where in the file: `polling.interval`, `queries[0].labels.x`; the file's name where it is about the whole file. */
  readonly path: string;
  /** Counted from 1; undefined where no line can be named, as for a file that cannot be read. */
  readonly line: number | undefined;
  /** What the file says there, as written: never a value that came from the environment. */
  readonly got: string;
  readonly expected: string;
  /** `PATH (line N): got VALUE, expected …`, on one line. */
  readonly message: string;
}

export function createProblem(path: string, line: number | undefined, got: string, expected: string): Problem {
  const where = line === undefined ? path : `${path} (line ${line})`;
  return { path, line, got, expected, message: `${where}: got ${got}, expected ${expected}` };
}

/** A config file that is refused. The message has a line for each problem. */
export class ConfigError extends Error {
  /** All that is wrong with the file, in the order of its lines; at least one. */
  readonly problems: readonly Problem[];
  /** Its name; undefined where it is the one that the command was given. */
  readonly file: string | undefined;

  constructor(problems: readonly Problem[], file?: string) {
    super(problems.map((problem) => problem.message).join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
    this.file = file;
  }
}

/**
 * What is wrong with the file of a {@link ConfigError}.
 *
 * @throws all else that was thrown, as it is
 */
export function problemsOf(thrown: unknown): readonly Problem[] {
  if (!(thrown instanceof ConfigError)) {
    throw thrown;
  }
  return thrown.problems;
}

/** In the order of their lines, those of one line and those without a line as they came. */
export function sortByLine(problems: readonly Problem[]): Problem[] {
  const line = (problem: Problem) => problem.line ?? 0;
  return [...problems].sort((a, b) => line(a) - line(b));
}
