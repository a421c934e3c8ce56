// Builds the project's Dockerfile with buildah and runs the image with podman, as a cluster would: read-only, without
// capabilities, without network. Neither a Docker engine nor an image registry is needed: see scripts/image/base.mjs for the
// base image. As root on Debian; installs buildah, podman, runc, and mmdebstrap if they are missing.
//
//   node scripts/image.mjs [--storage=DIRECTORY]    DIRECTORY: keeps images there, and uses a base image that is there

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { hold } from './hold.mjs';
import { NATIVE, requireBase } from './image/base.mjs';
import { buildImage, readCommit } from './image/build.mjs';
import { Container, HARDENED } from './image/checks.mjs';
import { requireContainers, Storage } from './image/storage.mjs';

const IMAGE = 'localhost/nfm-exporter:local';
const STORAGE_PATH = '/var/lib/nfm-exporter';
/** Enough of the demo for its memory to have grown to what it needs. */
const SCRAPES = 20;

/** Of files of dependencies, and ours, that never run. */
const SUPERFLUOUS = String.raw`/\.(?:map|ts|mts|cts)$|\/(?:tests?|__tests__|examples)\/|(?<!licen[cs]e)\.md$/i`;

/** Prints, as JSON, the files of the application that never run, and the paths outside /proc, /sys, and /dev that are writable. */
const LOOK_AROUND = `
  const { accessSync, constants, readdirSync, readFileSync } = require('node:fs');
  const entriesOf = (path) => { try { return readdirSync(path, { withFileTypes: true }); } catch { return []; } };
  const below = (path) => entriesOf(path).flatMap((entry) => {
    const inner = path + '/' + entry.name;
    return entry.isDirectory() ? [inner, ...below(inner)] : [inner];
  });
  const isWritable = (path) => { try { accessSync(path, constants.W_OK); return true; } catch { return false; } };
  const all = entriesOf('/').map(({ name }) => '/' + name).filter((path) => !['/proc', '/sys', '/dev'].includes(path));
  console.log(JSON.stringify({
    superfluous: below('/app').filter((path) => ${SUPERFLUOUS}.test(path)),
    writable: all.flatMap((path) => [path, ...below(path)]).filter((path) => isWritable(path) && !path.startsWith('/tmp/')),
    user: process.getuid(),
    capabilities: readFileSync('/proc/self/status', 'utf8').match(/CapEff:\\s*(\\w+)/)[1],
  }));`;

/** @param {Storage} storage */
function checkContents(storage) {
  const [{ Config: config, Size: size }] = JSON.parse(storage.podman(['image', 'inspect', IMAGE]));
  const [{ Size: baseSize }] = JSON.parse(storage.podman(['image', 'inspect', base]));
  process.stdout.write(
    `size: ${(size / 1e6).toFixed(1)} MB, ${((size - baseSize) / 1e6).toFixed(1)} MB more than its base\n`,
  );
  /** @param {string} name */
  const label = (name) => config.Labels[`org.opencontainers.image.${name}`] ?? '';
  hold(
    label('revision') === commit.revision &&
      label('base.name') === base &&
      label('version') !== '' &&
      label('source') !== '',
    `labels: version ${label('version')}, revision ${label('revision')}, base ${label('base.name')}, source ${label('source')}`,
  );
  hold(/^[1-9]\d*:[1-9]\d*$/.test(config.User), `user by number: ${config.User}`);
}

/** @param {Storage} storage */
async function checkDemo(storage) {
  const demo = new Container(storage, IMAGE, ['--memory=128m', `--volume=nfm-data:${STORAGE_PATH}`], ['demo']);
  await demo.healthy();
  hold(true, 'demo: health check succeeds');
  const page = await demo.scrape(/^aws_nfm_query_up\{.*\} 1$/m);
  const series = page.split('\n').filter((line) => line.startsWith('aws_nfm_')).length;
  hold(series > 100, `demo: scraped, ${series} series aws_nfm_*`);
  const { superfluous, writable, user, capabilities } = JSON.parse(demo.evaluate(LOOK_AROUND));
  hold(superfluous.length === 0, `no file that never runs ${superfluous.slice(0, 3)}`);
  hold(String(writable) === `/tmp,${STORAGE_PATH}`, `writable: ${writable}`);
  hold(user !== 0 && /^0+$/.test(capabilities), `user ${user}, no capabilities`);
  for (let i = 0; i < SCRAPES; i++) {
    await demo.scrape(/^aws_nfm_query_up/m);
  }
  const peak = demo.evaluate(
    "process.stdout.write(require('node:fs').readFileSync('/proc/1/status', 'utf8').match(/VmHWM:\\s*(.*)/)[1])",
  );
  const { Status, OOMKilled } = demo.state();
  hold(Status === 'running' && !OOMKilled, `demo: within 128 MB; largest resident size ${peak}`);
  const seconds = demo.stop();
  hold(demo.state().ExitCode === 0, `demo: exit code 0 on SIGTERM, after ${seconds.toFixed(2)} s`);
  process.stdout.write(`log:\n${demo.log().replace(/^/gm, '  | ')}\n`);
}

/** @param {Storage} storage */
async function checkDaemon(storage) {
  const folder = join(storage.folder, 'config');
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'nfm-exporter.yml'),
    'aws: { region: eu-west-1 }\nweb: { listenAddresses: [":10050"] }\nqueries: []\n',
  );
  const daemon = new Container(storage, IMAGE, [`--volume=${folder}:/etc/nfm-exporter:ro`], []);
  await daemon.healthy();
  hold(true, "daemon: health check succeeds on the configuration file's address");
  daemon.stop();
  hold(
    daemon.state().ExitCode === 0 && !daemon.isHealthy(),
    'daemon: exit code 0 on SIGTERM; then the health check fails',
  );
  const { status, stderr } = storage.tryPodman(['run', '--rm', ...HARDENED, IMAGE]);
  hold(status === 1 && /cannot read \S+nfm-exporter\.yml: no such file/.test(stderr), `no configuration: ${stderr}`);
}

const { values } = parseArgs({ options: { storage: { type: 'string' } } });
const seconds = () => (performance.now() / 1000).toFixed(0);
requireContainers();
const commit = readCommit();
const storage = new Storage(values.storage);
const base = requireBase(storage);
process.stdout.write(`base image ${base} after ${seconds()} s\n`);
buildImage(storage, { tag: IMAGE, architecture: NATIVE, commit });
process.stdout.write(`image built after ${seconds()} s\n`);
checkContents(storage);
await checkDemo(storage);
await checkDaemon(storage);
process.stdout.write(`image built and run in ${seconds()} s\n`);
