import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import pLimit from 'p-limit';
import type { ConfigContext } from '../config/entries/outside.ts';
import { background } from '../lib/background.ts';
import type { Clock } from '../lib/clock.ts';
import { SharedWork } from '../lib/concurrency.ts';
import { Conditions } from '../lib/conditions.ts';
import type { Logger } from '../lib/log.ts';
import type { LoadedConfig } from '../queries/load.ts';
import type { SourceQueries } from '../queries/sources.ts';
import { type FileReading, type KnownFile, readDiscoveryFile, takeIn } from './discovery-file.ts';
import type { FolderWatch } from './folder-watch.ts';

export interface DiscoveryFileFacts {
  /** Whether the file is good as it is now. */
  readonly good: boolean;
  /** Queries and selectors from its last successful read; undefined before that. */
  readonly queries: number | undefined;
}

export interface DiscoveryFilesOptions {
  /** Patterns are relative to its folder. */
  readonly configFile: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called with what is then given to `onChange`, unless another change comes first. */
  readonly prepare?: (files: ReadonlyMap<string, SourceQueries>) => Promise<void>;
  /** What the files make, by path, whenever that has changed by itself. */
  readonly onChange: (files: ReadonlyMap<string, SourceQueries>) => void;
}

/** Files are read again so often, for file systems that do not tell of changes. */
const REREAD_MS = 10_000;

/** A change counts when two readings, at least so far apart, have seen the same: a file may be half written. */
const SETTLE_MS = 250;
const LOOK_AGAIN_MS = 300;

/** Changes that come together are looked at together. */
const SOON_MS = 50;

/** A change of a file that is not taken in yet. */
interface Unsettled {
  /** Undefined: the file is gone. */
  readonly version: string | undefined;
  /** When it had been read first, on the monotonic clock. */
  readonly since: number;
}

/** What files are in a config that is not in force yet. */
export interface FilesPlan {
  /** What the files make, by path. */
  readonly made: ReadonlyMap<string, SourceQueries>;
  /** The config has come into force: the files are followed in it from now on, and what is wrong with them is told. */
  commit(): void;
}

/**
 * The files that match `discovery.files`, each by itself: one that is bad keeps what it made when it was good last. They are
 * looked at whenever something changes in their folders, and every 10 seconds.
 */
export class DiscoveryFiles {
  readonly #options: DiscoveryFilesOptions;
  readonly #folder: string;
  #patterns: readonly string[] = [];
  #context: ConfigContext | undefined;
  #files: ReadonlyMap<string, KnownFile> = new Map();
  #unsettled: ReadonlyMap<string, Unsettled> = new Map();
  #watch: FolderWatch | undefined;
  readonly #empty: Conditions;
  /** Plans and looks: one at a time. */
  readonly #turns = pLimit(1);
  readonly #looks = new SharedWork(() => this.#turns(() => this.#takeInSettled()));
  /** When the next look begins, on the monotonic clock; undefined: when this one has ended. */
  #nextLook: number | undefined;
  #cancelTimer: () => void = () => undefined;
  #stopped = false;

