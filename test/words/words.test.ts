import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PROJECT, run } from '../support/project.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const OLD_README = `${PROJECT}test/words/old-readme.md`;

/** Runs the check on a file with this name and text. */
function checkFile(name: string, lines: readonly string[]) {
  const directory = temporaryFolder();
  mkdirSync(directory, { recursive: true });
  const path = join(directory, name);
  writeFileSync(path, lines.join('\n'));
  const { status, stdout } = run(process.execPath, [`${PROJECT}scripts/check-words.mjs`, path]);
  const hits = Array.from(stdout.matchAll(/:(\d+): "([^"]+)": write/g), ([, line, phrase]) => `${line}: ${phrase}`);
  return { status, hits };
}

test('reports many phrases in an old README, each with its line and a replacement', () => {
  const { status, stdout } = run(process.execPath, [`${PROJECT}scripts/check-words.mjs`, OLD_README]);
  expect(status).toBe(1);
  expect(stdout).toContain('test/words/old-readme.md:119: "told": write "report"');
  expect(stdout.match(/^test\/words\/old-readme\.md:\d+: "/gm)?.length).toBeGreaterThan(60);
});

test('accepts plain text', () => {
  const lines = ['# Persistent storage', '', 'If the file is invalid, the exporter logs each error and keeps running.'];
  expect(checkFile('page.md', lines)).toEqual({ status: 0, hits: [] });
});

test('finds a phrase across the end of a line', () => {
  expect(checkFile('page.md', ['This file', 'stands', 'in', 'the way.']).hits).toEqual(['2: stands']);
  expect(checkFile('code.ts', ['// For', '// want of a nail', 'export {};']).hits).toEqual(['1: For want of']);
  expect(checkFile('code.ts', ['/**', ' * For want', ' * of a nail', ' */', 'export {};']).hits).toEqual([
    '2: For want of',
  ]);
});

test('ignores code in Markdown, except its comments', () => {
  const lines = ['Set `folder` to [a path](folder.md).', '```yaml', 'folder: told', 'path: x # the folder', '```'];
  expect(checkFile('page.md', lines).hits).toEqual(['4: folder']);
});

test('ignores identifiers, and strings without a space', () => {
  expect(checkFile('code.ts', ["export const folder = 'folder';"]).hits).toEqual([]);
});

test('finds phrases in strings, templates, comments, and test names', () => {
  const lines = [
    "test('is told what', () => {});",
    "log.info('file told');",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: source code to search
    'const text = `a folder ${1 + 1} and so many others`;',
    '// the folder',
  ];
  expect(checkFile('code.ts', lines).hits).toEqual(['1: told', '2: told', '3: folder', '3: so many', '4: folder']);
});

test('finds phrases in the summary and the comments of an alert', () => {
  const lines = ['# The folder', 'annotations:', '  summary: A query does not come to an end.', 'expr: folder'];
  expect(checkFile('rules.yml', lines).hits).toContain('1: folder');
  expect(checkFile('rules.yml', lines).hits).toContain('3: come to an end');
});

test('allows "there is no", and rejects "is no" before a noun', () => {
  expect(checkFile('page.md', ['If there is no file, nothing is no longer read.']).hits).toEqual([]);
  expect(checkFile('page.md', ['That is no error.']).hits).toEqual(['1: is no']);
});
