import { readFileSync } from 'node:fs';
import { unlessRefused } from './system-error.ts';

export interface BuildInfo {
  readonly version: string;
  /** The commit, or `unknown`. */
  readonly revision: string;
}

/**
 * Returns the version of the package, and the commit from the file that the build writes.
 * @throws {Error} if package.json is missing or has no version
 */
export function readBuildInfo(): BuildInfo {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const version =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : undefined;
  if (typeof version !== 'string') {
    throw new Error('internal error: package.json has no version');
  }
  return { version, revision: readWritten('revision.txt') };
}

/** Returns the name and version of the AWS client that the build has found, or `unknown`. */
export function readClient(): string {
  return readWritten('client.txt');
}

function readWritten(file: string): string {
  return unlessRefused(() => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8').trim()) || 'unknown';
}
