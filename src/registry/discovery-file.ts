import type { ConfigContext } from '../config/entries/outside.ts';
import { decodeText, problemsOf, readRegularFile, UnreadableFileError } from '../config/reading/problem.ts';
import type { RegisteredQuery } from '../model/query.ts';
import { digestOf, type LoadedEntries, loadEntriesFile } from '../queries/load.ts';
import type { SourceQueries } from '../queries/sources.ts';

/** The content of a discovery file. */
export interface FileReading {
  /** Equal for readings between which nothing has changed. */
  readonly version: string;
  /** @throws ConfigError with all errors of the content in this configuration */
  load(context: ConfigContext): Promise<LoadedEntries>;
}

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

/** Reads a discovery file, valid or not; undefined if it does not exist. */
export async function readDiscoveryFile(file: string): Promise<FileReading | undefined> {
  try {
    const bytes = await readRegularFile(file);
    return {
      version: digestOf(bytes),
      load: async (context) => loadEntriesFile(decodeText(bytes, file), file, context),
    };
  } catch (error) {
    if (!(error instanceof UnreadableFileError)) {
      throw error;
    }
    const { code, reason } = error;
    return code === 'ENOENT' || code === 'ENOTDIR' ? undefined : { version: reason, load: () => Promise.reject(error) };
  }
}

/** A file as it is in a config. A bad one keeps what it made before, as far as that is possible in the config. */
export async function takeIn(
  { version, load }: FileReading,
  before: KnownFile | undefined,
  context: ConfigContext,
): Promise<KnownFile> {
  try {
    const entries = await load(context);
    const size = entries.queries.length + entries.followers.length;
    return { version, good: true, made: entries, size, messages: entries.warnings.map(({ message }) => message) };
  } catch (error) {
    const messages = problemsOf(error).map(({ message }) => message);
    const made = before === undefined ? NOTHING : possibleIn(context, before.made);
    return { version, good: false, made, size: before?.size, messages };
  }
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
