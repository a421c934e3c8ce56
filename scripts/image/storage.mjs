import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installTools } from '../debian-tools.mjs';

/** @typedef {import('../debian-tools.mjs').Tool} Tool */

/** @type {readonly Tool[]} */
const TOOLS = ['buildah', 'podman', 'runc', 'mmdebstrap'].map((name) => ({ names: [name], package: name }));

/**
 * Exits with an error unless this machine can build and run containers. Installs Debian's packages for it.
 *
 * @param {readonly Tool[]} more programs besides those that build and run an image
 */
export function requireContainers(more = []) {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    fail('Building and running the image needs root on Linux.');
  }
  if (!hasOverlay()) {
    fail('Building and running the image needs the file system overlay, which this kernel does not have.');
  }
  const missing = installTools([...TOOLS, ...more]);
  if (missing !== undefined) {
    fail(`Building and running the image needs ${missing.names}. On Debian, run: ${missing.command}`);
  }
}

/** Whether overlay file systems can be mounted. The kernel may have to load a module. */
function hasOverlay() {
  const known = () => /\boverlay$/m.test(readFileSync('/proc/filesystems', 'utf8'));
  return known() || (spawnSync('modprobe', ['overlay']).status === 0 && known());
}

/** @param {string} message @returns {never} */
function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

/** Images and containers in a directory of their own: nothing of the machine's is used or changed. */
export class Storage {
  /** For files beside images and containers. */
  folder;
  #buildah;
  #podman;

  /** @param {string | undefined} kept a directory that is kept, with its images; undefined: one that ends with the process */
  constructor(kept) {
    this.folder = kept ?? mkdtempSync(join(tmpdir(), 'nfm-image-'));
    mkdirSync(this.folder, { recursive: true });
    const own = [
      '--root',
      join(this.folder, 'root'),
      '--runroot',
      join(this.folder, 'run'),
      '--storage-driver',
      'overlay',
    ];
    this.#buildah = own;
    // Health checks are run by hand, and neither systemd nor a journal is needed.
    this.#podman = [
      ...own,
      ...['--tmpdir', join(this.folder, 'libpod'), '--cgroup-manager', 'cgroupfs', '--events-backend', 'file'],
      ...['--runtime', 'runc'],
    ];
    process.on('exit', () => this.#close(kept === undefined));
    for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
      process.once(signal, () => process.exit(1));
    }
  }

  /** @param {readonly string[]} args @returns {string} standard output, trimmed. Standard error is shown. */
  buildah(args) {
    return this.#run('buildah', [...this.#buildah, ...args]);
  }

  /** @param {readonly string[]} args @returns {string} standard output, trimmed. Standard error is shown. */
  podman(args) {
    return this.#run('podman', [...this.#podman, ...args]);
  }

  /** As {@link podman}, for commands whose failure is a result. @param {readonly string[]} args */
  tryPodman(args) {
    const { status, stdout, stderr } = spawnSync('podman', [...this.#podman, ...args], {
      env: this.#env(),
      encoding: 'utf8',
    });
    return { status, stdout: stdout.trim(), stderr: stderr.trim() };
  }

  /** @param {string} image */
  has(image) {
    return this.tryPodman(['image', 'exists', image]).status === 0;
  }

  /** @param {string} program @param {readonly string[]} args */
  #run(program, args) {
    return execFileSync(program, args, {
      env: this.#env(),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      maxBuffer: 2 ** 28,
    }).trim();
  }

  #env() {
    return { ...process.env, DISABLE_HC_SYSTEMD: 'true', TMPDIR: this.folder };
  }

  /** @param {boolean} remove */
  #close(remove) {
    this.tryPodman(['rm', '--all', '--force', '--time', '0', '--volumes']);
    spawnSync('buildah', [...this.#buildah, 'rm', '--all']);
    const mounts = readFileSync('/proc/mounts', 'utf8').split('\n');
    for (const mount of mounts.map((line) => line.split(' ')[1] ?? '').reverse()) {
      if (mount.startsWith(`${this.folder}/`)) {
        spawnSync('umount', ['--lazy', mount]);
      }
    }
    if (remove) {
      rmSync(this.folder, { recursive: true, force: true });
    }
  }
}
