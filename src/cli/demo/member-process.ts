import { type ChildProcess, fork } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface MemberOptions {
  /** `replicas.id` of the member. */
  readonly id: string;
  /** URL of its pages, without a slash at the end. */
  readonly url: string;
  /** Arguments of `nfm-exporter`. */
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly writeError: (text: string) => void;
}

/** Ends a member if the demo is killed, so that no process is left. */
const ENDS_WITH_DEMO =
  'data:text/javascript,process.once("disconnect",()=>process.kill(process.pid,"SIGTERM"));process.channel.unref()';

/** One of the exporters of the demo, in a process of its own that can be killed and restarted. */
export class MemberProcess {
  readonly id: string;
  readonly url: string;
  readonly #options: MemberOptions;
  #child: ChildProcess | undefined;
  #ended = Promise.resolve();

  constructor(options: MemberOptions) {
    this.id = options.id;
    this.url = options.url;
    this.#options = options;
  }

  /** Starts the process. `exited` is called at its exit, unless it was killed. */
  start(exited: () => void): void {
    const { id, args, env, writeError } = this.#options;
    const child = fork(process.argv[1] ?? '', args, {
      env,
      execArgv: [...process.execArgv, '--import', ENDS_WITH_DEMO],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // Ctrl-C in a terminal must reach the demo only: a second signal would end a member at once.
      detached: true,
    });
    this.#child = child;
    if (child.stderr !== null) {
      createInterface(child.stderr).on('line', (line) => writeError(`${labeled(line, id)}\n`));
    }
    this.#ended = new Promise((resolve) => {
      child.once('close', () => {
        resolve();
        if (child.signalCode !== 'SIGKILL') {
          exited();
        }
      });
    });
  }

  /** Resolves when the last started process has exited. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Returns a response of the member's API, or undefined if it does not respond. */
  async get<T>(path: string, signal: AbortSignal): Promise<T | undefined> {
    try {
      const response = await fetch(this.url + path, { signal });
      const answer: T = JSON.parse(await response.text());
      return response.ok ? answer : undefined;
    } catch {
      return undefined;
    }
  }
}

/** Adds the member to a log message, in either format. */
function labeled(line: string, id: string): string {
  return line.startsWith('{') ? `${line.slice(0, -1)},"replica":"${id}"}` : `${line} replica=${id}`;
}
