import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import pLimit from 'p-limit';
import type { ConfigContext } from '../config/entries/outside.ts';
import { background } from '../lib/background.ts';
import { SharedWork } from '../lib/concurrency.ts';
import { Conditions } from '../lib/conditions.ts';
import type { Context } from '../lib/context.ts';
import type { LoadedConfig } from '../queries/load.ts';
import type { SourceQueries } from '../queries/sources.ts';
import type { DirectoryWatch } from './directory-watch.ts';
import { type FileReading, type KnownFile, loadKnownFile, readDiscoveryFile } from './discovery-file.ts';

export interface DiscoveryFileFacts {
  readonly valid: boolean;
  /** Number of queries and selectors in its last valid content; undefined before the first. */
  readonly queries: number | undefined;
}

export interface DiscoveryFilesOptions extends Omit<Context, 'shutdown'> {
  /** Patterns are relative to its directory. */
  readonly configFile: string;
  /** Called before `onChange` with the same argument, unless another change precedes it. */
  readonly prepare?: (files: ReadonlyMap<string, SourceQueries>) => Promise<void>;
  /** Called with the queries of all files, by path, after a change that is not caused by a reload. */
  readonly onChange: (files: ReadonlyMap<string, SourceQueries>) => void;
}

/** Interval between reads for file systems without change notifications, in milliseconds. */
const REREAD_MS = 10_000;

/** A change is accepted when two reads at least this far apart return the same: a file may be half written. In milliseconds. */
const SETTLE_MS = 250;
const UNSETTLED_REREAD_MS = 300;

/** Delay after a change notification, to handle adjacent changes together. In milliseconds. */
const NOTIFIED_MS = 50;

/** A change of a file that is not accepted yet. */
interface Unsettled {
  /** Undefined: the file was removed. */
  readonly version: string | undefined;
  /** Time of the first read, on the monotonic clock. */
  readonly since: number;
}

/**
 * The files that match `discovery.files`. Each is independent: an invalid file keeps its last valid queries. The files are
 * read after each change in their directories, and every 10 seconds.
 */
export class DiscoveryFiles {
  readonly #options: DiscoveryFilesOptions;
  readonly #directory: string;
  #patterns: readonly string[] = [];
  #context: ConfigContext | undefined;
  #files: ReadonlyMap<string, KnownFile> = new Map();
  #unsettled: ReadonlyMap<string, Unsettled> = new Map();
  #watch: DirectoryWatch | undefined;
  readonly #empty: Conditions;
  /** Plans and reads: one at a time. */
  readonly #turns = pLimit(1);
  readonly #reads = new SharedWork(() => this.#turns(() => this.#acceptSettled()));
  /** Start of the next read, on the monotonic clock; undefined: after the current one. */
  #nextRead: number | undefined;
  #cancelTimer: () => void = () => undefined;
  #stopped = false;

