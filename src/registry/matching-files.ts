import { isAbsolute, join } from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';

/**
 * The files that match globs, symbolic links to files included, hidden ones not; in the order of their paths. Of patterns
 * that are relative to `folder`, paths begin with it.
 */
export async function findFiles(patterns: readonly string[], folder: string): Promise<readonly string[]> {
  const found = await Promise.all(
    patterns.map(async (pattern) => {
      const absolute = isAbsolute(pattern);
      const files = await glob(pattern, { cwd: folder, absolute, expandDirectories: false });
      return absolute ? files : files.map((file) => join(folder, file));
    }),
  );
  return [...new Set(found.flat())].sort();
}

/** A folder whose files, or those of folders in it, may match a glob. */
export interface MatchingFolder {
  readonly path: string;
  /** Of how many levels of folders in it the files count; undefined: of all. */
  readonly depth: number | undefined;
}

/** The folders in which files may match globs. */
export function foldersOf(patterns: readonly string[], folder: string): readonly MatchingFolder[] {
  return patterns.map((pattern) => {
    const parents = pattern.split('/').slice(0, -1);
    const dynamic = parents.findIndex((part) => isDynamicPattern(part));
    const fixed = dynamic === -1 ? parents : parents.slice(0, dynamic);
    const base = fixed.length === 1 && fixed[0] === '' ? '/' : fixed.join('/');
    return {
      path: isAbsolute(pattern) ? base : join(folder, base),
      depth: parents.includes('**') ? undefined : parents.length - fixed.length,
    };
  });
}
