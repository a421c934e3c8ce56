import { stat } from 'node:fs/promises';
import { type FSWatcher, watch } from 'chokidar';
import { describeRefusal } from '../lib/system-error.ts';
import type { MatchingDirectory } from './matching-files.ts';

export interface DirectoryWatchOptions {
  /** Called after any change. The caller reads the files to find out what has changed. */
  readonly onChange: () => void;
  /** Called once when watching fails, until it succeeds again. */
  readonly onError: (error: Error) => void;
}

/** Reports changes in directories, if the file system does: network file systems may not. */
export class DirectoryWatch {
  readonly #options: DirectoryWatchOptions;
  /** `identity` distinguishes a directory from another one that replaces it. */
  readonly #watched = new Map<string, { readonly watcher: FSWatcher; readonly identity: string }>();
  #failing = false;
  #closed = false;

  constructor(options: DirectoryWatchOptions) {
    this.#options = options;
  }

  /** Sets the directories to watch. Call it again for those that do not exist yet. */
  async watch(directories: readonly MatchingDirectory[]): Promise<void> {
    const wanted = new Map<string, MatchingDirectory & { readonly identity: string }>();
    for (const directory of directories) {
      const identity = await identityOf(directory.path);
      if (identity !== undefined) {
        wanted.set(`${directory.depth} ${directory.path}`, { ...directory, identity });
      }
    }
    for (const [key, { watcher, identity }] of this.#watched) {
      if (wanted.get(key)?.identity !== identity) {
        this.#watched.delete(key);
        await watcher.close();
      }
    }
    for (const [key, { path, depth, identity }] of wanted) {
      if (!this.#watched.has(key) && !this.#closed) {
        this.#watched.set(key, { identity, watcher: this.#start(key, path, depth) });
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const watched = [...this.#watched.values()];
    this.#watched.clear();
    await Promise.all(watched.map(({ watcher }) => watcher.close()));
  }

  /** Follows symbolic links, so that a change of their target is reported, as Kubernetes changes a ConfigMap. */
  #start(key: string, path: string, depth: number | undefined): FSWatcher {
    const { onChange, onError } = this.#options;
    const failed = (error: unknown) => {
      if (!this.#failing) {
        this.#failing = true;
        onError(error instanceof Error ? error : new Error(String(error)));
      }
    };
    const watcher = watch(path, {
      ignoreInitial: true,
      ignorePermissionErrors: true,
      ...(depth === undefined ? {} : { depth }),
    });
    watcher.on('all', () => onChange());
    // Changes before it is ready are not reported.
    watcher.on('ready', () => {
      this.#failing = false;
      onChange();
    });
    // Another directory may replace it, even with the same inode number.
    watcher.on('unlinkDir', (removed) => {
      if (removed === path && this.#watched.get(key)?.watcher === watcher) {
        this.#watched.delete(key);
        watcher.close().catch(failed);
      }
    });
    watcher.on('error', failed);
    return watcher;
  }
}

/** Undefined if the directory does not exist or cannot be examined. */
async function identityOf(path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(path);
    return `${dev}:${ino}`;
  } catch (error) {
    if (describeRefusal(error) === undefined) {
      throw error;
    }
    return undefined;
  }
}
