import { readFileSync } from 'node:fs';
import { globSync } from 'tinyglobby';
import { expect, test } from 'vitest';
import { PROJECT } from '../support/project.ts';

const DOCUMENT = readFileSync(`${PROJECT}docs/faults.md`, 'utf8');

interface Command {
  readonly files: readonly string[];
  /** The pattern of `-t`; undefined if all tests of the files run. */
  readonly pattern: string | undefined;
}

/** Returns the commands of the last column: `test/…`, and `-t word` or `-t 'words'`. */
function commands(): Command[] {
  return Array.from(DOCUMENT.matchAll(/`(test\/[^`]*)`/g), ([, command = '']) => {
    const [files = '', pattern] = command.split(' -t ');
    return { files: files.split(' '), pattern: pattern?.replaceAll("'", '') };
  });
}

/** Returns the sources of the test files that Vitest runs for a path: like Vitest, it treats the path as a prefix. */
function sourcesOf(path: string): string[] {
  return globSync([`${path.replace(/\.test\.ts$/, '')}*.test.ts`, `${path}/**/*.test.ts`], { cwd: PROJECT }).map(
    (file) => readFileSync(PROJECT + file, 'utf8'),
  );
}

/** Returns the strings that are the first argument of a call, among them the names of tests. */
function namesIn(source: string): string[] {
  return Array.from(source.matchAll(/\(\s*(['"`])(.*?)\1/gs), ([, , name = '']) => name);
}

/** Returns what does not exist of a command: files, or a test whose name contains the pattern. */
function missingOf({ files, pattern }: Command): string[] {
  const missing = files.filter((file) => sourcesOf(file).length === 0);
  const names = files.flatMap(sourcesOf).flatMap(namesIn);
  const isNamed = pattern === undefined || names.some((name) => new RegExp(pattern).test(name));
  return isNamed ? missing : [...missing, `${files.join(' ')} -t ${pattern}`];
}

test('docs/faults.md names only test files and tests that exist', () => {
  expect(commands().length).toBeGreaterThan(40);
  expect(commands().flatMap(missingOf)).toEqual([]);
});
