import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { decodeText, readFileBytes, UnreadableFileError } from '../config/file-text.ts';
import type { ConfigContext } from '../config/outside-entries.ts';
import { ConfigError, type Problem } from '../config/problem.ts';
import { type LoadedEntries, loadEntriesFile } from '../queries/load-entries.ts';

/** What a discovery file was when it was read. */
export interface FileReading {
  /** Equal for readings between which nothing has changed. */
  readonly version: string;
  /** What its content is worth to a config. */
  load(context: ConfigContext): Promise<LoadedFile>;
}

/** What came of a discovery file. */
export type LoadedFile =
  | { readonly good: true; readonly entries: LoadedEntries }
  | { readonly good: false; readonly problems: readonly Problem[] };

/** Reads a discovery file, whatever it is; undefined where there is none. */
export async function readDiscoveryFile(file: string): Promise<FileReading | undefined> {
  try {
    const bytes = await readRegularFile(file);
    return {
      version: createHash('sha256').update(bytes).digest('hex'),
      load: (context) => loadBytes(bytes, file, context),
    };
  } catch (error) {
    if (!(error instanceof UnreadableFileError)) {
      throw error;
    }
    const { code, problems } = error;
    return code === 'ENOENT' || code === 'ENOTDIR'
      ? undefined
      : { version: code, load: async () => ({ good: false, problems }) };
  }
}

/** To read a pipe or a device may have no end. */
async function readRegularFile(file: string): Promise<Uint8Array> {
  const stats = await stat(file).catch(() => undefined);
  if (stats !== undefined && !stats.isFile()) {
    throw new UnreadableFileError(file, 'no regular file');
  }
  return readFileBytes(file);
}

async function loadBytes(bytes: Uint8Array, file: string, context: ConfigContext): Promise<LoadedFile> {
  try {
    return { good: true, entries: await loadEntriesFile(decodeText(bytes, file), file, context) };
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      throw error;
    }
    return { good: false, problems: error.problems };
  }
}
