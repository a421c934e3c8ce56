import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NATIVE, PROJECT } from './base.mjs';

/** @typedef {import('./storage.mjs').Storage} Storage */

/** Where Debian has the certificate authorities that this machine trusts, which may include one of its own. */
const AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt';

/** @param {readonly string[]} args */
function git(args) {
  return execFileSync('git', args, { cwd: PROJECT, encoding: 'utf8' }).trim();
}

/**
 * The commit that is checked out.
 *
 * @typedef {{ readonly revision: string, readonly seconds: string }} Commit `seconds`: its date, since the Unix epoch
 */

/** @returns {Commit} */
export function readCommit() {
  const [revision = '', seconds = ''] = git(['log', '-1', '--format=%H %ct']).split(' ');
  return { revision, seconds };
}

/**
 * Builds the project's Dockerfile. The date of the commit is that of the image and of all files in it, so that two builds of a
 * commit are equal.
 *
 * @param {Storage} storage with the base image
 * @param {{ tag: string, architecture: string, commit: Commit, cache?: boolean }} options `cache`: reuse layers of earlier builds
 */
export function buildImage(storage, { tag, architecture, commit, cache = true }) {
  const npm = join(storage.folder, 'npm');
  mkdirSync(npm, { recursive: true });
  writeFileSync(join(npm, 'npmrc'), `cafile=${AUTHORITIES}\n`);
  const authorities = existsSync(AUTHORITIES) ? [`--volume=${AUTHORITIES}:${AUTHORITIES}:ro`] : [];
  storage.buildah([
    // HEALTHCHECK is not part of the OCI format. chroot needs no cgroups.
    ...['bud', '--quiet', '--format=docker', '--isolation=chroot', '--network=host', '--pull-never'],
    ...['--layers', `--no-cache=${!cache}`, `--platform=linux/${architecture}`, `--timestamp=${commit.seconds}`],
    ...[`--volume=${join(npm, 'npmrc')}:/root/.npmrc:ro`, `--volume=${npm}:/root/.npm`, ...authorities],
    // Only later versions of buildah set this automatically.
    ...[
      `--build-arg=BUILDPLATFORM=linux/${NATIVE}`,
      `--build-arg=REVISION=${commit.revision}`,
      `--tag=${tag}`,
      PROJECT,
    ],
  ]);
}

/**
 * The digests of the layers that the Dockerfile adds to its base.
 *
 * @param {Storage} storage
 * @param {string} image
 * @param {string} base
 * @returns {readonly string[]}
 * @throws {Error} if the image is not built on this base
 */
export function ownLayers(storage, image, base) {
  const layers = layersOf(storage, image);
  const below = layersOf(storage, base);
  if (below.some((layer, index) => layer !== layers[index])) {
    throw new Error(`${image} is not built on ${base}`);
  }
  return layers.slice(below.length);
}

/** The digests of all layers of an image. @param {Storage} storage @param {string} image @returns {readonly string[]} */
export function layersOf(storage, image) {
  return JSON.parse(storage.podman(['image', 'inspect', image]))[0].RootFS.Layers;
}
