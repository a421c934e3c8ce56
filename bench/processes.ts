import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BareClientFunctions } from './bare-client-process.ts';
import { type Cores, pinned } from './cores.ts';
import type { DaemonFunctions } from './daemon-preload.ts';
import type { PageCopyFunctions } from './page-copy-process.ts';
import type { PageFunctions } from './page-process.ts';
import { PUSHGATEWAY, type RunningPushgateway } from './pushgateway.ts';
import { type Functions, Peer } from './rpc.ts';
import type { SimulatorFunctions } from './simulator-process.ts';

/** The built daemon, as users run it. */
export const MAIN = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));
const PRELOAD = new URL('daemon-preload.js', import.meta.url).href;

/** Flags for reloads and registrations over HTTP. */
const MANAGED = ['--web.enable-lifecycle', '--web.enable-admin-api'];

/** All that a process of the bench sees of the environment: nothing of the user's AWS setup or proxies. */
const ENVIRONMENT: NodeJS.ProcessEnv = {
  PATH: process.env['PATH'],
  AWS_ACCESS_KEY_ID: 'AKIABENCHBENCHBENCH0',
  AWS_SECRET_ACCESS_KEY: 'bench',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
};

/** A process that the bench has started. */
export interface Running<F extends Functions> {
  readonly pid: number;
  readonly peer: Peer<F>;
  /** Ends it. @throws Error when it ends otherwise than it should. */
  stop(): Promise<void>;
}

export interface RunningDaemon {
  readonly pid: number;
  readonly port: number;
  /** Milliseconds since the start of the bench: when the process was started. */
  readonly startedAt: number;
  /** Milliseconds from the start of the process to the line that says that it listens. */
  readonly listeningAfter: number;
  /** Ends it as users do. @throws Error when it ends otherwise than with 0. */
  stop(): Promise<void>;
}

/** A daemon that is reloaded, and given queries, over HTTP. */
export interface ManagedDaemon extends RunningDaemon {
  /** Writes another configuration into its file. */
  write(config: object): Promise<void>;
}

export interface ObservedDaemon extends ManagedDaemon {
  readonly peer: Peer<DaemonFunctions>;
}

/** Starts processes on their cores; what is still running at the end is to be killed. */
export class Processes {
  readonly #cores: Cores;
  readonly #folder: string;
  readonly #running = new Set<ChildProcess>();
  #daemons = 0;

  /** Configuration files are written to this directory. */
  constructor(cores: Cores, folder: string) {
    this.#cores = cores;
    this.#folder = folder;
  }

  startSimulator(): Running<SimulatorFunctions> {
    return this.#startOwn('simulator-process.js', this.#cores?.others);
  }

  startBareClient(): Running<BareClientFunctions> {
    return this.#startOwn('bare-client-process.js', this.#cores?.measured);
  }

  startExposition(): Running<PageFunctions> {
    return this.#startOwn('exposition-process.js', this.#cores?.measured);
  }

  startPromClient(): Running<PageFunctions> {
    return this.#startOwn('prom-client-process.js', this.#cores?.measured);
  }

  startPageCopy(): Running<PageCopyFunctions> {
    return this.#startOwn('page-copy-process.js', this.#cores?.measured);
  }

  /** Resolves when it listens. It keeps nothing on disk. */
  async startPushgateway(): Promise<RunningPushgateway> {
    const args = ['--web.listen-address=127.0.0.1:0', '--persistence.file='];
    const child = this.#spawn([PUSHGATEWAY, ...args], this.#cores?.measured, ['ignore', 'ignore', 'pipe']);
    const port = await listeningPort(child, /msg="Listening on" address=127\.0\.0\.1:(\d+)\n/);
    return {
      port,
      async stop() {
        child.kill('SIGTERM');
        await once(child, 'exit');
      },
    };
  }

