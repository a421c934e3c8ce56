import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../config/config.ts';
import type { ReadOptions } from '../config/read.ts';
import {
  ConfigError,
  createProblem,
  decodeText,
  type Problem,
  problemsOf,
  readRegularFile,
} from '../config/reading/problem.ts';
import type { ReloadOutcome } from '../http/api/probes.ts';
import { background } from '../lib/background.ts';
import { sleepUnlessAborted } from '../lib/clock.ts';
import { SharedWork } from '../lib/concurrency.ts';
import type { Context } from '../lib/context.ts';
import { withGrowingHeap } from '../lib/heap.ts';
import { digestOf, type LoadedConfig, loadConfig } from '../queries/load.ts';
import { changeFields, type QueryChanges } from '../registry/query-changes.ts';

export interface ReloadOptions {
  /** The config file, and what it is read with. */
  readonly read: ReadOptions;
  /** What the daemon was started with. */
  readonly started: LoadedConfig;
  /** Puts another configuration in force. It must not fail for what the file says. */
  readonly apply: (loaded: LoadedConfig) => Promise<QueryChanges>;
  /** What is wrong with other files that are read anew with it: a reload is refused for that, too. */
  readonly elsewhere: () => Promise<readonly Problem[]>;
  /** Reloads are refused once its shutdown has begun. */
  readonly context: Context;
}

/** Keys whose values are taken up at a start only, and where the configuration has them. */
const FIXED: Readonly<Record<string, (config: Config) => unknown>> = {
  'web.listenAddresses': ({ web }) => web.listenAddresses,
  'web.telemetryPath': ({ web }) => web.telemetryPath,
  'log.format': ({ log }) => log.format,
  'storage.path': ({ storage }) => storage.path,
};

/** A content that is the same for so long is whole: who writes a file in place does it within milliseconds. */
const SETTLING_MS = 100;

/**
 * Reads the config file anew, all or nothing: what is wrong with it is told, and the configuration in force goes on. One
 * reload at a time; all who ask while one is under way share the next.
 */
export class Reload {
  readonly #options: ReloadOptions;
  /** Of the text that was read last, good or bad; of a file that could not be read: why. */
  #digest: string;
  #inForce: LoadedConfig;
  #last: { readonly successful: boolean; readonly at: number };
  readonly #reloads = new SharedWork(() => withGrowingHeap(() => this.#reload()));

  constructor(options: ReloadOptions) {
    this.#options = options;
    this.#digest = options.started.digest;
    this.#inForce = options.started;
    this.#last = { successful: true, at: options.context.clock.now() };
  }

  /** Whether the last load was good, and when the last good one was, in milliseconds since the epoch. */
  get last(): { readonly successful: boolean; readonly at: number } {
    return this.#last;
  }

  /** Resolves when the file was read, by a read that begins after the call, and is in force or refused. */
  reload(): Promise<ReloadOutcome> {
    return this.#reloads.result();
  }

  /**
   * Reloads when the file's content is another than was read last, and no longer being written: it is looked each
   * `interval` milliseconds until shutdown.
   */
  async watch(interval: number): Promise<void> {
    const { clock, log, shutdown } = this.#options.context;
    while (await sleepUnlessAborted(clock, interval, shutdown)) {
      const look = this.#reloadIfChanged();
      // A look that failed is not the last one.
      background(log, 'reload of a changed config file', look);
      await Promise.allSettled([look]);
    }
  }

  async #reloadIfChanged(): Promise<void> {
    const { read, context } = this.#options;
    const { clock, shutdown } = context;
    let { digest } = await readContent(read.file);
    let before = this.#digest;
    while (digest !== this.#digest && digest !== before && (await sleepUnlessAborted(clock, SETTLING_MS, shutdown))) {
      before = digest;
      ({ digest } = await readContent(read.file));
    }
    if (digest !== this.#digest && !shutdown.aborted) {
      await this.reload();
    }
  }

  async #reload(): Promise<ReloadOutcome> {
    const { apply, read } = this.#options;
    const { clock, log, shutdown } = this.#options.context;
    const shutsDown = { ok: false, errors: ['The exporter is shutting down'] } as const;
    if (shutdown.aborted) {
      return shutsDown;
    }
    try {
      const loaded = await this.#load();
      if (shutdown.aborted) {
        return shutsDown;
      }
      const changes = await apply(loaded);
      this.#last = { successful: true, at: clock.now() };
      if (loaded.digest !== this.#inForce.digest) {
        for (const { message } of loaded.warnings) {
          log.warn('configuration warning', { reason: message });
        }
      }
      this.#inForce = loaded;
      log.info('configuration reloaded', { file: read.file, ...changeFields(changes) });
      return { ok: true };
    } catch (error) {
      const errors = problemsOf(error).map(({ message }) => message);
      this.#last = { ...this.#last, successful: false };
      for (const message of errors) {
        log.error('configuration not reloaded', { file: read.file, error: message });
      }
      return { ok: false, errors };
    }
  }

  /** @throws ConfigError */
  async #load(): Promise<LoadedConfig> {
    const { read, started } = this.#options;
    const content = await readContent(read.file);
    this.#digest = content.digest;
    const text = content.text();
    if (text.trim() === '' && this.#digest !== this.#inForce.digest) {
      const expected = 'a configuration ("{}" for an empty one): the file may still be being written';
      throw new ConfigError([createProblem(read.file, undefined, 'an empty file', expected)]);
    }
    const elsewhere = await this.#options.elsewhere();
    const isSame = await this.#inForce.isSame(text);
    const loaded = await (isSame ? Promise.resolve(this.#inForce) : loadConfig(text, read)).catch((error: unknown) => {
      throw error instanceof ConfigError ? new ConfigError([...error.problems, ...elsewhere]) : error;
    });
    const problems = [...changesOfFixed(started.config, loaded.config), ...elsewhere];
    if (problems.length > 0) {
      throw new ConfigError(problems);
    }
    return loaded;
  }
}

/** A config file as it is now. */
interface Content {
  /** Equal for equal texts; of a file that cannot be read, the reason. */
  readonly digest: string;
  /** @throws ConfigError if it cannot be read */
  text(): string;
}

async function readContent(file: string): Promise<Content> {
  try {
    const text = decodeText(await readRegularFile(file), file);
    return { digest: digestOf(text), text: () => text };
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      throw error;
    }
    return {
      digest: error.message,
      text() {
        throw error;
      },
    };
  }
}

/** Values are not shown: they may be from the environment. */
function changesOfFixed(before: Config, after: Config): readonly Problem[] {
  return Object.entries(FIXED)
    .filter(([, read]) => !isDeepStrictEqual(read(before), read(after)))
    .map(([path]) =>
      createProblem(
        path,
        undefined,
        'a value different from the one at start',
        'the same value: restart the exporter to change it',
      ),
    );
}
