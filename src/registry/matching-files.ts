import { isAbsolute, join } from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';

/**
 * Returns the files that match globs, in the order of their paths: includes symbolic links to files, but no hidden files.
 * Patterns are relative to `directory`, as the start of the paths.
 */
export async function findFiles(patterns: readonly string[], directory: string): Promise<readonly string[]> {
  const found = await Promise.all(
    patterns.map(async (pattern) => {
      const absolute = isAbsolute(pattern);
      const files = await glob(pattern, { cwd: directory, absolute, expandDirectories: false });
      return absolute ? files : files.map((file) => join(directory, file));
    }),
  );
  return [...new Set(found.flat())].sort();
}

/** A directory that may contain matching files, itself or in subdirectories. */
export interface MatchingDirectory {
  readonly path: string;
  /** Number of levels of subdirectories; undefined: all. */
  readonly depth: number | undefined;
}

/** Returns the directories in which files may match globs. */
export function directoriesOf(patterns: readonly string[], directory: string): readonly MatchingDirectory[] {
  return patterns.map((pattern) => {
    const parents = pattern.split('/').slice(0, -1);
    const dynamic = parents.findIndex((part) => isDynamicPattern(part));
    const fixed = dynamic === -1 ? parents : parents.slice(0, dynamic);
    const base = fixed.length === 1 && fixed[0] === '' ? '/' : fixed.join('/');
    return {
      path: isAbsolute(pattern) ? base : join(directory, base),
      depth: parents.includes('**') ? undefined : parents.length - fixed.length,
    };
  });
}
