import { readFileSync } from 'node:fs';

/** What was built. */
export interface BuildInfo {
  readonly version: string;
  /** The commit, or `unknown`. */
  readonly revision: string;
}

/**
 * The package's version, and the commit that the build wrote beside the compiled files.
 *
 * @throws Error when package.json is not where every build of ours has it.
 */
export function readBuildInfo(): BuildInfo {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const version =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : undefined;
  if (typeof version !== 'string') {
    throw new Error('package.json names no version');
  }
  return { version, revision: readWritten('revision.txt') };
}

/** The client of the AWS API that the build found installed: its name and version, or `unknown`. */
export function readClient(): string {
  return readWritten('client.txt');
}

/** A line that the build wrote beside the compiled files, or `unknown`. */
function readWritten(file: string): string {
  try {
    return readFileSync(new URL(`../${file}`, import.meta.url), 'utf8').trim() || 'unknown';
  } catch {
    return 'unknown';
  }
}
