import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../config/config.ts';
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
import { digestOf, type LoadedConfig, type LoadOptions, loadConfig } from '../queries/load.ts';
import { changeFields, type QueryChanges } from '../registry/query-changes.ts';

export interface ReloadOptions {
  /** The configuration file and its reading options. */
  readonly read: LoadOptions;
  readonly started: LoadedConfig;
  /** Puts a new configuration in effect. It must not fail because of the file's content. */
  readonly apply: (loaded: LoadedConfig) => Promise<QueryChanges>;
  /** Reloads other files. Returns their problems, with which the reload fails. */
  readonly reloadOthers: () => Promise<readonly Problem[]>;
  /** Reloads fail after its shutdown has begun. */
  readonly context: Context;
}

/** Keys that take effect only at start, with their values. */
const FIXED: Readonly<Record<string, (config: Config) => unknown>> = {
  'web.listenAddresses': ({ web }) => web.listenAddresses,
  'web.telemetryPath': ({ web }) => web.telemetryPath,
  'log.format': ({ log }) => log.format,
  'storage.path': ({ storage }) => storage.path,
  'storage.dynamodb': ({ storage }) => storage.dynamodb,
  'storage.postgresql': ({ storage }) => storage.postgresql,
  replicas: ({ replicas }) => replicas,
};

/** Content that is unchanged for this long is complete, in milliseconds: writing a file in place takes less. */
const SETTLING_MS = 100;

/**
 * Reloads the configuration file, all or nothing: if it is invalid, its errors are logged, and the configuration stays in
 * effect. One reload at a time; all requests during a reload share the next one.
 */
export class Reload {
  /** Whether the last load succeeded, and the time of the last successful one in milliseconds since the epoch. */
  last: { readonly successful: boolean; readonly at: number };
  readonly #options: ReloadOptions;
  /** Digest of the last content, valid or not. */
  #digest: string;
  #loaded: LoadedConfig;
  readonly #reloads = new SharedWork(() => withGrowingHeap(() => this.#reload()));

  constructor(options: ReloadOptions) {
    this.#options = options;
    this.#digest = options.started.digest;
    this.#loaded = options.started;
    this.last = { successful: true, at: options.context.clock.now() };
  }

  /** Reads the file, starting after the call. Resolves when it is in effect or rejected. */
  reload(): Promise<ReloadOutcome> {
    return this.#reloads.result();
  }

  /** Reloads when the file's content has changed and is completely written. Checks every `interval` milliseconds until shutdown. */
  async watch(interval: number): Promise<void> {
    const { clock, log, shutdown } = this.#options.context;
    while (await sleepUnlessAborted(clock, interval, shutdown)) {
      const check = this.#reloadIfChanged();
      // A failed check is not the last one.
      background(log, 'reload of a changed config file', check);
      await Promise.allSettled([check]);
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
    const shuttingDown = { ok: false, errors: ['The exporter is shutting down'] } as const;
    if (shutdown.aborted) {
      return shuttingDown;
    }
    try {
      const loaded = await this.#load();
      if (shutdown.aborted) {
        return shuttingDown;
      }
      const changes = await apply(loaded);
      this.last = { successful: true, at: clock.now() };
      if (loaded.digest !== this.#loaded.digest) {
        for (const { message } of loaded.warnings) {
          log.warn('configuration warning', { reason: message });
        }
      }
      this.#loaded = loaded;
      log.info('configuration reloaded', { file: read.file, ...changeFields(changes) });
      return { ok: true };
    } catch (error) {
      const errors = problemsOf(error).map(({ message }) => message);
      this.last = { ...this.last, successful: false };
      for (const message of errors) {
        log.error('configuration not reloaded', { file: read.file, error: message });
      }
      return { ok: false, errors };
    }
  }

  /** @throws ConfigError */
  async #load(): Promise<LoadedConfig> {
    const { read, started } = this.#options;
    const { digest, text } = await readContent(read.file);
    this.#digest = digest;
    if (text instanceof ConfigError) {
      throw text;
    }
    if (text.trim() === '' && this.#digest !== this.#loaded.digest) {
      const expected = 'a configuration ("{}" for an empty one): the file may still be being written';
      throw new ConfigError([createProblem(read.file, undefined, 'an empty file', expected)]);
    }
    const others = await this.#options.reloadOthers();
    const isSame = await this.#loaded.isSame(text);
    const loaded = await (isSame ? Promise.resolve(this.#loaded) : loadConfig(text, read)).catch((error: unknown) => {
      throw error instanceof ConfigError ? new ConfigError([...error.problems, ...others]) : error;
    });
    const problems = [...changesOfFixed(started.config, loaded.config), ...others];
    if (problems.length > 0) {
      throw new ConfigError(problems);
    }
    return loaded;
  }
}

/** Returns the text of a configuration file, or why it cannot be read, with a digest that is equal for equal ones. */
async function readContent(file: string): Promise<{ readonly digest: string; readonly text: string | ConfigError }> {
  try {
    const text = decodeText(await readRegularFile(file), file);
    return { digest: digestOf(text), text };
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      throw error;
    }
    return { digest: error.message, text: error };
  }
}

/** Omits values: they may be from the environment. */
function changesOfFixed(before: Config, after: Config): readonly Problem[] {
  const got = 'a value different from the one at start';
  const expected = 'the same value: restart the exporter to change it';
  const changed = Object.entries(FIXED).filter(([, read]) => !isDeepStrictEqual(read(before), read(after)));
  return changed.map(([path]) => createProblem(path, undefined, got, expected));
}
