import { readFile, stat } from 'node:fs/promises';
import { describeUnreadable, reasonOf } from '../../lib/system-error.ts';

/** Something in a config file that is wrong, or, as a warning, likely to be. */
export interface Problem {
  /** Where in the file: `polling.interval`, `queries[0].labels.x`; the file's name where it is about the whole file. */
  readonly path: string;
  /** Counted from 1; undefined where no line can be named, as for a file that cannot be read. */
  readonly line: number | undefined;
  /** What the file says there, as written: never a value that came from the environment. */
  readonly got: string;
  readonly expected: string;
  /** `PATH (line N): got VALUE, expected …`, or `cannot read FILE: WHY`, on one line. */
  readonly message: string;
}

export function createProblem(path: string, line: number | undefined, got: string, expected: string): Problem {
  return { path, line, got, expected, message: `${locate(path, line)}: got ${got}, expected ${expected}` };
}

/**
 * A file that cannot be read.
 *
 * @param from the key that names it; undefined for a file that the command was given or has found
 */
export function createFileProblem(
  file: string,
  reason: string,
  from?: { readonly path: string; readonly line: number },
): Problem {
  const what = describeUnreadable(file, reason);
  return {
    path: from?.path ?? file,
    line: from?.line,
    got: what,
    expected: 'a file that can be read',
    message: from === undefined ? what : `${locate(from.path, from.line)}: ${what}`,
  };
}

function locate(path: string, line: number | undefined): string {
  return line === undefined ? path : `${path} (line ${line})`;
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

/** A file that cannot be read. */
export class UnreadableFileError extends ConfigError {
  /** The system's name of the error, such as `ENOENT`; undefined if it has none. */
  readonly code: string | undefined;
  /** `no such file or directory` */
  readonly reason: string;

  constructor(file: string, reason: string, code?: string) {
    super([createFileProblem(file, reason)], file);
    this.name = 'UnreadableFileError';
    this.code = code;
    this.reason = reason;
  }
}

/**
 * The text of a file.
 *
 * @throws {UnreadableFileError}
 * @throws {ConfigError} for a file that is no UTF-8
 */
export async function readFileText(file: string): Promise<string> {
  return decodeText(await readable(file, (path) => readFile(path)), file);
}

/** @throws {UnreadableFileError} if the system refuses `read` */
async function readable<T>(file: string, read: (file: string) => Promise<T>): Promise<T> {
  try {
    return await read(file);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) {
      throw error;
    }
    throw new UnreadableFileError(file, reasonOf(error), String(error.code));
  }
}

/**
 * A file that is read again and again: a pipe or a device has nothing the second time, or keeps who reads it waiting.
 *
 * @throws {UnreadableFileError} for these, too
 */
export async function readRegularFile(file: string): Promise<Uint8Array> {
  const stats = await readable(file, (path) => stat(path));
  if (!stats.isFile() && !stats.isDirectory()) {
    throw new UnreadableFileError(file, 'it is not a regular file');
  }
  return readable(file, (path) => readFile(path));
}

/** @throws {ConfigError} for bytes that are no UTF-8 */
export function decodeText(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) {
      throw error;
    }
    throw new ConfigError([createProblem(file, undefined, 'bytes that are no UTF-8', 'YAML in UTF-8')], file);
  }
}
