// Writes a software bill of materials (CycloneDX 1.5, JSON) of what is shipped: every package of the lock file that
// production needs, on any platform, with version, license, and hash. Uses no registry.
//
//   node scripts/sbom.mjs [FILE]    by default sbom.cdx.json
//
// It is npm's own, made of manifests without development's part: `npm sbom --omit=dev` of all of them leaves out what
// production and development share (npm/cli#7909; of npm 11.19.1 it left out 33 packages of 123, yaml among them).

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const [file = join(PROJECT, 'sbom.cdx.json')] = process.argv.slice(2);
const lock = readJson('package-lock.json');
const manifest = readJson('package.json');

const temporary = mkdtempSync(join(tmpdir(), 'nfm-exporter-sbom-'));
try {
  // npm names the product by its directory.
  const directory = join(temporary, manifest.name);
  const workspaces = Object.values(lock.packages).flatMap(({ link, resolved }) => (link ? [resolved] : []));
  writeJson(join(directory, 'package.json'), withoutDevelopment(manifest));
  for (const workspace of workspaces) {
    const path = join(workspace, 'package.json');
    writeJson(join(directory, path), withoutDevelopment(readJson(path)));
  }
  writeJson(join(directory, 'package-lock.json'), {
    ...lock,
    packages: Object.fromEntries(
      Object.entries(lock.packages)
        .filter(([, { dev }]) => !dev)
        .map(([path, entry]) => [path, withoutDevelopment(entry)]),
    ),
  });
  cpSync(join(PROJECT, '.npmrc'), join(directory, '.npmrc'));
  const args = ['sbom', '--package-lock-only', '--sbom-format=cyclonedx', '--sbom-type=application', '--offline'];
  writeFileSync(file, execFileSync('npm', args, { cwd: directory, stdio: ['ignore', 'pipe', 'inherit'] }));
} finally {
  rmSync(temporary, { recursive: true, force: true });
}

/** @param {string} path from the project's root */
function readJson(path) {
  return JSON.parse(readFileSync(join(PROJECT, path), 'utf8'));
}

/** @param {string} path @param {unknown} content */
function writeJson(path, content) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify(content));
}

/** @param {{ devDependencies?: unknown }} manifest */
function withoutDevelopment({ devDependencies, ...rest }) {
  return rest;
}
