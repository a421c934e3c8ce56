// Builds the image for two architectures, one of them twice, pushes an index of both to a registry on the loopback address,
// pulls both again, and runs both: that of the other architecture in QEMU. As root on Debian; installs what is missing.
//
//   node scripts/long-image.mjs

import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hold } from './hold.mjs';
import { makeBases, NATIVE } from './image/base.mjs';
import { buildImage, layersOf, ownLayers, readCommit } from './image/build.mjs';
import { HARDENED } from './image/checks.mjs';
import { requireContainers, Storage } from './image/storage.mjs';

/** By Docker's name: `e_machine` of an ELF file, and QEMU's program. */
/** @type {Readonly<Record<string, { machine: number, emulator: string }>>} */
const ARCHITECTURES = {
  amd64: { machine: 62, emulator: 'qemu-x86_64-static' },
  arm64: { machine: 183, emulator: 'qemu-aarch64-static' },
};
const INDEX = 'localhost/nfm-exporter:index';
/** Hashes with the only native module. */
const HASH =
  "require('@node-rs/bcrypt').verify('secret', '$2y$10$abcdefghijklmnopqrstuuqflPDzB6gcMhKa1rZqKiun2YGL5sa2u').then((ok) => console.log(process.arch, 'bcrypt', ok))";

/** @returns {Promise<number>} a port of the loopback address that is free now */
function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(address !== null && typeof address === 'object' ? address.port : 0));
    });
  });
}

/** @param {number} port @returns {Promise<boolean>} */
function accepts(port) {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('close', () => socket.destroy());
  });
}

/** Starts Debian's registry until this process ends. @param {string} directory @returns {Promise<string>} its host and port */
async function startRegistry(directory) {
  const port = await freePort();
  const storage = { filesystem: { rootdirectory: join(directory, 'registry') } };
  const file = join(directory, 'registry.json');
  writeFileSync(
    file,
    JSON.stringify({ version: 0.1, log: { level: 'error' }, storage, http: { addr: `127.0.0.1:${port}` } }),
  );
  const registry = spawn('docker-registry', ['serve', file], { stdio: ['ignore', 'ignore', 'ignore'] });
  process.on('exit', () => registry.kill());
  for (let i = 0; i < 100 && !(await accepts(port)); i++) {
    await sleep(100);
  }
  return `127.0.0.1:${port}`;
}

/** Runs the image's Node.js: in a container if it is native, otherwise in QEMU. @param {Storage} storage @param {string} id @param {string} architecture @param {readonly string[]} args @returns {string} */
function runNode(storage, id, architecture, args) {
  if (architecture === NATIVE) {
    return storage.podman(['run', '--rm', ...HARDENED, '--entrypoint=node', id, ...args]);
  }
  const root = storage.podman(['image', 'mount', id]);
  const emulator = ARCHITECTURES[architecture]?.emulator ?? '';
  const { status, stdout, stderr } = spawnSync(emulator, ['-L', root, join(root, 'usr/local/bin/node'), ...args], {
    cwd: join(root, 'app'),
    encoding: 'utf8',
  });
  if (status !== 0) {
    throw new Error(`${emulator} ${args.join(' ')}: ${stderr}`);
  }
  return stdout.trim();
}

/** The machine that each native module in a directory is for. @param {string} directory */
function machinesOf(directory) {
  const modules = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.node'),
  );
  return modules.map((path) => readFileSync(join(directory, path)).readUInt16LE(18));
}

requireContainers([
  { names: ['skopeo'], package: 'skopeo' },
  { names: ['docker-registry'], package: 'docker-registry' },
  ...Object.values(ARCHITECTURES).map(({ emulator }) => ({ names: [emulator], package: 'qemu-user-static' })),
]);
const commit = readCommit();
const built = new Storage(undefined);
const bases = makeBases(built, Object.keys(ARCHITECTURES));
/** @param {string} architecture */
const tagOf = (architecture) => `localhost/nfm-exporter:${architecture}`;
for (const [architecture, base] of bases) {
  buildImage(built, { tag: tagOf(architecture), architecture, commit });
  hold(ownLayers(built, tagOf(architecture), base).length > 0, `${architecture}: on the base of this architecture`);
  process.stdout.write(`built for ${architecture} after ${(performance.now() / 1000).toFixed(0)} s\n`);
}
buildImage(built, { tag: tagOf('again'), architecture: NATIVE, commit, cache: false });
const first = ownLayers(built, tagOf(NATIVE), bases.get(NATIVE) ?? '');
const again = ownLayers(built, tagOf('again'), bases.get(NATIVE) ?? '');
hold(
  first.length > 0 && String(first) === String(again),
  `two builds of ${commit.revision} have the same ${first.length} layers`,
);

const registry = await startRegistry(built.folder);
const name = `${registry}/nfm-exporter:local`;
built.buildah(['manifest', 'create', INDEX, ...Array.from(bases.keys(), tagOf)]);
built.buildah(['manifest', 'push', '--quiet', '--all', '--tls-verify=false', INDEX, `docker://${name}`]);
const { stdout: raw } = spawnSync('skopeo', ['inspect', '--raw', '--tls-verify=false', `docker://${name}`], {
  encoding: 'utf8',
});
/** @type {{ manifests: readonly { platform: { architecture: string } }[] }} */
const index = JSON.parse(raw);
hold(
  String(index.manifests.map(({ platform }) => platform.architecture)) === String([...bases.keys()]),
  `index in the registry: ${index.manifests.map(({ platform }) => platform.architecture).join(', ')}`,
);

const pulled = new Storage(undefined);
for (const [architecture, { machine }] of Object.entries(ARCHITECTURES)) {
  const id = pulled.podman(['pull', '--quiet', '--tls-verify=false', `--arch=${architecture}`, name]);
  hold(
    String(layersOf(pulled, id)) === String(layersOf(built, tagOf(architecture))),
    `${architecture}: pulled, same layers`,
  );
  const root = pulled.podman(['image', 'mount', id]);
  hold(
    String(machinesOf(join(root, 'app'))) === String(machine),
    `${architecture}: one native module, of this architecture`,
  );
  const version = runNode(pulled, id, architecture, ['dist/main.js', '--version']);
  hold(version.includes(commit.revision), `${architecture}: ${version}`);
  const hashed = runNode(pulled, id, architecture, ['--eval', HASH]);
  hold(hashed.endsWith('bcrypt true'), `${architecture}: ${hashed}`);
}
process.stdout.write(`image for two architectures in ${(performance.now() / 1000).toFixed(0)} s\n`);
process.exit(0);
