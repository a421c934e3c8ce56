import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** @typedef {import('./storage.mjs').Storage} Storage */

export const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const CACHE = join(PROJECT, 'node_modules/.cache/image-base');

/** The image that the Dockerfile builds on, by default. @returns {string} */
function baseName() {
  const name = readFileSync(join(PROJECT, 'Dockerfile'), 'utf8').match(/^ARG NODE_IMAGE=(\S+)$/m)?.[1];
  if (name === undefined) {
    throw new Error('the Dockerfile has no ARG NODE_IMAGE=NAME');
  }
  return name;
}

/**
 * Makes a stand-in for the base image under its own name unless the storage has it: Debian by mmdebstrap, with Node.js
 * and npm from the npm registry, and the user `node`. Nothing is pulled.
 *
 * @param {Storage} storage
 * @returns {string} the name
 */
export function requireBase(storage) {
  const name = baseName();
  const full = `docker.io/library/${name}`;
  if (!storage.has(full)) {
    const container = storage.buildah(['from', 'scratch']);
    storage.buildah(['add', '--quiet', container, makeRoot(name), '/']);
    storage.buildah([
      'config',
      '--env',
      `PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
      container,
    ]);
    storage.buildah(['commit', '--quiet', '--rm', container, full]);
  }
  return name;
}

/** @param {string} name @returns {string} a tar file of the root file system */
function makeRoot(name) {
  const [, major, release] = name.match(/^node:(\d+)-([a-z]+)-slim$/) ?? [];
  if (major === undefined || release === undefined) {
    throw new Error(`no stand-in for the base image ${name}: expected node:MAJOR-RELEASE-slim`);
  }
  const tar = join(CACHE, `node-${major}-${release}.tar`);
  if (!existsSync(tar)) {
    mkdirSync(CACHE, { recursive: true });
    const usrLocal = join(CACHE, 'usr-local.tar');
    packNode(`node-linux-${process.arch}@${major}`, usrLocal);
    const part = `${tar}.part`;
    execFileSync(
      'mmdebstrap',
      [
        ...['--quiet', '--format=tar', '--variant=minbase', '--include=ca-certificates'],
        `--customize-hook=tar-in ${JSON.stringify(usrLocal)} /usr/local`,
        '--customize-hook=chroot "$1" groupadd --gid 1000 node',
        '--customize-hook=chroot "$1" useradd --uid 1000 --gid node --create-home node',
        ...[release, part],
      ],
      { stdio: ['ignore', 'inherit', 'inherit'] },
    );
    renameSync(part, tar);
  }
  return tar;
}

/**
 * Node.js, which this package has alone, and npm, as `/usr/local` has them.
 *
 * @param {string} node a package, with its version
 * @param {string} tar the file to write
 */
function packNode(node, tar) {
  const directory = join(CACHE, 'usr-local');
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(join(directory, 'lib/node_modules/npm'), { recursive: true });
  mkdirSync(join(directory, 'bin'));
  unpack(node, directory, ['package/bin']);
  unpack('npm@11', join(directory, 'lib/node_modules/npm'));
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(directory, 'bin/npm'));
  execFileSync('tar', ['--create', '--file', tar, '--directory', directory, '--owner=0', '--group=0', '.']);
  rmSync(directory, { recursive: true });
}

/**
 * @param {string} name a package of the npm registry, with its version
 * @param {string} directory
 * @param {readonly string[]} members by default all
 */
function unpack(name, directory, members = []) {
  const packed = join(directory, '.packed');
  mkdirSync(packed, { recursive: true });
  execFileSync('npm', ['pack', '--silent', `--pack-destination=${packed}`, name], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [file = ''] = readdirSync(packed);
  execFileSync('tar', [
    '--extract',
    '--file',
    join(packed, file),
    '--directory',
    directory,
    '--strip-components=1',
    ...members,
  ]);
  rmSync(packed, { recursive: true });
}
