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

/** This machine's architecture, and others, by Docker's name. */
export const NATIVE = process.arch === 'x64' ? 'amd64' : process.arch;

/**
 * Makes a stand-in for the base image under its own name unless the storage has it: Debian by mmdebstrap, with Node.js
 * and npm from the npm registry, and the user `node`. Nothing is pulled: buildah finds a name without a host at localhost.
 *
 * @param {Storage} storage
 * @returns {string} the name
 */
export function requireBase(storage) {
  const name = baseName();
  const full = `localhost/${name}`;
  if (!storage.has(full)) {
    commitBase(storage, full, NATIVE);
  }
  return name;
}

/**
 * As {@link requireBase}, for several architectures: the name is that of a manifest list.
 *
 * @param {Storage} storage without the base image
 * @param {readonly string[]} architectures
 * @returns {ReadonlyMap<string, string>} the name of the image by architecture
 */
export function makeBases(storage, architectures) {
  const images = new Map(architectures.map((architecture) => [architecture, `localhost/base:${architecture}`]));
  for (const [architecture, image] of images) {
    commitBase(storage, image, architecture);
  }
  storage.buildah(['manifest', 'create', `localhost/${baseName()}`, ...images.values()]);
  return images;
}

/** @param {Storage} storage @param {string} image @param {string} architecture */
function commitBase(storage, image, architecture) {
  const [, major, release] = baseName().match(/^node:(\d+)-([a-z]+)-slim$/) ?? [];
  if (major === undefined || release === undefined) {
    throw new Error(`no stand-in for the base image ${baseName()}: expected node:MAJOR-RELEASE-slim`);
  }
  mkdirSync(CACHE, { recursive: true });
  const container = storage.buildah(['from', 'scratch']);
  storage.buildah(['add', '--quiet', container, makeDebian(release, architecture), '/']);
  storage.buildah(['add', '--quiet', container, packNode(major, architecture), '/usr/local']);
  const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  storage.buildah(['config', '--os', 'linux', '--arch', architecture, '--env', path, container]);
  storage.buildah(['commit', '--quiet', '--rm', container, image]);
}

/**
 * Debian's root file system. That of another architecture is only unpacked, because its programs do not run here.
 *
 * @param {string} release
 * @param {string} architecture
 * @returns {string} a tar file
 */
function makeDebian(release, architecture) {
  const tar = join(CACHE, `${release}-${architecture}.tar`);
  if (!existsSync(tar)) {
    const options =
      architecture === NATIVE
        ? [
            ...['--variant=minbase', '--include=ca-certificates'],
            '--customize-hook=chroot "$1" groupadd --gid 1000 node',
            '--customize-hook=chroot "$1" useradd --uid 1000 --gid node --create-home node',
          ]
        : ['--variant=extract', '--include=base-files,libc6,libstdc++6', `--architectures=${architecture}`];
    run('mmdebstrap', ['--quiet', '--format=tar', ...options, release, `${tar}.part`]);
    renameSync(`${tar}.part`, tar);
  }
  return tar;
}

/**
 * Node.js and npm, as `/usr/local` has them. The package of Node.js has nothing else.
 *
 * @param {string} major
 * @param {string} architecture
 * @returns {string} a tar file
 */
function packNode(major, architecture) {
  const tar = join(CACHE, `node-${major}-${architecture}.tar`);
  if (!existsSync(tar)) {
    const directory = join(CACHE, 'usr-local');
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(join(directory, 'lib/node_modules/npm'), { recursive: true });
    mkdirSync(join(directory, 'bin'));
    unpack(`node-linux-${architecture === 'amd64' ? 'x64' : architecture}@${major}`, directory, ['package/bin']);
    unpack('npm@11', join(directory, 'lib/node_modules/npm'));
    symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(directory, 'bin/npm'));
    run('tar', ['--create', '--file', `${tar}.part`, '--directory', directory, '--owner=0', '--group=0', '.']);
    renameSync(`${tar}.part`, tar);
    rmSync(directory, { recursive: true });
  }
  return tar;
}

/**
 * @param {string} name a package of the npm registry, with its version
 * @param {string} directory
 * @param {readonly string[]} members by default all
 */
function unpack(name, directory, members = []) {
  const packed = join(directory, '.packed');
  mkdirSync(packed, { recursive: true });
  run('npm', ['pack', '--silent', `--pack-destination=${packed}`, name]);
  const [file = ''] = readdirSync(packed);
  run('tar', ['--extract', '--file', join(packed, file), '--directory', directory, '--strip-components=1', ...members]);
  rmSync(packed, { recursive: true });
}

/** @param {string} program @param {readonly string[]} args */
function run(program, args) {
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}
