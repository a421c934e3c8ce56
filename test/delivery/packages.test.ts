import { readFileSync, statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { PROJECT, run } from '../support/project.ts';

/** All files of the project that git does not ignore, without links to directories. */
function projectFiles(): readonly string[] {
  const { status, stdout } = run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard']);
  expect(status).toBe(0);
  return stdout.split('\0').filter((path) => path !== '' && statSync(`${PROJECT}${path}`).isFile());
}

function read(path: string): string {
  return readFileSync(`${PROJECT}${path}`, 'utf8');
}

function dependenciesOf(path: string): readonly [string, unknown][] {
  const manifest = JSON.parse(read(path));
  return Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
}

describe('packages', () => {
  test.each([
    'package.json',
    'packages/client-networkflowmonitor/package.json',
    'scripts/kubernetes-tools/package.json',
  ])('%s has exact versions of what it depends on', (path) => {
    const dependencies = dependenciesOf(path);
    expect(dependencies).not.toEqual([]);
    expect(dependencies.filter(([, version]) => !/^(?:npm:@[\w/-]+@)?\d+\.\d+\.\d+$/.test(String(version)))).toEqual(
      [],
    );
  });

  test.each(['package-lock.json', 'scripts/kubernetes-tools/package-lock.json'])('%s has no addresses', (path) => {
    expect(read(path)).not.toMatch(/"resolved": "(?!packages\/)/);
  });

  test("docs/aws-client.md lists the files that name the stand-in's directory", () => {
    const directory = 'packages/client-networkflowmonitor';
    const naming = projectFiles().filter(
      // The documented commands change the manifest and the lock file.
      (path) =>
        !/^(?:package(?:-lock)?\.json|packages\/.*|test\/delivery\/.*|.*\.md)$/.test(path) &&
        read(path).includes(directory),
    );
    const [, section = ''] = read('docs/aws-client.md').split('## Delete the stand-in\n');
    const listed = Array.from(section.split('\n## ')[0]?.matchAll(/`([^`]+)`/g) ?? [], ([, path]) => path);
    expect(naming.length).toBeGreaterThan(3);
    expect(listed).toEqual(expect.arrayContaining(naming));
  });

  test('no file names the host of a package registry, a mirror or an image registry', () => {
    const host =
      /\b(?:registry|deb|security|mirrors?|docker|ghcr|gcr|quay|public\.ecr)(?:\.[a-z0-9-]+)*\.(?:org|io|aws|dev|com|net)\b/;
    const found = projectFiles().flatMap((path) =>
      read(path)
        .split('\n')
        .filter((line) => host.test(line))
        .map((line) => `${path}: ${line}`),
    );
    expect(found).toEqual([]);
  });
});
