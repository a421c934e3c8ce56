import type { ConfigContext } from '../config/entries/outside.ts';
import {
  decodeText,
  type Problem,
  problemsOf,
  readRegularFile,
  UnreadableFileError,
} from '../config/reading/problem.ts';
import type { RegisteredQuery } from '../model/query.ts';
import { digestOf, type LoadedEntries, loadEntriesFile } from '../queries/load.ts';
import type { SourceQueries } from '../queries/sources.ts';

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

/** A discovery file as it was taken in last. */
export interface KnownFile {
  readonly version: string;
  readonly good: boolean;
  /** What it made when it was good last. */
  readonly made: SourceQueries;
  /** How many queries and selectors it had then; undefined if it was never good. */
  readonly size: number | undefined;
  /** What is to be said of it: what is wrong with a bad one, warnings about a good one. */
  readonly messages: readonly string[];
}

const NOTHING: SourceQueries = { queries: [], followers: [] };

/** Reads a discovery file, whatever it is; undefined where there is none. */
export async function readDiscoveryFile(file: string): Promise<FileReading | undefined> {
  try {
    const bytes = await readRegularFile(file);
    return {
      version: digestOf(bytes),
      load: (context) => loadBytes(bytes, file, context),
    };
  } catch (error) {
    if (!(error instanceof UnreadableFileError)) {
      throw error;
    }
    const { code, reason, problems } = error;
    return code === 'ENOENT' || code === 'ENOTDIR'
      ? undefined
      : { version: reason, load: async () => ({ good: false, problems }) };
  }
}

async function loadBytes(bytes: Uint8Array, file: string, context: ConfigContext): Promise<LoadedFile> {
  try {
    return { good: true, entries: await loadEntriesFile(decodeText(bytes, file), file, context) };
  } catch (error) {
    return { good: false, problems: problemsOf(error) };
  }
}

/** A file as it is in a config. A bad one keeps what it made before, as far as that is possible in the config. */
export async function takeIn(
  { version, load }: FileReading,
  before: KnownFile | undefined,
  context: ConfigContext,
): Promise<KnownFile> {
  const loaded = await load(context);
  if (loaded.good) {
    const { queries, followers, warnings } = loaded.entries;
    const messages = warnings.map(({ message }) => message);
    return { version, good: true, made: loaded.entries, size: queries.length + followers.length, messages };
  }
  return {
    version,
    good: false,
    made: before === undefined ? NOTHING : possibleIn(context, before.made),
    size: before?.size,
    messages: loaded.problems.map(({ message }) => message),
  };
}

/** Of what a file made in an earlier config, what is in an account and region that another config has. */
function possibleIn({ entry, accounts }: ConfigContext, { queries, followers }: SourceQueries): SourceQueries {
  const isPossible = ({ account: name, region }: Pick<RegisteredQuery, 'account' | 'region'>) => {
    const regions = entry.accounts.get(name)?.regions;
    return accounts.some((account) => account.name === name) && (regions === undefined || regions.includes(region));
  };
  return {
    queries: queries.filter(isPossible),
    followers: followers.filter(({ place }) => entry.listed && isPossible(place)),
  };
}
