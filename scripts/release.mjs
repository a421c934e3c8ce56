// Makes a release: writes its version and date, commits, and tags. Nothing is pushed.
//
//   npm run release -- X.Y.Z [--dry-run]    --dry-run: prints what would change
//
// The version is that of the package, the simulator, the lock file, the image, the manifests, the chart, and commands in the
// documentation. The stand-in for AWS's client keeps its own. The version may be the present one if it has no tag.

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { trackedFiles } from './tracked-files.mjs';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const USAGE = 'Usage: npm run release -- X.Y.Z [--dry-run]';
const CHANGELOG = 'CHANGELOG.md';
const SIMULATOR = 'network-flow-monitor-simulator';
const MANIFESTS = ['package.json', 'packages/simulator/package.json', 'package-lock.json'];
const UNRELEASED = '## [Unreleased]\n';
/** Texts before a version of the exporter, in files that are neither JSON nor history. */
const BEFORE_VERSION = [
  'network-flow-monitor-exporter-',
  'nfm-exporter-',
  'nfm-exporter:',
  'nfm-exporter ',
  'newTag: ',
  'org\\.opencontainers\\.image\\.version="',
  'app\\.kubernetes\\.io/version: "?',
  'appVersion: "?',
  '^version: "?',
  '--version[ =]',
];
/** Files with versions that are not the exporter's of now. */
const HISTORY = /^(?:CHANGELOG\.md$|test\/|docs\/decisions\/|grafana\/dashboards\/|packages\/|.*\.json$)/;

/** @param {string} problem @returns {never} */
function refuse(problem) {
  process.stderr.write(`release: ${problem}\n`);
  process.exit(1);
}

/** @param {...string} args */
function git(...args) {
  return execFileSync('git', args, { cwd: PROJECT, encoding: 'utf8' }).trim();
}

/** @param {string} path */
function read(path) {
  return readFileSync(join(PROJECT, path), 'utf8');
}

/** @param {string} version @returns {number[]} */
function numbers(version) {
  return version.split('.').map(Number);
}

/** @param {string} version @param {string} other */
function isLower(version, other) {
  const [ours, others] = [numbers(version), numbers(other)];
  const index = ours.findIndex((number, at) => number !== others[at]);
  return index !== -1 && (ours[index] ?? 0) < (others[index] ?? 0);
}

/** @param {string} version @param {string} present @param {string} tag */
function requireReleasable(version, present, tag) {
  if (!/^(?:0|[1-9]\d{0,8})(?:\.(?:0|[1-9]\d{0,8})){2}$/.test(version)) {
    refuse(`got ${version}, expected X.Y.Z (for example, 1.2.0). ${USAGE}`);
  }
  if (isLower(version, present)) {
    refuse(`${version} is lower than the present version ${present}. Choose a higher version.`);
  }
  const changes = git('status', '--porcelain');
  if (changes !== '') {
    refuse(`the working tree has uncommitted changes. Commit them first.\n${changes}`);
  }
  if (git('tag', '--list', tag) !== '') {
    refuse(`the tag ${tag} exists. Choose a higher version.`);
  }
  if (releasedSection().trim() === '') {
    refuse(`${CHANGELOG} has no changes under [Unreleased]. Add them first.`);
  }
}

/** What has changed since the last release. */
function releasedSection() {
  const [, rest = ''] = read(CHANGELOG).split(UNRELEASED);
  return rest.split(/^## \[/m)[0] ?? '';
}

/** A manifest or the lock file with the version. @param {string} path @param {string} present @param {string} version */
function manifestWith(path, present, version) {
  const manifest = JSON.parse(read(path));
  const inLock = Object.entries(manifest.packages ?? {}).filter(([key]) => key === '' || key.startsWith('packages/'));
  for (const entry of [manifest, ...inLock.map(([, each]) => each)]) {
    if (entry.version === present) {
      entry.version = version;
    }
    if (entry.devDependencies?.[SIMULATOR] === present) {
      entry.devDependencies[SIMULATOR] = version;
    }
  }
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
}

/** The changelog with the released section. @param {string} version */
function changelogWith(version) {
  const date = new Date().toISOString().slice(0, 10);
  return read(CHANGELOG).replace(UNRELEASED, () => `${UNRELEASED}\n## [${version}] - ${date}\n`);
}

/** All changed files. @param {string} present @param {string} version @returns {Map<string, string>} texts by path */
function changedFiles(present, version) {
  const changed = new Map([[CHANGELOG, changelogWith(version)]]);
  for (const path of MANIFESTS) {
    changed.set(path, manifestWith(path, present, version));
  }
  const text = new RegExp(`(?<=${BEFORE_VERSION.join('|')})${present.replaceAll('.', '\\.')}(?![\\w-]|\\.\\d)`, 'gm');
  for (const path of trackedFiles(PROJECT)) {
    if (!HISTORY.test(path)) {
      changed.set(path, read(path).replace(text, version));
    }
  }
  return new Map(Array.from(changed).filter(([path, content]) => content !== read(path)));
}

const { values, positionals } = parseArgs({
  options: { 'dry-run': { type: 'boolean', default: false } },
  allowPositionals: true,
});
const [version, ...rest] = positionals;
if (version === undefined || rest.length > 0) {
  refuse(`expected one version. ${USAGE}`);
}
/** @type {{ version: string }} */
const { version: present } = JSON.parse(read('package.json'));
const tag = `v${version}`;
requireReleasable(version, present, tag);
const files = changedFiles(present, version);
process.stdout.write(`${present} → ${version}\n${Array.from(files.keys(), (path) => `  ${path}\n`).join('')}`);
if (values['dry-run']) {
  process.stdout.write(`Changes:\n${releasedSection()}dry run: nothing was changed; the tag would be ${tag}\n`);
} else {
  for (const [path, content] of files) {
    writeFileSync(join(PROJECT, path), content);
  }
  git('commit', '--quiet', '--all', '--message', `Release ${version}`);
  git('tag', '--annotate', '--message', `Version ${version}`, tag);
  process.stdout.write(`committed and tagged as ${tag}. To release it: git push origin HEAD ${tag}\n`);
}