  constructor(options: DiscoveryFilesOptions) {
    this.#options = options;
    this.#folder = dirname(options.configFile);
    const { clock, log } = options;
    this.#empty = new Conditions({
      clock,
      log,
      begun: 'empty discovery file found',
      ended: 'empty discovery file filled',
    });
  }

  /** The files that match, by path. */
  states(): ReadonlyMap<string, DiscoveryFileFacts> {
    return new Map(Array.from(this.#files, ([path, { good, size }]) => [path, { good, queries: size }]));
  }

  /** Reads all files that match in a config; they are looked at in the one before it until the plan is committed. */
  plan({ config, context }: LoadedConfig): Promise<FilesPlan> {
    return this.#turns(async () => {
      const patterns = config.discovery.files;
      const files = new Map<string, KnownFile>();
      const known = isDeepStrictEqual(patterns, this.#patterns) ? this.#files.keys() : [];
      for (const [path, reading] of await this.#read(patterns, known)) {
        if (reading !== undefined) {
          const before = this.#files.get(path);
          const isSame = context === this.#context && before?.version === reading.version;
          files.set(path, isSame ? before : await takeIn(reading, before, context));
        }
      }
      return {
        made: madeBy(files),
        commit: () => this.#follow(patterns, context, files),
      };
    });
  }

  /** Nothing comes of files any more; to wait for a read under way might take for ever. */
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
    const watching = this.#turns(() => this.#watchFolders());
    background(this.#options.log, 'watch of the discovery files', watching);
    // Something may have changed since they were read.
    this.#lookIn(SOON_MS);
  }

  /**
   * What is at the paths that match, and at those that were known, which a folder that cannot be read hides; undefined where
   * nothing is.
   */
  async #read(
    patterns: readonly string[],
    known: Iterable<string>,
  ): Promise<ReadonlyMap<string, FileReading | undefined>> {
    if (patterns.length === 0) {
      return new Map();
    }
    const { findFiles } = await import('./matching-files.ts');
    const paths = new Set([...known, ...(await findFiles(patterns, this.#folder))]);
    return new Map(
      await Promise.all(Array.from(paths, async (path) => [path, await readDiscoveryFile(path)] as const)),
    );
  }

  /** Looks at the files in so many milliseconds, unless that is to happen sooner. */
  #lookIn(ms: number): void {
    const { clock } = this.#options;
    const at = clock.monotonic() + ms;
    const isSooner = this.#nextLook !== undefined && this.#nextLook <= at;
    if (this.#stopped || this.#patterns.length === 0 || isSooner) {
      return;
    }
    this.#cancelTimer();
    this.#nextLook = at;
    this.#cancelTimer = clock.setTimer(ms, () => {
      this.#nextLook = undefined;
      background(this.#options.log, 'reading of the discovery files', this.#look());
    });
  }

  async #look(): Promise<void> {
    let next = REREAD_MS;
    try {
      next = (await this.#looks.result()) ? LOOK_AGAIN_MS : REREAD_MS;
    } finally {
      // A look that failed is not the last one.
      this.#lookIn(next);
    }
  }

  /** Returns whether there are changes that have not settled. Comes to nothing when another config is committed meanwhile. */
  async #takeInSettled(): Promise<boolean> {
    const context = this.#context;
    if (this.#stopped || context === undefined) {
      return false;
    }
    const files = new Map(this.#files);
    const unsettled = new Map<string, Unsettled>();
    const begun = this.#options.clock.monotonic();
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
      if (begun - since < SETTLE_MS) {
        unsettled.set(path, { version, since });
        continue;
      }
      settled = true;
      if (reading === undefined) {
        files.delete(path);
      } else {
        files.set(path, await takeIn(reading, this.#files.get(path), context));
      }
    }
    const made = madeBy(files);
    if (settled) {
      await this.#options.prepare?.(made);
    }
    if (this.#stopped || this.#context !== context) {
      return false;
    }
    this.#unsettled = unsettled;
    if (settled) {
      this.#accept(files);
      this.#options.onChange(made);
    } else {
      this.#warnOfEmpty();
    }
    await this.#watchFolders();
    return unsettled.size > 0;
  }

  /** Makes these the files that are known, and tells what is new about them. */
  #accept(files: ReadonlyMap<string, KnownFile>): void {
    const { log } = this.#options;
    const before = this.#files;
    this.#files = files;
    for (const [file, { version, good, made, messages }] of files) {
      const known = before.get(file);
      if (good && (known?.version !== version || !known.good)) {
        const { queries, followers } = made;
        log.info('discovery file read', { file, queries: queries.length, selectors: followers.length });
      }
      if (known?.version !== version || !isDeepStrictEqual(messages, known.messages)) {
        for (const reason of messages) {
          if (good) {
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
    this.#warnOfEmpty();
  }

  #warnOfEmpty(): void {
    for (const [file, { size }] of this.#files) {
      if (size === 0) {
        this.#empty.found(file, { file, hint: 'add queries, or delete the file' });
      } else if (size !== undefined) {
        this.#empty.over(file, { file, queries: size });
      }
    }
  }

  async #watchFolders(): Promise<void> {
    if (this.#stopped || (this.#patterns.length === 0 && this.#watch === undefined)) {
      return;
    }
    const { foldersOf } = await import('./matching-files.ts');
    this.#watch ??= await this.#createWatch();
    if (!this.#stopped) {
      await this.#watch.watch(foldersOf(this.#patterns, this.#folder));
    }
  }

  async #createWatch(): Promise<FolderWatch> {
    const { FolderWatch } = await import('./folder-watch.ts');
    return new FolderWatch({
      onChange: () => this.#lookIn(SOON_MS),
      onError: ({ message: reason }) => {
        const hint = `the files are still read every ${REREAD_MS / 1_000}s`;
        this.#options.log.warn('discovery files not watched', { reason, hint });
      },
    });
  }
}

function madeBy(files: ReadonlyMap<string, KnownFile>): ReadonlyMap<string, SourceQueries> {
  return new Map(Array.from(files, ([path, { made }]) => [path, made]));
}
