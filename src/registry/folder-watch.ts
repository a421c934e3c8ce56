import { stat } from 'node:fs/promises';
import { type FSWatcher, watch } from 'chokidar';
import type { MatchingFolder } from './matching-files.ts';

export interface FolderWatchOptions {
  /** Something has changed: which, is better found out by looking. */
  readonly onChange: () => void;
  /** Changes will not be told for now. Called once, until all can be watched again. */
  readonly onError: (error: Error) => void;
}

interface Watched {
  readonly watcher: FSWatcher;
  /** Tells the folder from another that takes its place. */
  readonly identity: string;
}

/** Tells when something changes in folders, as far as the file system tells: network file systems may not. */
export class FolderWatch {
  readonly #options: FolderWatchOptions;
  readonly #watched = new Map<string, Watched>();
  #failing = false;
  #closed = false;

  constructor(options: FolderWatchOptions) {
    this.#options = options;
  }

  /** Makes these the folders that are watched; those that do not exist are not, so that this is to be called again. */
  async watch(folders: readonly MatchingFolder[]): Promise<void> {
    const wanted = new Map<string, MatchingFolder & { readonly identity: string }>();
    for (const folder of folders) {
      const identity = await identityOf(folder.path);
      if (identity !== undefined) {
        wanted.set(`${folder.depth} ${folder.path}`, { ...folder, identity });
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
        this.#watched.set(key, { identity, watcher: this.#begin(key, path, depth) });
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const watched = [...this.#watched.values()];
    this.#watched.clear();
    await Promise.all(watched.map(({ watcher }) => watcher.close()));
  }

  /** Links are followed, so that a change of where they lead is told, as Kubernetes makes it for a ConfigMap. */
  #begin(key: string, path: string, depth: number | undefined): FSWatcher {
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
    // What changed before it was ready is not told.
    watcher.on('ready', () => {
      this.#failing = false;
      onChange();
    });
    // Another folder may come to its place, and even be known by the same number.
    watcher.on('unlinkDir', (gone) => {
      if (gone === path && this.#watched.get(key)?.watcher === watcher) {
        this.#watched.delete(key);
        watcher.close().catch(failed);
      }
    });
    watcher.on('error', failed);
    return watcher;
  }
}

async function identityOf(path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(path);
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}
