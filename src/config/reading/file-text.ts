import { readFile, stat } from 'node:fs/promises';
import { reasonOf } from '../../lib/system-error.ts';
import { ConfigError, createFileProblem, createProblem } from './problem.ts';

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
  return decodeText(await readFileBytes(file), file);
}

/** @throws {UnreadableFileError} */
async function readFileBytes(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
    throw new UnreadableFileError(file, reasonOf(error), code);
  }
}

/**
 * A file that is read again and again: a pipe or a device has nothing the second time, or keeps who reads it waiting.
 *
 * @throws {UnreadableFileError} for these, too
 */
export async function readRegularFile(file: string): Promise<Uint8Array> {
  const stats = await stat(file).catch(() => undefined);
  if (stats !== undefined && !stats.isFile() && !stats.isDirectory()) {
    throw new UnreadableFileError(file, 'it is not a regular file');
  }
  return readFileBytes(file);
}

/** @throws {ConfigError} for bytes that are no UTF-8 */
export function decodeText(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new ConfigError([createProblem(file, undefined, 'bytes that are no UTF-8', 'YAML in UTF-8')], file);
  }
}
