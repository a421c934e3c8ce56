import { setTimeout as sleep } from 'node:timers/promises';

/** @typedef {import('./storage.mjs').Storage} Storage */

const PATIENCE_MS = 30_000;
const PAUSE_MS = 250;

/** As a cluster runs it. Compose and Kubernetes set the same. */
export const HARDENED = [
  ...[
    '--read-only',
    '--read-only-tmpfs=false',
    '--tmpfs=/tmp',
    '--network=none',
    '--cap-drop=ALL',
    '--security-opt=no-new-privileges',
  ],
  ...['--ulimit=nofile=1024:1024', '--ulimit=nproc=4096:4096'],
];

/**
 * Repeats `attempt` until its result is not undefined.
 *
 * @template T
 * @param {string} what for the error
 * @param {() => T | undefined} attempt
 * @returns {Promise<T>}
 */
async function until(what, attempt) {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const result = attempt();
    if (result !== undefined) {
      return result;
    }
    if (performance.now() > deadline) {
      throw new Error(`${what}: not within ${PATIENCE_MS / 1000} s`);
    }
    await sleep(PAUSE_MS);
  }
}

/** A running container of the image. */
export class Container {
  #storage;
  #id;

  /** @param {Storage} storage @param {string} image @param {readonly string[]} options @param {readonly string[]} command */
  constructor(storage, image, options, command) {
    this.#storage = storage;
    this.#id = storage.podman(['run', '--detach', ...HARDENED, ...options, image, ...command]);
  }

  /** Standard output and standard error so far. @returns {string} */
  log() {
    const { stdout, stderr } = this.#storage.tryPodman(['logs', this.#id]);
    return `${stdout}\n${stderr}`;
  }

  /** Runs JavaScript in the container. @param {string} script @returns {string} what it writes to standard output */
  evaluate(script) {
    const { status, stdout, stderr } = this.#storage.tryPodman(['exec', this.#id, 'node', '-e', script]);
    if (status !== 0) {
      throw new Error(`script failed in the container: ${stderr}\n${this.log()}`);
    }
    return stdout;
  }

  /** Waits until the image's health check succeeds. */
  async healthy() {
    await until(`container not healthy:\n${this.log()}`, () => (this.isHealthy() ? true : undefined));
  }

  /** Runs the image's health check once. */
  isHealthy() {
    return this.#storage.tryPodman(['healthcheck', 'run', this.#id]).status === 0;
  }

  /** Scrapes it from inside until a line matches. @param {RegExp} line @returns {Promise<string>} the page */
  scrape(line) {
    const script =
      "fetch('http://127.0.0.1:10049/metrics').then((r) => r.text()).then((page) => process.stdout.write(page))";
    return until(`no line like ${line} in the metrics`, () => {
      const page = this.evaluate(script);
      return line.test(page) ? page : undefined;
    });
  }

  /** As the engine sees it. @returns {{ Status: string, ExitCode: number, OOMKilled: boolean }} */
  state() {
    return JSON.parse(this.#storage.podman(['inspect', this.#id]))[0].State;
  }

  /** Waits until it has ended, and returns its exit code. @returns {number} */
  exitCode() {
    return Number(this.#storage.podman(['wait', this.#id]));
  }

  /** Sends SIGTERM and waits. @returns {number} how long that took, in seconds */
  stop() {
    const start = performance.now();
    this.#storage.podman(['stop', '--time', '15', this.#id]);
    return (performance.now() - start) / 1000;
  }
}
