import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { run } from '../support/project.ts';
import { copyOfRepository } from './repository-copy.ts';

const IDENTITY = ['-c', 'user.name=test', '-c', 'user.email=test@example.com'];
const ENVIRONMENT = {
  ...process.env,
  GIT_CONFIG_COUNT: '2',
  GIT_CONFIG_KEY_0: 'user.name',
  GIT_CONFIG_VALUE_0: 'test',
  GIT_CONFIG_KEY_1: 'user.email',
  GIT_CONFIG_VALUE_1: 'test@example.com',
};
/** Files whose versions are of other things, or of the past. */
const OTHER_VERSIONS = [':!CHANGELOG.md', ':!test', ':!packages/**/*.ts', ':!package-lock.json'];
let folder: string;
let begin: string;
let present: string;

beforeAll(() => {
  // Without most of the files: a release neither reads nor changes tests.
  folder = copyOfRepository((path) => !path.startsWith('test/'));
  git('commit', '--quiet', '--message', 'Begin');
  begin = git('rev-parse', 'HEAD').trim();
  present = JSON.parse(read('package.json')).version;
});

beforeEach(() => {
  git('reset', '--quiet', '--hard', begin);
  git('clean', '--quiet', '--force');
  const tags = git('tag').split('\n').filter(Boolean);
  if (tags.length > 0) {
    git('tag', '--delete', ...tags);
  }
});

function git(...args: string[]): string {
  const { status, stdout, stderr } = run('git', [...IDENTITY, ...args], { cwd: folder });
  expect({ args, status, stderr }).toEqual({ args, status: 0, stderr: '' });
  return stdout;
}

function read(path: string): string {
  return readFileSync(join(folder, path), 'utf8');
}

function release(...args: string[]) {
  return run(process.execPath, ['scripts/release.mjs', ...args], { cwd: folder, env: ENVIRONMENT });
}

/** A version that differs from the present one in one number. */
function higher(index: number): string {
  return present
    .split('.')
    .map((number, at) => Number(number) + (at === index ? 1 : 0))
    .join('.');
}

describe('a release', () => {
  test('has its version in all files, a commit, and a tag', () => {
    const version = higher(1);
    const { status, stderr } = release(version);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });

    const lock = JSON.parse(read('package-lock.json'));
    const manifests = [
      JSON.parse(read('package.json')),
      JSON.parse(read('packages/simulator/package.json')),
      lock,
      lock.packages[''],
      lock.packages['packages/simulator'],
    ];
    expect(manifests.map((manifest) => manifest.version)).toEqual(manifests.map(() => version));
    expect(JSON.parse(read('package.json')).devDependencies['network-flow-monitor-simulator']).toBe(version);
    expect(read('Dockerfile')).toContain(`org.opencontainers.image.version="${version}"`);
    expect(read('deploy/helm/nfm-exporter/Chart.yaml')).toMatch(`\nversion: ${version}\nappVersion: ${version}\n`);
    expect(run('git', ['grep', '-nwF', present, '--', '.', ...OTHER_VERSIONS], { cwd: folder }).stdout).toBe('');

    expect(git('log', '-1', '--format=%s')).toBe(`Release ${version}\n`);
    expect(git('status', '--porcelain')).toBe('');
    expect(git('describe', '--exact-match')).toBe(`v${version}\n`);
    expect(git('for-each-ref', '--format=%(objecttype)', `refs/tags/v${version}`)).toBe('tag\n');
  });

  test('changes nothing in manifests and the lock file but versions', () => {
    const version = higher(2);
    release(version);
    const removed = git('diff', 'HEAD~1', '--unified=0', '--', '*.json').match(/^-(?!--).*/gm) ?? [];
    expect(removed.length).toBeGreaterThan(5);
    expect(removed).toEqual(removed.map(() => expect.stringContaining(`"${present}"`)));
  });

  test('moves the unreleased changes under its version and date', () => {
    const before = read('CHANGELOG.md');
    const version = higher(0);
    release(version);
    const heading = /\n## \[Unreleased\]\n\n## \[(.*)\] - (\d{4}-\d\d-\d\d)\n/;
    expect(heading.exec(read('CHANGELOG.md'))?.[1]).toBe(version);
    expect(read('CHANGELOG.md').replace(heading, '\n## [Unreleased]\n')).toBe(before);
  });

  test('may have the present version if it was never released', () => {
    expect(release(present).status).toBe(0);
    expect(git('describe', '--exact-match')).toBe(`v${present}\n`);
  });

  test('is printed without effect by --dry-run', () => {
    const { status, stdout } = release(higher(1), '--dry-run');
    expect(status).toBe(0);
    expect(stdout).toContain(`${present} → ${higher(1)}\n`);
    expect(stdout).toContain('  package-lock.json\n');
    expect(stdout).toContain('\n### Added\n');
    expect(stdout).toContain(`the tag would be v${higher(1)}\n`);
    expect(git('status', '--porcelain') + git('tag')).toBe('');
    expect(git('rev-list', '--count', 'HEAD')).toBe('1\n');
  });
});

describe('a release is refused', () => {
  function expectRefusal(args: readonly string[], reason: RegExp): void {
    const state = () => git('for-each-ref') + git('status', '--porcelain');
    const before = state();
    const { status, stderr } = release(...args);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^release: /);
    expect(stderr).toMatch(reason);
    expect(state()).toBe(before);
  }

  test.each(['1.2', 'v1.2.3', '1.2.3.4', '01.2.3', '1.2.3-rc.1', '1.2.x', ''])('for the version "%s"', (version) => {
    expectRefusal([version], /got .*, expected X\.Y\.Z/);
  });

  test('without a version, or with two', () => {
    expectRefusal([], /expected one version/);
    expectRefusal(['8.0.0', '9.0.0'], /expected one version/);
  });

  test('for a version that is lower than the present one', () => {
    expect(release('10.2.0').status).toBe(0);
    for (const version of ['9.9.9', '10.1.9', '2.0.0']) {
      expectRefusal([version], new RegExp(`${version} is lower than the present version 10.2.0`));
    }
  });

  test('for a tag that exists', () => {
    git('tag', `v${higher(1)}`);
    expectRefusal([higher(1)], /the tag v.* exists/);
  });

  test('with changes that are not committed, or files that are not tracked', () => {
    appendFileSync(join(folder, 'README.md'), '\n');
    expectRefusal([higher(1)], /uncommitted changes[\s\S]*README\.md/);
    git('checkout', '--quiet', 'README.md');
    writeFileSync(join(folder, 'new.txt'), '');
    expectRefusal([higher(1)], /uncommitted changes[\s\S]*new\.txt/);
  });

  test('without unreleased changes', () => {
    expect(release(higher(1)).status).toBe(0);
    expectRefusal([higher(0)], /no changes under \[Unreleased\]/);
  });
});
