import { stat } from 'node:fs/promises';
import { readAtMost } from '../../lib/bounded-file.ts';
import { describeUnreadable, reasonOf } from '../../lib/system-error.ts';

/** An error in a config file, or a probable error as a warning. */
export interface Problem {
  /** Path in the file: `polling.interval`, `queries[0].labels.x`. The file name for a problem of the whole file. */
  readonly path: string;
  /** Counted from 1. Undefined without a line, for example for an unreadable file. */
  readonly line: number | undefined;
  /** The contents as written, never a value from the environment. */
  readonly got: string;
  readonly expected: string;
  /** `PATH (line N): got VALUE, expected …`, or `cannot read FILE: WHY`, on one line. */
  readonly message: string;
}

export function createProblem(path: string, line: number | undefined, got: string, expected: string): Problem {
  return { path, line, got, expected, message: `${locate(path, line)}: got ${got}, expected ${expected}` };
}

/**
 * Returns the problem of an unreadable file.
 * @param from the key with the file name. Undefined for a file from the command line or a directory.
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

/** An invalid config file. The message has one line for each problem. */
export class ConfigError extends Error {
  /** All problems of the file in the order of lines, at least one. */
  readonly problems: readonly Problem[];
  /** Name of the file. Undefined for the file from the command line. */
  readonly file: string | undefined;

  constructor(problems: readonly Problem[], file?: string) {
    super(problems.map((problem) => problem.message).join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
    this.file = file;
  }
}

/** Returns the problems of a {@link ConfigError}. @throws any other error unchanged */
export function problemsOf(thrown: unknown): readonly Problem[] {
  if (!(thrown instanceof ConfigError)) {
    throw thrown;
  }
  return thrown.problems;
}

/** Most problems of one kind, errors or warnings, that are kept of a file: a short file can have a million. */
const MOST_PROBLEMS = 10_000;

/** Returns true if further problems are not kept. */
export function areTooMany(problems: readonly Problem[]): boolean {
  return problems.length > MOST_PROBLEMS;
}

export function addProblem(problems: Problem[], problem: Problem): void {
  if (problems.length < MOST_PROBLEMS) {
    problems.push(problem);
  } else if (problems.length === MOST_PROBLEMS) {
    const expected = 'at most as many: correct the first ones';
    problems.push(createProblem(problem.path, problem.line, `more than ${MOST_PROBLEMS} errors or warnings`, expected));
  }
}

/** Sorts problems by line, stably. Problems without a line are first. */
export function sortByLine(problems: readonly Problem[]): Problem[] {
  const line = (problem: Problem) => problem.line ?? 0;
  return [...problems].sort((a, b) => line(a) - line(b));
}

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

/** Returns the text of a file. @throws {UnreadableFileError}; {ConfigError} for a file that is not valid UTF-8 */
export async function readFileText(file: string): Promise<string> {
  return decodeText(await readBytes(file), file);
}

/** Most megabytes of a file. One with 100,000 queries has about 20. */
const LARGEST_MIB = 64;

/** @throws {UnreadableFileError} */
export async function readBytes(file: string): Promise<Uint8Array> {
  const bytes = await readable(file, (path) => readAtMost(LARGEST_MIB * 1024 * 1024, path));
  if (bytes === undefined) {
    throw new UnreadableFileError(file, `it is larger than ${LARGEST_MIB} MiB`);
  }
  return bytes;
}

/** @throws {UnreadableFileError} for a system error in `read` */
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
 * Returns the contents of a file that is read repeatedly. A pipe or a device is rejected: it is empty the second time,
 * or blocks.
 * @throws {UnreadableFileError}
 */
export async function readRegularFile(file: string): Promise<Uint8Array> {
  const stats = await readable(file, (path) => stat(path));
  if (!stats.isFile() && !stats.isDirectory()) {
    throw new UnreadableFileError(file, 'it is not a regular file');
  }
  return readBytes(file);
}

/** @throws {ConfigError} for bytes that are not valid UTF-8 */
export function decodeText(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) {
      throw error;
    }
    throw new ConfigError([createProblem(file, undefined, 'bytes that are not valid UTF-8', 'YAML in UTF-8')], file);
  }
}
