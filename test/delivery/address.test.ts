import { readFileSync, statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { PROJECT, run } from '../support/project.ts';
import { copyOfRepository, publishedFiles } from './repository-copy.ts';

const ADDRESS: string = JSON.parse(readFileSync(`${PROJECT}package.json`, 'utf8')).homepage;
/** Of the repository, by whatever host and path. This project's name is not part of other projects' addresses. */
const ADDRESS_OF_PROJECT =
  /\b(?:https?:\/\/|ssh:\/\/|git@)[\w.@:/~-]*\b(?:network-flow-monitor-exporter|nfm-exporter)\b(?![\w-])/g;
/** Examples of addresses elsewhere, with which commands of the documentation are explained. */
const EXAMPLES = ['https://forge.example.org/network/nfm-exporter'];

function setAddress(folder: string, args: readonly string[]) {
  return run(process.execPath, ['scripts/set-address.mjs', ...args], { cwd: folder });
}

/** Whether a path is a file, and not a link to a directory. */
function isFile(path: string): boolean {
  return statSync(`${PROJECT}${path}`).isFile();
}

/** Lines of tracked files that contain a text, as `FILE:LINE:TEXT`. */
function linesWith(folder: string, text: string): string[] {
  return run('git', ['grep', '-nF', text], { cwd: folder }).stdout.split('\n').filter(Boolean);
}

describe('the address of the repository', () => {
  test('is the only one of the project in all files', () => {
    const others = publishedFiles()
      .filter(isFile)
      .flatMap((path) =>
        Array.from(readFileSync(`${PROJECT}${path}`, 'utf8').matchAll(ADDRESS_OF_PROJECT), ([found]) => found)
          .filter((found) => found !== ADDRESS && !EXAMPLES.includes(found))
          .map((found) => `${path}: ${found}`),
      );
    expect(others).toEqual([]);
  });

  test('is in the package, the image, the runbooks, the security policy, and the issue forms', () => {
    const { repository, bugs } = JSON.parse(readFileSync(`${PROJECT}package.json`, 'utf8'));
    expect([repository.url, bugs.url]).toEqual([ADDRESS, `${ADDRESS}/issues`]);
    const files = linesWith(PROJECT, ADDRESS).map((line) => line.split(':')[0]);
    expect(files).toEqual(
      expect.arrayContaining([
        '.github/ISSUE_TEMPLATE/config.yml',
        'Dockerfile',
        'SECURITY.md',
        'deploy/helm/nfm-exporter/Chart.yaml',
        'config/rules/alerts-exporter.yml',
        'deploy/kubernetes/components/prometheus-operator/prometheus-rule.yaml',
      ]),
    );
  });

  test('is replaced everywhere, and back, by one command', () => {
    const folder = copyOfRepository();
    const host = new URL(ADDRESS).host;
    const before = linesWith(folder, ADDRESS);
    expect(before).toEqual(linesWith(folder, host));
    // Not in one piece, so that this file does not contain it.
    const other = ['https://forge.test', 'group', 'exporter'].join('/');

    const { status, stdout } = setAddress(folder, [other]);
    expect(status).toBe(0);
    expect(stdout).toContain('package.json: 3\n');
    expect(linesWith(folder, host)).toEqual([]);
    expect(linesWith(folder, other)).toEqual(before.map((line) => line.replaceAll(ADDRESS, other)));

    expect(setAddress(folder, [ADDRESS]).status).toBe(0);
    expect(run('git', ['diff', '--name-only'], { cwd: folder }).stdout).toBe('');
  });

  test.each([
    ['no URL', []],
    ['a path', ['group/exporter']],
    ['http', ['http://forge.test/exporter']],
    ['credentials', ['https://user:secret@forge.test/exporter']],
    ['a slash at the end', ['https://forge.test/exporter/']],
    ['a query', ['https://forge.test/exporter?tab=1']],
    ['a fragment', ['https://forge.test/exporter#readme']],
    ['a character of sed and Markdown', ["https://forge.test/exporter'(1)"]],
    ['two URLs', ['https://forge.test/a', 'https://forge.test/b']],
  ])('stays in effect after %s', (_, args) => {
    const { status, stderr } = setAddress(PROJECT, args);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^set-address: got .*, expected .*\. Usage: npm run set-address -- URL\n$/);
  });
});