  /** Resolves when the daemon listens. */
  async startDaemon(config: object): Promise<RunningDaemon> {
    return runningDaemon(await this.#launch(config, []));
  }

  /** As `startDaemon`, with reloads and registrations over HTTP. */
  async startManagedDaemon(config: object): Promise<ManagedDaemon> {
    return managedDaemon(await this.#launch(config, [], MANAGED));
  }

  /** As `startManagedDaemon`, with code of the bench loaded into the process that reports blocks of the event loop. */
  async startObservedDaemon(config: object): Promise<ObservedDaemon> {
    const launched = await this.#launch(config, ['--import', PRELOAD], MANAGED);
    return { ...managedDaemon(launched), peer: new Peer(launched.child) };
  }

  killAll(): void {
    for (const child of this.#running) {
      child.kill('SIGKILL');
    }
  }

  async #launch(
    config: object,
    nodeOptions: readonly string[],
    flags: readonly string[] = [],
  ): Promise<LaunchedDaemon> {
    this.#daemons += 1;
    const file = join(this.#folder, `config-${this.#daemons}.json`);
    await writeFile(file, JSON.stringify(config));
    const startedAt = performance.now();
    const child = this.#spawnNode(
      [...nodeOptions, MAIN, `--config.file=${file}`, ...flags],
      this.#cores?.measured,
      'pipe',
    );
    const port = await listeningPort(child, /msg="listening" address=127\.0\.0\.1:(\d+)\n/);
    return { child, file, port, startedAt, listeningAfter: performance.now() - startedAt };
  }

  #startOwn<F extends Functions>(module: string, core: number | undefined): Running<F> {
    const child = this.#spawnNode([fileURLToPath(new URL(module, import.meta.url))], core, 'inherit');
    return {
      pid: pidOf(child),
      peer: new Peer(child),
      async stop() {
        child.disconnect();
        await once(child, 'exit');
      },
    };
  }

  #spawnNode(args: readonly string[], core: number | undefined, stderr: 'inherit' | 'pipe'): ChildProcess {
    return this.#spawn([process.execPath, ...args], core, ['ignore', 'ignore', stderr, 'ipc']);
  }

  #spawn(command: readonly [string, ...string[]], core: number | undefined, stdio: StdioOptions): ChildProcess {
    const [program, ...args] = pinned(core, command);
    const child = spawn(program, args, { env: ENVIRONMENT, stdio, serialization: 'advanced' });
    this.#running.add(child);
    child.on('exit', () => this.#running.delete(child));
    return child;
  }
}

interface LaunchedDaemon {
  readonly child: ChildProcess;
  /** Its configuration. */
  readonly file: string;
  readonly port: number;
  readonly startedAt: number;
  readonly listeningAfter: number;
}

function runningDaemon({ child, file: _, ...rest }: LaunchedDaemon): RunningDaemon {
  return {
    ...rest,
    pid: pidOf(child),
    async stop() {
      child.kill('SIGTERM');
      const [code] = await once(child, 'exit');
      if (code !== 0) {
        throw new Error(`the daemon ended with ${code} after SIGTERM`);
      }
    },
  };
}

function managedDaemon(launched: LaunchedDaemon): ManagedDaemon {
  return { ...runningDaemon(launched), write: (other) => writeFile(launched.file, JSON.stringify(other)) };
}

function pidOf({ pid, spawnfile }: ChildProcess): number {
  if (pid === undefined) {
    throw new Error(`${spawnfile} could not be started`);
  }
  return pid;
}

/** Reads the log of a server until it exits, so that a full pipe never blocks it; `line` contains its address. */
function listeningPort(child: ChildProcess, line: RegExp): Promise<number> {
  return new Promise((resolve, reject) => {
    let log = '';
    let port: string | undefined;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (port === undefined) {
        log += text;
        port = line.exec(log)?.[1];
        if (port !== undefined) {
          resolve(Number(port));
        }
      }
    });
    child.on('exit', (code) => reject(new Error(`${child.spawnfile} ended with ${code} before it listened:\n${log}`)));
  });
}
