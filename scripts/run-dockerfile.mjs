// Builds and tries the image where no Docker engine is at hand: carries out the Dockerfile's own steps one by one, puts
// Node and the libraries that it and native modules need into what comes out (that stands for the base image: no shell,
// nothing else), and runs the result in there with chroot, as the Dockerfile's user. Then: can that user write where it
// must and nowhere else, is the daemon scraped, do polls work, does the health check tell well from ill, does SIGTERM end
// the daemon with 0? What this does not show: the base image, and what an engine's isolation, network and read-only mount do.
//
//   node scripts/run-dockerfile.mjs [--node=FILE]     as root on Linux; FILE: the Node to use, by default this one

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildStages } from './dockerfile-stages.mjs';
import { listening } from './listening.mjs';
import { scrapeUntil } from './scrape.mjs';

/** @typedef {import('./dockerfile-stages.mjs').Stage} Stage */

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
/** Where the official images have it. */
const NODE_IN_IMAGE = '/usr/local/bin/node';
const ANY_PORT = { NFM_EXPORTER_WEB_LISTEN_ADDRESS: '127.0.0.1:0' };

/** Where volumes for the storage are mounted. */
const STORAGE = '/var/lib/nfm-exporter';

/** Ends with 1 unless the folder for the storage, and nothing else in the file system, is what this user may write. */
const FIND_WRITABLE = `
  const fs = require('node:fs');
  const all = ['/', ...fs.readdirSync('/', { recursive: true }).map((path) => '/' + path)];
  const writable = all.filter((path) => { try { fs.accessSync(path, fs.constants.W_OK); return true; } catch {} });
  process.exitCode = writable.join() === '${STORAGE}' ? 0 : 1;`;

/** @param {boolean} holds @param {string} claim */
function hold(holds, claim) {
  process.stdout.write(`${holds ? 'ok' : 'NOT SO'}: ${claim}\n`);
  if (!holds) {
    throw new Error(claim);
  }
}

/**
 * Node, and the shared libraries that it and native modules need, where the loader looks for them.
 *
 * @param {string} root @param {string} node
 */
function addNode(root, node) {
  cpSync(node, join(root, NODE_IN_IMAGE), { dereference: true });
  const modules = readdirSync(join(root, 'app'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.node'))
    .map((path) => join(root, 'app', path));
  for (const file of [node, ...modules]) {
    for (const [, library = ''] of execFileSync('ldd', [file], { encoding: 'utf8' }).matchAll(/(\/\S+) \(0x/g)) {
      cpSync(library, join(root, library), { dereference: true });
    }
  }
}

/** As `docker run` or `docker exec` would. @param {Stage} stage @param {readonly string[]} words @param {NodeJS.ProcessEnv} env */
function start(stage, words, env = {}) {
  return spawn('/usr/sbin/chroot', [`--userspec=${stage.user}`, stage.root, ...words], {
    env: { PATH: dirname(NODE_IN_IMAGE), HOME: '/', ...stage.env, ...env },
    stdio: ['ignore', 'inherit', 'pipe'],
  });
}

/** @param {import('node:child_process').ChildProcess} child @returns {Promise<number | null>} */
async function exitCode(child) {
  child.stderr?.resume();
  if (child.exitCode === null && child.signalCode === null) {
    await once(child, 'exit');
  }
  return child.exitCode;
}

/** @param {Stage} image @param {string} revision */
async function tryDaemon(image, revision) {
  const configFile = image.command[0]?.replace('--config.file=', '') ?? '';
  mkdirSync(dirname(join(image.root, configFile)), { recursive: true });
  writeFileSync(join(image.root, configFile), 'queries: []\n');

  const daemon = start(image, [...image.entrypoint, ...image.command], ANY_PORT);
  try {
    const url = `http://${await listening(daemon)}`;
    const health = () => exitCode(start(image, image.healthcheck, { HEALTHCHECK_URL: `${url}/-/healthy` }));
    const [uid] = readFileSync(`/proc/${daemon.pid}/status`, 'utf8').match(/(?<=^Uid:\t)\d+/m) ?? [];
    hold(uid === image.user.split(':')[0] && uid !== '0', `the daemon runs as user ${uid}`);
    await scrapeUntil(`${url}/metrics`, new RegExp(`^aws_nfm_exporter_build_info\\{.*revision="${revision}"`, 'm'));
    hold(true, `its metrics are scraped, and tell revision ${revision}`);
    hold((await health()) === 0, 'the health check finds it well');
    daemon.kill('SIGTERM');
    hold((await exitCode(daemon)) === 0, 'SIGTERM ends it with exit code 0');
    hold((await health()) === 1, 'the health check finds it ill once it has ended');
  } finally {
    daemon.kill('SIGKILL');
  }
}

/** With a /tmp that can be written to, as `--tmpfs=/tmp` makes one. @param {Stage} image */
async function tryDemo(image) {
  const temporary = join(image.root, 'tmp');
  mkdirSync(temporary);
  chmodSync(temporary, 0o1777);
  const demo = start(image, [...image.entrypoint, 'demo'], ANY_PORT);
  try {
    const url = `http://${await listening(demo)}`;
    await scrapeUntil(`${url}/metrics`, /^aws_nfm_query_up\{.*\} 1$/m);
    hold(true, 'the demo runs, and its polls are answered well');
    demo.kill('SIGTERM');
    hold((await exitCode(demo)) === 0, 'SIGTERM ends it with exit code 0');
  } finally {
    demo.kill('SIGKILL');
  }
}

if (process.platform !== 'linux' || process.getuid?.() !== 0) {
  process.stderr.write('run-dockerfile needs root on Linux, for chroot and for another user\n');
  process.exit(2);
}
const { values } = parseArgs({ options: { node: { type: 'string', default: process.execPath } } });
const folder = mkdtempSync(join(tmpdir(), 'dockerfile-'));
try {
  const revision = 'f'.repeat(40);
  const image = buildStages({
    context: PROJECT,
    into: folder,
    buildArgs: { REVISION: revision },
    env: { ...process.env, PATH: `${dirname(values.node)}${delimiter}${process.env['PATH']}` },
    onStep: (step) => process.stdout.write(`--> ${step}\n`),
  });
  hold(!existsSync(join(image.root, 'app/node_modules/typescript')), 'there are no development dependencies');
  addNode(image.root, values.node);
  hold(
    (await exitCode(start(image, ['node', '-e', FIND_WRITABLE]))) === 0,
    `its user can write to ${STORAGE}, and nowhere else`,
  );
  await tryDaemon(image, revision);
  await tryDemo(image);
  process.stdout.write("not shown by this: the base image, and an engine's isolation, network and read-only mount\n");
} finally {
  rmSync(folder, { recursive: true });
}