  constructor(options: DiscoveryFilesOptions) {
    this.#options = options;
    this.#directory = dirname(options.configFile);
    this.#empty = new Conditions({
      ...options,
      begun: 'empty discovery file found',
      ended: 'empty discovery file filled',
    });
  }

  states(): ReadonlyMap<string, DiscoveryFileFacts> {
    return new Map(Array.from(this.#files, ([path, { valid, size }]) => [path, { valid, queries: size }]));
  }

  /**
   * Reads the matching files with a new configuration. Resolves to their queries and selectors by path. The previous configuration
   * stays in effect until `commit`, which follows the files, and logs their errors.
   */
  plan({ config, context }: LoadedConfig) {
    return this.#turns(async () => {
      const patterns = config.discovery.files;
      const files = new Map<string, KnownFile>();
      const known = isDeepStrictEqual(patterns, this.#patterns) ? this.#files.keys() : [];
      for (const [path, reading] of await this.#read(patterns, known)) {
        if (reading !== undefined) {
          const before = this.#files.get(path);
          const isSame = context === this.#context && before?.version === reading.version;
          files.set(path, isSame ? before : await loadKnownFile(reading, before, context));
        }
      }
      return { sources: sourcesOf(files), commit: () => this.#follow(patterns, context, files) };
    });
  }

  /** Stops following the files. Does not wait for a current read, which may hang. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer();
    await this.#watch?.close();
  }

  #follow(patterns: readonly string[], context: ConfigContext, files: ReadonlyMap<string, KnownFile>): void {
    this.#patterns = patterns;
    this.#context = context;
    this.#unsettled = new Map();
    this.#accept(files);
    const watching = this.#turns(() => this.#watchDirectories());
    background(this.#options.log, 'watch of the discovery files', watching);
    // The files may have changed since they were read.
    this.#readIn(NOTIFIED_MS);
  }

  /** Reads the matching paths, and the known ones, which an unreadable directory hides; undefined if a file does not exist. */
  async #read(patterns: readonly string[], known: Iterable<string>): Promise<Map<string, FileReading | undefined>> {
    if (patterns.length === 0) {
      return new Map();
    }
    const { findFiles } = await import('./matching-files.ts');
    const paths = new Set([...known, ...(await findFiles(patterns, this.#directory))]);
    return new Map(
      await Promise.all(Array.from(paths, async (path) => [path, await readDiscoveryFile(path)] as const)),
    );
  }

  /** Reads the files in `ms` milliseconds, unless an earlier read is scheduled. */
  #readIn(ms: number): void {
    const { clock } = this.#options;
    const at = clock.monotonic() + ms;
    const isSooner = this.#nextRead !== undefined && this.#nextRead <= at;
    if (this.#stopped || this.#patterns.length === 0 || isSooner) {
      return;
    }
    this.#cancelTimer();
    this.#nextRead = at;
    this.#cancelTimer = clock.setTimer(ms, () => {
      this.#nextRead = undefined;
      background(this.#options.log, 'reading of the discovery files', this.#readAgain());
    });
  }

  async #readAgain(): Promise<void> {
    let next = REREAD_MS;
    try {
      next = (await this.#reads.result()) ? UNSETTLED_REREAD_MS : REREAD_MS;
    } finally {
      // A failed read is not the last one.
      this.#readIn(next);
    }
  }

  /** Returns whether any changes have not settled. Has no effect if another configuration is committed in the meantime. */
  async #acceptSettled(): Promise<boolean> {
    const context = this.#context;
    if (this.#stopped || context === undefined) {
      return false;
    }
    const files = new Map(this.#files);
    const unsettled = new Map<string, Unsettled>();
    const started = this.#options.clock.monotonic();
    const readings = await this.#read(this.#patterns, this.#files.keys());
    const now = this.#options.clock.monotonic();
    let settled = false;
    for (const [path, reading] of readings) {
      const version = reading?.version;
      if (version === this.#files.get(path)?.version) {
        continue;
      }
      const seen = this.#unsettled.get(path);
      const since = seen !== undefined && seen.version === version ? seen.since : now;
      if (started - since < SETTLE_MS) {
        unsettled.set(path, { version, since });
        continue;
      }
      settled = true;
      if (reading === undefined) {
        files.delete(path);
      } else {
        files.set(path, await loadKnownFile(reading, this.#files.get(path), context));
      }
    }
    const sources = sourcesOf(files);
    if (settled) {
      await this.#options.prepare?.(sources);
    }
    if (this.#stopped || this.#context !== context) {
      return false;
    }
    this.#unsettled = unsettled;
    if (settled) {
      this.#accept(files);
      this.#options.onChange(sources);
    } else {
      this.#logEmpty();
    }
    await this.#watchDirectories();
    return unsettled.size > 0;
  }

  /** Sets the known files, and logs what has changed. */
  #accept(files: ReadonlyMap<string, KnownFile>): void {
    const { log } = this.#options;
    const before = this.#files;
    this.#files = files;
    for (const [file, { version, valid, source, messages }] of files) {
      const known = before.get(file);
      if (valid && (known?.version !== version || !known.valid)) {
        const { queries, followers } = source;
        log.info('discovery file read', { file, queries: queries.length, selectors: followers.length });
      }
      if (known?.version !== version || !isDeepStrictEqual(messages, known.messages)) {
        for (const reason of messages) {
          if (valid) {
            log.warn('discovery file warning', { file, reason });
          } else {
            log.error('discovery file rejected', { file, error: reason });
          }
        }
      }
    }
    for (const file of before.keys()) {
      if (!files.has(file)) {
        log.info('discovery file removed', { file });
        this.#empty.forget(file);
      }
    }
    this.#logEmpty();
  }

  #logEmpty(): void {
    for (const [file, { size }] of this.#files) {
      if (size === 0) {
        this.#empty.found(file, { file, hint: 'add queries, or delete the file' });
      } else if (size !== undefined) {
        this.#empty.over(file, { file, queries: size });
      }
    }
  }

  async #watchDirectories(): Promise<void> {
    if (this.#stopped || (this.#patterns.length === 0 && this.#watch === undefined)) {
      return;
    }
    const { directoriesOf } = await import('./matching-files.ts');
    const { DirectoryWatch } = await import('./directory-watch.ts');
    this.#watch ??= new DirectoryWatch({
      onChange: () => this.#readIn(NOTIFIED_MS),
      onError: ({ message: reason }) => {
        const hint = `the files are still read every ${REREAD_MS / 1_000}s`;
        this.#options.log.warn('discovery files not watched', { reason, hint });
      },
    });
    if (!this.#stopped) {
      await this.#watch.watch(directoriesOf(this.#patterns, this.#directory));
    }
  }
}

function sourcesOf(files: ReadonlyMap<string, KnownFile>): ReadonlyMap<string, SourceQueries> {
  return new Map(Array.from(files, ([path, { source }]) => [path, source]));
}
